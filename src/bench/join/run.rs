//! One run: service, clients, the storm, a rest, the exodus, figures.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::Result;
use lua::Redis;
use lua::id::Partition;

use super::figures::{Counts, Figures, Phase, Setup};
use super::options::Options;
use crate::bench::crowd::{Counters, Crowd, Leaving, Plan, Shared};
use crate::bench::figures::{Generator, Latency, rounded};
use crate::bench::host::Host;
use crate::bench::lag::{self, Watch};
use crate::bench::service::Service;
use crate::bench::store::{SLOW_US, SlowLog, slowest, used_memory};
use crate::bench::usage::{self, Reading};
use crate::bench::users;
use crate::failure::Failure;

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the workers may take to do what connecting has caused.
const CALM_MAX: Duration = Duration::from_secs(60);

/// How long users who were cut off may stay members, the grace included.
const CUT_MAX: Duration = Duration::from_secs(30);

/// Measures a storm of joins.
pub async fn run(options: &Options) -> Result<Figures, Failure> {
    let plan = options.plan()?;
    let settings = [("PRESENCE_BATCH_ABOVE", plan.batch_above.to_string())];
    let mut service = Service::start(&options.common, &settings).await?;
    let redis = service.redis(&options.inside).await?;
    let figures = Storm::new(options, plan, redis, &mut service).await?.measure().await?;
    service.stop().await?;
    Ok(figures)
}

/// A storm, with who watches it.
struct Storm<'a> {
    options: &'a Options,
    service: &'a mut Service,
    redis: Redis,
    crowd: Crowd,
    host: Host,
    slow: SlowLog,
    redis_bytes: Vec<u64>,
}

impl<'a> Storm<'a> {
    /// Makes the room and connects everybody.
    async fn new(
        options: &'a Options,
        plan: Plan,
        redis: Redis,
        service: &'a mut Service,
    ) -> Result<Self, Failure> {
        let room = format!("bench-{:08x}", rand::random::<u32>());
        let host = Host::new(service)?;
        host.create(&room).await?;
        let redis_bytes = vec![used_memory(&redis).await?];
        let shared = Shared {
            edges: service.edges.clone(),
            tokens: users::tokens(&service.secret, plan.users)?,
            room,
            counters: Counters::default(),
            plan,
        };
        let crowd = Crowd::connect(shared, service).await?;
        lag::wait_until_none(&redis, CALM_MAX).await?;
        let slow = SlowLog::start(&redis, SLOW_US).await?;
        Ok(Self { options, service, redis, crowd, host, slow, redis_bytes })
    }

    async fn measure(mut self) -> Result<Figures, Failure> {
        let stay = Duration::from_secs(self.options.stay);
        let (plan, room) = (self.crowd.shared.plan.clone(), self.crowd.shared.room.clone());
        let expected = [plan.users, plan.users - plan.leavers].map(u64::from);
        self.redis_bytes.push(used_memory(&self.redis).await?);

        let watched = Watched::start(&self);
        let mut unanswered = self.crowd.join(self.service, PATIENCE).await?;
        self.crowd.stay(self.service, stay).await?;
        let (joining, generator) = watched.finish("joining", &self).await?;
        self.redis_bytes.push(used_memory(&self.redis).await?);
        let after_joining = self.host.members(&room).await?;

        let watched = Watched::start(&self);
        unanswered += self.crowd.leave(self.service, PATIENCE).await?;
        if plan.leaving == Leaving::Disconnect {
            self.host.wait_for(&room, expected[1], CUT_MAX).await?;
        }
        self.crowd.stay(self.service, stay).await?;
        let (leaving, _) = watched.finish("leaving", &self).await?;
        let after_leaving = self.host.members(&room).await?;

        let slow = slowest(self.slow.read().await?);
        self.slow.end().await?;
        let closed = self.crowd.shared.counters.closed.load(Relaxed);
        let found = self.crowd.finish().await?;
        let looks = [after_joining, after_leaving];
        let counts = Counts {
            expected,
            told: [looks[0].told, looks[1].told],
            listed: [looks[0].listed, looks[1].listed],
            wrong_members: [found.wrong_joined, found.wrong_left],
        };
        let phases = vec![joining, leaving];
        let figures = Figures {
            setup: Setup {
                users: plan.users,
                leavers: plan.leavers,
                seconds: self.options.seconds,
                batch_above: plan.batch_above,
                service: self.service.name.clone(),
            },
            join_ms: Latency::from(&found.join),
            leave_ms: Latency::from(&found.leave),
            refused: found.refused,
            unanswered,
            closed,
            presence: found.presence,
            counts,
            phases,
            redis_bytes: self.redis_bytes.try_into().unwrap_or_default(),
            slow,
            generator: Generator {
                behind_ms_max: found.behind_us_max as f64 / 1_000.0,
                ..generator
            },
        };
        Ok(figures)
    }
}

/// What is looked at while a phase lasts.
struct Watched {
    before: Reading,
    lag: Watch,
    answer_bytes: u64,
    told_bytes: u64,
}

impl Watched {
    fn start(storm: &Storm<'_>) -> Self {
        let shared = &storm.crowd.shared;
        Self {
            before: Reading::take(&storm.service.watched),
            lag: Watch::start(storm.redis.clone(), Partition::of(&shared.room)),
            answer_bytes: shared.counters.answer_bytes.load(Relaxed),
            told_bytes: shared.counters.told_bytes.load(Relaxed),
        }
    }

    async fn finish(self, name: &'static str, storm: &Storm<'_>) -> Result<(Phase, Generator)> {
        let shared = &storm.crowd.shared;
        let after = Reading::take(&storm.service.watched);
        let per_user = |bytes: u64| rounded(bytes as f64 / f64::from(shared.plan.users));
        let parts = usage::parts(&storm.service.watched, &self.before, &after);
        let phase = Phase {
            name,
            seconds: rounded(after.seconds_since(&self.before)),
            answer_bytes: per_user(shared.counters.answer_bytes.load(Relaxed) - self.answer_bytes),
            told_bytes: per_user(shared.counters.told_bytes.load(Relaxed) - self.told_bytes),
            lag: self.lag.finish().await?,
            parts: parts.into_iter().map(Into::into).collect(),
        };
        let threads = shared.plan.threads;
        Ok((phase, Generator::between(&self.before, &after, threads, 0)))
    }
}

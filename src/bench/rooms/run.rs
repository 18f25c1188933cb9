//! One run: service, rooms, messages, what they cost, a small and a large room, what reads cost there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use lua::Redis;

use super::costs::{self, Cost, Pair, Read, pairs};
use super::figures::{Bytes, Figures, Setup};
use super::fill::{self, Filler};
use super::memory;
use super::options::{Options, Plan, SMALL, Size};
use crate::bench::crowd::{Counters, Crowd, Shared};
use crate::bench::figures::rounded;
use crate::bench::host::Host;
use crate::bench::lag;
use crate::bench::service::Service;
use crate::bench::store::{SLOW_US, SlowLog, slowest, used_memory};
use crate::bench::users;
use crate::failure::Failure;

/// How long the workers may take to do what has been sent.
const CALM_MAX: Duration = Duration::from_secs(60);

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(60);

/// Rooms that are there when lists are first read: more than are looked at for a page, and of each client
/// as many as a page has. With less than twice as many in all, lists are not compared.
const FEW_ROOMS: u32 = 2_500;

/// Measures memory and reads.
pub async fn run(options: &Options) -> Result<Figures, Failure> {
    let plan = options.plan()?;
    let mut service = Service::start(&options.common, &[]).await?;
    let redis = service.redis(&options.inside).await?;
    lag::wait_until_served(&redis, CALM_MAX).await?;
    let run = format!("{:08x}", rand::random::<u32>());
    let tokens = users::tokens(&service.secret, plan.clients())?;
    let filler = Filler::new(plan.clone(), service.edges.clone(), tokens, run);
    let host = Host::new(&service)?;
    let bench = Bench { plan, service: &mut service, redis, filler, host };
    let figures = bench.measure().await?;
    service.stop().await?;
    Ok(figures)
}

struct Bench<'a> {
    plan: Plan,
    service: &'a mut Service,
    redis: Redis,
    filler: Arc<Filler>,
    host: Host,
}

impl Bench<'_> {
    async fn measure(mut self) -> Result<Figures, Failure> {
        let before = self.held().await?;
        let mut reads = self.make().await?;
        let rooms = self.held().await?;

        let slow = SlowLog::start(&self.redis, SLOW_US).await?;
        let start = Instant::now();
        self.filler.talk(self.service).await?;
        let seconds = start.elapsed().as_secs_f64();
        let messages = self.held().await?;
        let slow_filling = slowest(slow.read().await?);
        slow.end().await?;
        let kinds = memory::kinds(&self.redis).await?;

        reads.extend(self.rooms().await?);
        let all = f64::from(self.plan.rooms) * f64::from(self.plan.messages);
        Ok(Figures {
            setup: Setup {
                rooms: self.plan.rooms,
                messages: self.plan.messages,
                payload_bytes: self.plan.payload,
                request_ids: self.plan.request_ids,
                service: self.service.name.clone(),
            },
            messages_per_second: rounded(all / seconds),
            redis_bytes: Bytes { before, rooms, messages },
            kinds,
            slow: slow_filling,
            reads,
        })
    }

    /// Makes all rooms. Gives what lists cost when there were few and when there are all.
    async fn make(&mut self) -> Result<Vec<Pair>, Failure> {
        let Plan { rooms, rooms_per_client, .. } = self.plan;
        if rooms < 2 * FEW_ROOMS {
            self.filler.make(self.service, 0..rooms_per_client).await?;
            return Ok(Vec::new());
        }
        let few = FEW_ROOMS.div_ceil(self.plan.clients());
        self.filler.make(self.service, 0..few).await?;
        let among_few = self.lists(few, few * self.plan.clients()).await?;
        self.filler.make(self.service, few..rooms_per_client).await?;
        Ok(pairs(&among_few, self.lists(rooms_per_client, rooms).await?))
    }

    /// What Redis holds once everything is applied.
    async fn held(&self) -> Result<u64> {
        lag::wait_until_none(&self.redis, CALM_MAX).await?;
        used_memory(&self.redis).await
    }

    /// Lists of rooms, read by the first client, who has made `mine` of `all`.
    async fn lists(&self, mine: u32, all: u32) -> Result<Vec<Cost>, Failure> {
        lag::wait_until_none(&self.redis, CALM_MAX).await?;
        let asker = Host::as_user(self.service, &users::name(0))?;
        let mut reads = Vec::new();
        for (scope, count) in [("public", all), ("mine", mine)] {
            let payload = format!(r#"{{"scope":"{scope}","limit":50"#);
            let first = format!("first of {count} {scope}");
            reads.push(Read::first("list-rooms", first, payload.clone()));
            reads.push(Read::last("list-rooms", format!("later of {count} {scope}"), payload));
        }
        Ok(self.costs(&asker, &reads).await?)
    }

    async fn costs(&self, asker: &Host, reads: &[Read]) -> Result<Vec<Cost>> {
        let slow = SlowLog::start(&self.redis, 0).await?;
        let costs = costs::measure(&self.plan, asker, &slow, reads).await?;
        slow.end().await?;
        Ok(costs)
    }

    /// A small and a large room, side by side.
    async fn rooms(&mut self) -> Result<Vec<Pair>, Failure> {
        let large = self.plan.large;
        let names = [self.filler.room(self.plan.rooms), self.filler.room(self.plan.rooms + 1)];
        let mut crowds = Vec::new();
        for (room, size) in names.iter().zip([SMALL, large]) {
            crowds.push(self.populate(room, size).await?);
        }
        lag::wait_until_none(&self.redis, CALM_MAX).await?;
        let first = self.costs(&self.host, &reads(&names[0], SMALL, false)).await?;
        let second = self.costs(&self.host, &reads(&names[1], large, true)).await?;
        for crowd in crowds {
            crowd.finish().await?;
        }
        Ok(pairs(&first, second))
    }

    /// A room of this size. It is the host's; another user says everything in it, so that the host has
    /// not read it.
    async fn populate(&mut self, room: &str, size: Size) -> Result<Crowd, Failure> {
        self.host.create(room).await?;
        let talker = Host::as_user(self.service, &users::name(0))?;
        let messages = fill::messages(&self.plan, room.to_owned(), size.messages);
        fill::pump(&mut talker.connect().await?, messages).await?;
        let shared = Shared {
            plan: self.plan.crowd(size.members),
            edges: self.service.edges.clone(),
            tokens: users::tokens(&self.service.secret, size.members)?,
            room: room.to_owned(),
            counters: Counters::default(),
        };
        let mut crowd = Crowd::connect(shared, self.service).await?;
        let missing = crowd.join(self.service, PATIENCE).await?;
        let there = self.host.members(room).await?.told;
        if missing > 0 || there != u64::from(size.members) {
            return Err(Failure::run(format!("{there} of {} users are in {room}", size.members)));
        }
        Ok(crowd)
    }
}

/// What is read of a room; of a large one from its other end too.
fn reads(room: &str, size: Size, is_large: bool) -> Vec<Read> {
    let (members, messages) =
        (format!("of {} members", size.members), format!("of {} messages", size.messages));
    let payload = format!(r#"{{"roomId":"{room}","limit":50"#);
    let oldest = format!(r#"{payload},"after":"0-1""#);
    let mut reads = vec![
        Read::first("get-members", format!("first {members}"), payload.clone()),
        Read::first("get-messages", format!("newest {messages}"), payload.clone()),
        Read::first("get-unread", messages.clone(), format!(r#"{{"roomIds":["{room}"]"#)),
    ];
    if is_large {
        reads.push(Read::last("get-members", format!("last {members}"), payload));
        reads.push(Read::first("get-messages", format!("oldest {messages}"), oldest));
    }
    reads
}

//! A crowd: many users, each with one connection, who enter one room after a schedule, stay, and
//! partly leave. Threads share nothing but a few counters; each has a share of the users.

mod member;
mod pace;
mod presence;
mod thread;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use rustix::process::{Resource, getrlimit};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

pub use self::presence::Summary;
use self::thread::Thread;
use super::figures::histogram;
use super::progress::Progress;
use super::service::Service;
use super::wire::Address;
use crate::failure::Failure;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Files of this process that are no clients.
const FILES_OF_OTHERS: u64 = 200;

/// How the leavers leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Leaving {
    /// By `leave-room`.
    Event,
    /// By a connection that is cut.
    Disconnect,
}

/// What a crowd does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Users; each has one connection.
    pub users: u32,
    /// How many of them leave.
    pub leavers: u32,
    /// All join within this time, evenly.
    pub join_over: Duration,
    /// The leavers leave within this time, evenly.
    pub leave_over: Duration,
    /// How they leave.
    pub leaving: Leaving,
    /// Members above which joins and leaves are told together.
    pub batch_above: u64,
    /// Threads that the users are dealt out to.
    pub threads: u32,
}

impl Plan {
    /// Each user needs a file here, and one at the edge that it is connected to.
    pub fn check_files(&self) -> Result<(), Failure> {
        let needed = u64::from(self.users) + FILES_OF_OTHERS;
        match getrlimit(Resource::Nofile).maximum {
            Some(most) if most < needed => Err(Failure::settings(format!(
                "{} users need {needed} open files and this system allows {most}: raise the hard \
                 limit (ulimit -Hn), or take fewer",
                self.users
            ))),
            _ => Ok(()),
        }
    }

    /// Whether a user is among those who leave: they are spread evenly.
    fn leaves(&self, user: u32) -> bool {
        let leavers_before = |user: u64| user * u64::from(self.leavers) / u64::from(self.users);
        leavers_before(u64::from(user) + 1) > leavers_before(user.into())
    }
}

/// Where the run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Clients connect.
    Connecting,
    /// They join since this moment.
    Joining(Instant),
    /// Leavers leave since this moment.
    Leaving(Instant),
    /// Clients give their results.
    Done,
}

/// Counters that all threads add to.
#[derive(Debug, Default)]
pub struct Counters {
    /// Clients that are connected.
    pub connected: AtomicU64,
    /// Joins that were answered, refusals included.
    pub joined: AtomicU64,
    /// Leaves that were answered, or connections that were cut.
    pub left: AtomicU64,
    /// Connections that ended unasked.
    pub closed: AtomicU64,
    /// Bytes of answers.
    pub answer_bytes: AtomicU64,
    /// Bytes of everything else.
    pub told_bytes: AtomicU64,
}

/// What all threads know.
pub struct Shared {
    /// What to do.
    pub plan: Plan,
    /// The edges that clients connect to, in turn.
    pub edges: Vec<Address>,
    /// A token per client.
    pub tokens: Vec<String>,
    /// The room.
    pub room: String,
    /// Counters of all threads.
    pub counters: Counters,
}

/// What the clients found.
pub struct Found {
    /// µs from due time to the answer of `join-room`.
    pub join: Histogram<u64>,
    /// The same of `leave-room`.
    pub leave: Histogram<u64>,
    /// Refusals by code.
    pub refused: BTreeMap<String, u64>,
    /// What members were told of others.
    pub presence: Summary,
    /// Members whose count was not exact once all had joined.
    pub wrong_joined: u64,
    /// Members whose count was not exact once the leavers had left.
    pub wrong_left: u64,
    /// µs that the generator itself was behind its schedule at worst.
    pub behind_us_max: u64,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            join: histogram(),
            leave: histogram(),
            refused: BTreeMap::new(),
            presence: Summary::default(),
            wrong_joined: 0,
            wrong_left: 0,
            behind_us_max: 0,
        }
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        self.join.add(other.join).expect("all have the same bounds");
        self.leave.add(other.leave).expect("all have the same bounds");
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
        self.presence.add(&other.presence);
        self.wrong_joined += other.wrong_joined;
        self.wrong_left += other.wrong_left;
        self.behind_us_max = self.behind_us_max.max(other.behind_us_max);
    }
}

/// A running crowd.
pub struct Crowd {
    /// What its threads share.
    pub shared: Arc<Shared>,
    phase: watch::Sender<Phase>,
    threads: JoinSet<Result<Found>>,
}

impl Crowd {
    /// Starts the threads and waits until all clients are connected.
    pub async fn connect(shared: Shared, service: &mut Service) -> Result<Self> {
        let shared = Arc::new(shared);
        let (phase, _) = watch::channel(Phase::Connecting);
        let mut threads = JoinSet::new();
        for index in 0..shared.plan.threads {
            let thread = Thread { index, shared: shared.clone(), phase: phase.subscribe() };
            threads.spawn_blocking(move || thread.run());
        }
        let mut crowd = Self { shared, phase, threads };
        let users = u64::from(crowd.shared.plan.users);
        // Whoever cannot connect fails by itself.
        crowd.wait(service, "connecting", users, |c| &c.connected, Duration::MAX).await?;
        Ok(crowd)
    }

    /// All join. Waits for their answers, at most `patience` longer than the joining takes. Gives
    /// how many never came.
    pub async fn join(&mut self, service: &mut Service, patience: Duration) -> Result<u64> {
        let users = u64::from(self.shared.plan.users);
        self.phase.send_replace(Phase::Joining(Instant::now()));
        let most = self.shared.plan.join_over + patience;
        self.wait(service, "joining", users, |c| &c.joined, most).await
    }

    /// The leavers leave; otherwise the same.
    pub async fn leave(&mut self, service: &mut Service, patience: Duration) -> Result<u64> {
        let leavers = u64::from(self.shared.plan.leavers);
        self.phase.send_replace(Phase::Leaving(Instant::now()));
        let most = self.shared.plan.leave_over + patience;
        self.wait(service, "leaving", leavers, |c| &c.left, most).await
    }

    /// Waits for a counter to reach `target`. Gives what is missing.
    async fn wait(
        &mut self,
        service: &mut Service,
        what: &'static str,
        target: u64,
        counter: fn(&Counters) -> &AtomicU64,
        most: Duration,
    ) -> Result<u64> {
        let (bar, start) = (Progress::new(target, what), Instant::now());
        loop {
            let missing = target.saturating_sub(counter(&self.shared.counters).load(Relaxed));
            if missing == 0 || start.elapsed() > most {
                return Ok(missing);
            }
            bar.show(target - missing, String::new());
            self.stay(service, LOOK_EVERY).await?;
        }
    }

    /// Lets time pass. Fails if the service or a thread does.
    pub async fn stay(&mut self, service: &mut Service, time: Duration) -> Result<()> {
        sleep(time).await;
        service.check()?;
        if let Some(ended) = self.threads.try_join_next() {
            ended.context("a thread of the load generator broke")??;
            bail!("a thread of the load generator ended early");
        }
        Ok(())
    }

    /// Ends the clients and adds up what they found.
    pub async fn finish(mut self) -> Result<Found> {
        self.phase.send_replace(Phase::Done);
        let mut found = Found::default();
        while let Some(thread) = self.threads.join_next().await {
            found.add(thread.context("a thread of the load generator broke")??);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leavers_are_spread_evenly_and_are_as_many_as_wanted() {
        let plan = |users, leavers| Plan {
            users,
            leavers,
            join_over: Duration::ZERO,
            leave_over: Duration::ZERO,
            leaving: Leaving::Event,
            batch_above: 200,
            threads: 1,
        };
        for (users, leavers) in [(10, 5), (7, 3), (5, 0), (5, 5), (10_000, 5_000)] {
            let plan = plan(users, leavers);
            assert_eq!((0..users).filter(|user| plan.leaves(*user)).count() as u32, leavers);
        }
        let who: Vec<_> = (0..6).filter(|user| plan(6, 3).leaves(*user)).collect();
        assert_eq!(who, [1, 3, 5]);
    }

    #[test]
    fn more_users_than_files_are_refused_with_what_to_do() {
        let plan = Plan {
            users: u32::MAX,
            leavers: 0,
            join_over: Duration::ZERO,
            leave_over: Duration::ZERO,
            leaving: Leaving::Event,
            batch_above: 200,
            threads: 1,
        };
        let refused = plan.check_files().map_err(|failure| failure.to_string());
        assert!(refused.is_err_and(|text| text.contains("ulimit -Hn")));
    }
}

//! What is done to the service, and undone.

use std::time::{Duration, Instant};

use harness::{Flow, Proxy, Stack};
use lua::batch::Batch;
use lua::{Cmd, Redis, Value};

use crate::dice::Dice;

/// Bytes per second of a slow network.
const SLOW: u64 = 20_000;

/// How long servers may take to find together that lost one of them.
const REPLICATED_MAX: Duration = Duration::from_secs(90);

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A worker is killed (SIGKILL), and started again.
    WorkerKilled,
    /// An edge is killed (SIGKILL), and started again.
    EdgeKilled,
    /// A worker stands still (SIGSTOP), and goes on.
    WorkerStopped,
    /// An edge stands still (SIGSTOP), and goes on.
    EdgeStopped,
    /// A worker is asked to end (SIGTERM), and started again.
    WorkerEnded,
    /// An edge is asked to end (SIGTERM), and started again.
    EdgeEnded,
    /// All connections of clients to an edge are cut.
    ClientsCut,
    /// What clients say, or what an edge says to them, is swallowed.
    ClientsHalfOpen,
    /// Both are.
    ClientsSwallowed,
    /// The network between clients and an edge is slow.
    ClientsSlow,
    /// A process's connections to Redis are cut.
    RedisCut,
    /// What a process says to Redis, or hears from it, is held and arrives later.
    RedisHeld,
    /// The same is swallowed.
    RedisHalfOpen,
    /// The network between a process and Redis is slow.
    RedisSlow,
    /// Redis is killed (SIGKILL), and started again with its data.
    RedisKilled,
    /// A primary is killed (SIGKILL), a replica takes over, and it comes back as one.
    PrimaryKilled,
    /// A replica takes over from a primary that lives on.
    PlannedFailover,
    /// Redis forgets all scripts.
    ScriptsFlushed,
    /// All subscriptions are cut.
    SubscriptionsCut,
    /// Redis takes no writes for want of memory.
    MemoryFull,
    /// All workers stand still, so that the intake fills up.
    IntakeFull,
}

/// A fault that is going on.
pub struct Fault {
    /// Its kind.
    pub kind: Kind,
    /// The process that it concerns: edges come before workers.
    process: usize,
    /// Of a half-open connection: whether the way back is the one that swallows.
    is_back: bool,
    /// How long it lasts.
    pub lasts: Duration,
}

impl Kind {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::WorkerKilled => "worker killed",
            Self::EdgeKilled => "edge killed",
            Self::WorkerStopped => "worker stopped",
            Self::EdgeStopped => "edge stopped",
            Self::WorkerEnded => "worker ended in order",
            Self::EdgeEnded => "edge ended in order",
            Self::ClientsCut => "clients cut",
            Self::ClientsHalfOpen => "clients half-open",
            Self::ClientsSwallowed => "clients swallowed",
            Self::ClientsSlow => "clients slow",
            Self::RedisCut => "Redis cut from one",
            Self::RedisHeld => "Redis held for one",
            Self::RedisHalfOpen => "Redis half-open for one",
            Self::RedisSlow => "Redis slow for one",
            Self::RedisKilled => "Redis killed",
            Self::PrimaryKilled => "primary killed",
            Self::PlannedFailover => "planned failover",
            Self::ScriptsFlushed => "scripts flushed",
            Self::SubscriptionsCut => "subscriptions cut",
            Self::MemoryFull => "Redis memory full",
            Self::IntakeFull => "workers stopped, intake full",
        }
    }

    /// Whether it needs a proxy between a process and Redis, which a cluster's addresses go past.
    pub fn needs_proxy_to_redis(self) -> bool {
        matches!(self, Self::RedisCut | Self::RedisHeld | Self::RedisHalfOpen | Self::RedisSlow)
    }
}

impl Fault {
    /// One of these kinds, by the dice.
    pub fn choose(dice: &mut Dice, kinds: &[(u32, Kind)], edges: usize, workers: usize) -> Self {
        let kind = dice.weighed(kinds);
        let process = match kind {
            Kind::WorkerKilled | Kind::WorkerStopped | Kind::WorkerEnded => {
                edges + dice.below(workers)
            }
            Kind::RedisCut | Kind::RedisHeld | Kind::RedisHalfOpen | Kind::RedisSlow => {
                dice.below(edges + workers)
            }
            _ => dice.below(edges),
        };
        let lasts = match kind {
            Kind::ScriptsFlushed | Kind::SubscriptionsCut => dice.ms(0, 0),
            Kind::RedisKilled | Kind::MemoryFull => dice.ms(100, 1_500),
            Kind::IntakeFull => dice.ms(1_000, 3_000),
            // For longer than a lease: what was held arrives when the partitions have moved.
            Kind::RedisHeld => dice.ms(5_500, 7_500),
            Kind::PrimaryKilled | Kind::PlannedFailover => dice.ms(4_000, 6_000),
            _ => dice.ms(200, 7_000),
        };
        Self { kind, process, is_back: dice.chance(50), lasts }
    }

    /// In words, for the log of a run.
    pub fn words(&self, edges: usize) -> String {
        let process = if self.process < edges {
            format!("edge-{}", self.process)
        } else {
            format!("worker-{}", self.process - edges)
        };
        let way = if self.is_back { "back" } else { "there" };
        format!("{} ({process}, {way}) for {:?}", self.kind.name(), self.lasts)
    }

    fn worker(&self, stack: &Stack) -> usize {
        self.process - stack.edges()
    }

    /// Does it.
    pub async fn begin(&self, stack: &mut Stack, redis: &Redis) -> anyhow::Result<()> {
        match self.kind {
            Kind::WorkerKilled => stack.kill_worker(self.worker(stack)),
            Kind::EdgeKilled => stack.edge(self.process).kill(),
            Kind::WorkerStopped => self.signal_worker(stack, "STOP"),
            Kind::EdgeStopped => stack.edge(self.process).signal("STOP"),
            Kind::WorkerEnded => self.signal_worker(stack, "TERM"),
            Kind::EdgeEnded => stack.edge(self.process).signal("TERM"),
            Kind::ClientsCut
            | Kind::ClientsHalfOpen
            | Kind::ClientsSwallowed
            | Kind::ClientsSlow => {
                self.spoil(stack.front_of_edge(self.process));
            }
            Kind::RedisCut | Kind::RedisHeld | Kind::RedisHalfOpen | Kind::RedisSlow => {
                self.spoil(self.back(stack));
            }
            Kind::RedisKilled => stack.kill_redis(),
            Kind::PrimaryKilled => stack.kill_primary().await,
            Kind::PlannedFailover => stack.planned_failover().await,
            Kind::ScriptsFlushed => on_each_node(redis, &["SCRIPT", "FLUSH", "SYNC"]).await?,
            Kind::SubscriptionsCut => {
                stack.cut_subscriptions().await;
            }
            Kind::MemoryFull => on_each_node(redis, &["CONFIG", "SET", "maxmemory", "1"]).await?,
            Kind::IntakeFull => {
                (0..stack.workers()).for_each(|number| stack.worker(number).signal("STOP"));
            }
        }
        Ok(())
    }

    /// Undoes it: from here on the service has all that it needs.
    pub async fn heal(&self, stack: &mut Stack, redis: &Redis) -> anyhow::Result<()> {
        match self.kind {
            Kind::WorkerKilled | Kind::WorkerEnded => {
                let number = self.worker(stack);
                end_of(stack.worker(number)).await;
                stack.worker(number).start_again();
            }
            Kind::EdgeKilled | Kind::EdgeEnded => {
                end_of(stack.edge(self.process)).await;
                stack.edge(self.process).start_again();
                stack.until_edge_is_ready(self.process).await;
            }
            Kind::WorkerStopped => self.signal_worker(stack, "CONT"),
            Kind::EdgeStopped => stack.edge(self.process).signal("CONT"),
            Kind::ClientsCut
            | Kind::ClientsHalfOpen
            | Kind::ClientsSwallowed
            | Kind::ClientsSlow => {
                stack.front_of_edge(self.process).into_iter().for_each(Proxy::heal);
            }
            Kind::RedisCut | Kind::RedisHeld | Kind::RedisHalfOpen | Kind::RedisSlow => {
                self.back(stack).into_iter().for_each(Proxy::heal);
            }
            Kind::RedisKilled => stack.restart_redis().await,
            Kind::PrimaryKilled => {
                until_replicated(redis, 0).await?;
                for server in stack.redis_servers().iter_mut().filter(|s| s.pid().is_none()) {
                    server.restart().await?;
                }
                until_replicated(redis, stack.replicas()).await?;
            }
            Kind::PlannedFailover => until_replicated(redis, stack.replicas()).await?,
            Kind::ScriptsFlushed | Kind::SubscriptionsCut => {}
            Kind::MemoryFull => on_each_node(redis, &["CONFIG", "SET", "maxmemory", "0"]).await?,
            Kind::IntakeFull => {
                (0..stack.workers()).for_each(|number| stack.worker(number).signal("CONT"));
            }
        }
        Ok(())
    }

    fn signal_worker(&self, stack: &mut Stack, signal: &str) {
        let number = self.worker(stack);
        stack.worker(number).signal(signal);
    }

    fn back<'a>(&self, stack: &'a Stack) -> Option<&'a Proxy> {
        match self.process.checked_sub(stack.edges()) {
            Some(worker) => stack.back_of_worker(worker),
            None => stack.back_of_edge(self.process),
        }
    }

    fn spoil(&self, proxy: Option<&Proxy>) {
        let Some(proxy) = proxy else { return };
        let one_way = |flow| if self.is_back { (Flow::Open, flow) } else { (flow, Flow::Open) };
        match self.kind {
            Kind::ClientsCut | Kind::RedisCut => {
                proxy.refuse(true);
                proxy.cut();
            }
            Kind::ClientsHalfOpen | Kind::RedisHalfOpen => {
                let (there, back) = one_way(Flow::Swallowed);
                proxy.set(there, back);
            }
            Kind::ClientsSwallowed => proxy.set(Flow::Swallowed, Flow::Swallowed),
            Kind::RedisHeld => {
                let (there, back) = one_way(Flow::Held);
                proxy.set(there, back);
            }
            _ => proxy.set(Flow::Slow(SLOW), Flow::Slow(SLOW)),
        }
    }
}

/// Waits for a process to end that was asked to, or kills it when it does not.
async fn end_of(process: &mut harness::Process) {
    for _ in 0..500 {
        if process.ended().is_some() {
            return;
        }
        // Looks again: nothing announces the end of a process.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    process.kill();
}

/// Waits until the servers themselves are well again: a primary for each node, with so many replicas.
/// Sentinels leave one that fell while they were at it for half a minute.
async fn until_replicated(redis: &Redis, replicas: usize) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !is_replicated(redis, replicas).await {
        anyhow::ensure!(begun.elapsed() < REPLICATED_MAX, "the servers do not find together");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn is_replicated(redis: &Redis, replicas: usize) -> bool {
    for node in redis.nodes() {
        let mut role = Cmd::new();
        role.arg("ROLE");
        let mut batch = Batch::default();
        batch.add(role);
        let Ok(replies) = batch.run(redis, node).await else { return false };
        let Some(Value::Array(role)) = replies.into_iter().next() else { return false };
        let [_, _, Value::Array(held)] = &role[..] else { return false };
        if held.len() < replicas {
            return false;
        }
    }
    true
}

/// Runs a command on every node, over a connection that is there: a full Redis takes no new process.
async fn on_each_node(redis: &Redis, command: &[&str]) -> anyhow::Result<()> {
    for node in redis.nodes() {
        let mut cmd = Cmd::new();
        cmd.arg(command);
        let mut batch = Batch::default();
        batch.add(cmd);
        batch.run(redis, node).await?;
    }
    Ok(())
}

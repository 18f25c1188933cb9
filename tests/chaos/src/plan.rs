//! What a run is to be.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use lua::durability::Durability;

use crate::fault::Kind;

/// What happens to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Edges and workers are killed, stopped and ended.
    Processes,
    /// The network fails, towards clients and towards Redis.
    Network,
    /// Redis itself is killed, full, without its scripts or subscribers; the intake is full.
    Redis,
    /// Replicas take over from primaries.
    Failover,
    /// All of it that one server or plain cluster can have.
    All,
    /// Edges and workers come and go in order, under load; the times without service are measured.
    Scale,
}

/// The kind of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Topology {
    /// One server.
    Single,
    /// Three primaries.
    Cluster,
    /// A primary with two replicas behind sentinels.
    Sentinel,
    /// Three primaries, each with a replica.
    ReplicatedCluster,
}

/// A run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The `realtime` program.
    pub program: PathBuf,
    /// Decides all choices.
    pub seed: u64,
    /// How long faults go on.
    pub lasts: Duration,
    /// What happens.
    pub scenario: Scenario,
    /// On what.
    pub topology: Topology,
    /// Where an event is before anybody is told of it.
    pub durability: Durability,
    /// How many clients there are.
    pub clients: usize,
}

impl Scenario {
    /// Its name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// How many edges and workers it begins with.
    pub fn size(self) -> (usize, usize) {
        if self == Self::Scale { (1, 1) } else { (3, 3) }
    }

    /// Its faults with their weights, on such a Redis.
    pub fn faults(self, topology: Topology) -> Vec<(u32, Kind)> {
        let processes = [
            (4, Kind::WorkerKilled),
            (4, Kind::EdgeKilled),
            (3, Kind::WorkerStopped),
            (3, Kind::EdgeStopped),
            (2, Kind::WorkerEnded),
            (2, Kind::EdgeEnded),
        ];
        let network = [
            (3, Kind::ClientsCut),
            (3, Kind::ClientsHalfOpen),
            (2, Kind::ClientsSwallowed),
            (2, Kind::ClientsSlow),
            (3, Kind::RedisCut),
            (6, Kind::RedisHeld),
            (3, Kind::RedisHalfOpen),
            (2, Kind::RedisSlow),
        ];
        let redis = [
            (3, Kind::RedisKilled),
            (2, Kind::ScriptsFlushed),
            (3, Kind::SubscriptionsCut),
            (2, Kind::MemoryFull),
            (2, Kind::IntakeFull),
        ];
        let mut faults: Vec<_> = match self {
            Self::Processes => processes.to_vec(),
            Self::Network => network.to_vec(),
            Self::Redis => redis.to_vec(),
            // Of a cluster one replica is there to take over, once.
            Self::Failover if topology == Topology::ReplicatedCluster => {
                vec![(1, Kind::PrimaryKilled)]
            }
            Self::Failover => vec![(2, Kind::PrimaryKilled), (1, Kind::PlannedFailover)],
            Self::Scale => Vec::new(),
            Self::All => [&processes[..], &network[..], &redis[..]].concat(),
        };
        faults.retain(|(_, kind)| topology == Topology::Single || !kind.needs_proxy_to_redis());
        faults
    }
}

impl Topology {
    /// Whether a replica can take over.
    pub fn has_replicas(self) -> bool {
        matches!(self, Self::Sentinel | Self::ReplicatedCluster)
    }

    /// Its name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl Plan {
    /// The command that repeats the run.
    pub fn command(&self) -> String {
        format!(
            "cargo run -p chaos -- --seed {} --minutes {:.2} --scenario {} --topology {} --durability {} --clients {}",
            self.seed,
            self.lasts.as_secs_f64() / 60.0,
            self.scenario.name(),
            self.topology.name(),
            self.durability,
            self.clients,
        )
    }
}

//! Real servers for tests: each test gets its own, alone or as a cluster of three primaries.

// Every test program uses a part of this.
#![allow(dead_code)]

use std::time::{Duration, Instant};

use lua::Redis;
use lua::server::{Options, Private, PrivateCluster};
use lua::topology::{NodeId, Settings};

/// Longest wait for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The servers that a test runs against.
pub enum Server {
    Single(Private),
    Cluster(PrivateCluster),
}

impl Server {
    /// One server that keeps its data over a restart.
    pub async fn single() -> Self {
        Self::Single(Private::start(durable()).await.expect("a private Redis"))
    }

    /// Three primaries that keep their data over a restart.
    pub async fn cluster() -> Self {
        let cluster = PrivateCluster::start_with(3, &durable()).await;
        Self::Cluster(cluster.expect("a private Redis Cluster"))
    }

    pub fn url(&self) -> String {
        match self {
            Self::Single(server) => server.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    pub fn nodes(&mut self) -> &mut [Private] {
        match self {
            Self::Single(server) => std::slice::from_mut(server),
            Self::Cluster(cluster) => &mut cluster.nodes,
        }
    }

    /// The process behind a node of the topology.
    pub fn process(&mut self, redis: &Redis, node: NodeId) -> &mut Private {
        let address = redis.address(node);
        let found =
            self.nodes().iter_mut().find(|server| address.ends_with(&server.port().to_string()));
        found.expect("every node of the topology is one of the servers")
    }

    pub async fn connect(&self) -> Redis {
        Redis::connect(&Settings::new(self.url())).await.expect("a connection")
    }
}

/// What Redis confirmed is in its file: otherwise it may be up to two seconds late.
pub fn durable() -> Options {
    let args = ["--appendfsync", "always"].map(str::to_owned).to_vec();
    Options { appendonly: true, args, ..Options::default() }
}

/// Runs a test on a single server, then on a cluster of three primaries.
pub async fn both(test: impl AsyncFn(Server)) {
    test(Server::single().await).await;
    test(Server::cluster().await).await;
}

/// Runs a test that needs only a connection, on a single server, then on a cluster of three
/// primaries. Each run begins with an empty Redis.
pub async fn each_topology(test: impl AsyncFn(Redis)) {
    both(async |server| test(server.connect().await).await).await;
}

/// Waits until `condition` holds; panics with `what` when it does not within [`PATIENCE`].
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    begun.elapsed()
}

/// Runs one command on the node of a partition's slot.
pub async fn command<T: redis::FromRedisValue>(redis: &Redis, node: NodeId, words: &[&str]) -> T {
    let mut connection = redis.connection(node).await.expect("the node is up");
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut connection).await.expect("the command is accepted")
}

//! The Redis of a stack: one server, or a cluster of three primaries on loopback.

use lua::server::{Options, Private, PrivateCluster};

/// How many primaries a test's cluster has.
const PRIMARIES: usize = 3;

/// Which kind of Redis a scenario runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Single,
    /// Three primaries that share the slots.
    Cluster,
}

/// A running Redis that ends when it is dropped.
pub(crate) enum Redis {
    Single(Private),
    Cluster(PrivateCluster),
}

impl Redis {
    /// Starts it. A persistent one has every write on disk before its answer, so that a restart in
    /// the middle of a test keeps whatever was acknowledged.
    pub async fn start(topology: Topology, persistent: bool) -> Self {
        let sync: &[&str] = if persistent { &["--appendfsync", "always"] } else { &[] };
        let args = sync.iter().map(ToString::to_string).collect();
        let options = Options { appendonly: persistent, args, ..Options::default() };
        match topology {
            Topology::Single => {
                Self::Single(Private::start(options).await.expect("a private Redis"))
            }
            Topology::Cluster => {
                let cluster = PrivateCluster::start_with(PRIMARIES, &options).await;
                Self::Cluster(cluster.expect("a private cluster"))
            }
        }
    }

    /// The `REDIS_URL` of the edges and workers.
    pub fn url(&self) -> String {
        match self {
            Self::Single(server) => server.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    /// Ends the connections of all subscribers, on every server.
    pub async fn cut_subscriptions(&self) -> i64 {
        let settings = lua::topology::Settings::new(self.url());
        let redis = lua::Redis::connect(&settings).await.expect("a Redis that is up");
        let mut cut = 0;
        for node in redis.nodes() {
            let mut kill = lua::Cmd::new();
            kill.arg("CLIENT").arg("KILL").arg("TYPE").arg("pubsub");
            let mut batch = lua::batch::Batch::default();
            batch.add(kill);
            let replies = batch.run(&redis, node).await.expect("an answer");
            cut += replies
                .into_iter()
                .map(|reply| match reply {
                    lua::Value::Int(count) => count,
                    other => panic!("CLIENT KILL answered {other:?}"),
                })
                .sum::<i64>();
        }
        cut
    }

    /// Ends every server as a crash would.
    pub fn kill(&mut self) {
        self.servers().iter_mut().for_each(Private::kill);
    }

    fn servers(&mut self) -> &mut [Private] {
        match self {
            Self::Single(server) => std::slice::from_mut(server),
            Self::Cluster(cluster) => &mut cluster.nodes,
        }
    }

    /// Ends every server as a crash would, one after the other, and starts it again with its data.
    pub async fn restart(&mut self) {
        for server in self.servers() {
            server.restart().await.expect("a Redis that starts again");
        }
    }
}

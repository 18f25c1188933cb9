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

    /// Ends every server as a crash would, one after the other, and starts it again with its data.
    pub async fn restart(&mut self) {
        let servers = match self {
            Self::Single(server) => std::slice::from_mut(server),
            Self::Cluster(cluster) => &mut cluster.nodes,
        };
        for server in servers {
            server.restart().await.expect("a Redis that starts again");
        }
    }
}

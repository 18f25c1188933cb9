//! The Redis of a stack: one server, some behind sentinels, or a cluster, all on loopback.

use lua::server::{Options, Private, PrivateCluster, PrivateSentinel};

use crate::Proxy;

/// How many primaries a test's cluster has.
const PRIMARIES: usize = 3;

/// Which kind of Redis a scenario runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Single,
    /// Three primaries that share the slots.
    Cluster,
    /// A primary and two replicas that three sentinels watch.
    Sentinel,
    /// Three primaries that share the slots, each with a replica.
    ReplicatedCluster,
}

/// A running Redis that ends when it is dropped.
pub(crate) enum Redis {
    Single(Private),
    Cluster(PrivateCluster),
    Sentinel(PrivateSentinel),
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
            Topology::Sentinel => {
                let servers = PrivateSentinel::start_with(&options).await;
                Self::Sentinel(servers.expect("servers and sentinels"))
            }
            Topology::ReplicatedCluster => {
                let cluster = PrivateCluster::start_replicated(PRIMARIES, &options).await;
                Self::Cluster(cluster.expect("a private cluster with replicas"))
            }
        }
    }

    /// Starts a primary whose two replicas follow it through a proxy, and sentinels.
    pub async fn start_following_through_a_proxy() -> (Self, Proxy) {
        let primary = Private::start(Options::default()).await.expect("a private Redis");
        let proxy = Proxy::start(primary.port()).await;
        let servers = PrivateSentinel::around(primary, proxy.port(), &Options::default()).await;
        (Self::Sentinel(servers.expect("servers and sentinels")), proxy)
    }

    /// The `REDIS_URL` of the edges and workers.
    pub fn url(&self) -> String {
        match self {
            Self::Single(server) => server.url(),
            Self::Cluster(cluster) => cluster.url(),
            Self::Sentinel(servers) => servers.url(),
        }
    }

    /// Every server, sentinels left out.
    pub fn servers(&mut self) -> &mut [Private] {
        match self {
            Self::Single(server) => std::slice::from_mut(server),
            Self::Cluster(cluster) => &mut cluster.nodes,
            Self::Sentinel(servers) => &mut servers.servers,
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

    /// Ends every server as a crash would, one after the other, and starts it again with its data.
    pub async fn restart(&mut self) {
        for server in self.servers() {
            server.restart().await.expect("a Redis that starts again");
        }
    }

    /// Ends a primary as a crash would: the one there is, or the first of a cluster. The replica that
    /// takes over is chosen by the sentinels or by the other primaries.
    ///
    /// # Panics
    /// Where nobody could take over.
    pub async fn kill_primary(&mut self) {
        match self {
            Self::Sentinel(servers) => drop(servers.kill_primary().await),
            Self::Cluster(cluster) if cluster.nodes.len() > PRIMARIES => cluster.nodes[0].kill(),
            Self::Single(_) | Self::Cluster(_) => panic!("this Redis has no replicas"),
        }
    }

    /// Starts again what was killed; behind sentinels and in a cluster it comes back as a replica.
    pub async fn revive(&mut self) {
        for server in self.servers().iter_mut().filter(|server| server.pid().is_none()) {
            server.restart().await.expect("a Redis that starts again");
        }
    }

    /// Lets a replica take over from a primary that runs, as an operator does before maintenance.
    ///
    /// # Panics
    /// Where nobody could take over.
    pub async fn planned_failover(&self) {
        match self {
            Self::Sentinel(servers) => servers.failover().await,
            Self::Cluster(cluster) => cluster.failover(PRIMARIES).await,
            Self::Single(_) => panic!("this Redis has no replicas"),
        }
        .expect("a replica that takes over");
    }

    /// Moves a slot, with the keys in it, to another primary of the cluster.
    ///
    /// # Panics
    /// Where there is no cluster.
    pub async fn move_slot(&self, slot: u16, to: usize) {
        let Self::Cluster(cluster) = self else { panic!("this Redis has no slots to move") };
        cluster.move_slot(slot, to).await.expect("a slot that moves");
    }
}

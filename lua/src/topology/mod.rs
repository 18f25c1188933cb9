//! Where Redis is: one server, one that sentinels name, or the primaries of a cluster; a connection to
//! each that comes back by itself, and the table that says which of them holds a partition.

mod check;
mod cluster;
mod error;
mod exclusive;
mod failover;
mod map;
mod node;
mod sentinel;
mod slots;
mod url;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use parking_lot::RwLock;
use redis::aio::MultiplexedConnection;
use redis::{ConnectionInfo, PushInfo, RedisError};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::id::{PARTITIONS, Partition};
use crate::key;
use map::Map;
use node::{Dialer, Node, Place};
use url::{Kind, Target};

pub use error::{ConnectError, Trouble, classify};
pub use exclusive::Exclusive;

/// Version of the key layout, kept in [`key::META`] beside the number of partitions.
const LAYOUT: u32 = 1;

/// Least time between two reads of the slot table, however many callers ask.
const REFRESH_GAP: Duration = Duration::from_millis(100);

/// How to reach Redis.
#[derive(Clone)]
pub struct Settings {
    /// `redis://` or `rediss://` for one server, `redis+cluster://host:port,host:port` (or `rediss+`)
    /// for a cluster, `redis+sentinel://host:port,host:port/name` (or `rediss+`) for the primary that
    /// sentinels name. A secret: it may hold a password.
    pub url: String,
    /// Longest wait for the answer to a command.
    pub command_timeout: Duration,
    /// Longest wait for a connection, TLS and login included.
    pub connect_timeout: Duration,
}

impl Settings {
    /// These settings with the timeouts that suit a Redis in the same data centre: 2 s each.
    pub fn new(url: impl Into<String>) -> Self {
        let timeout = Duration::from_secs(2);
        Self { url: url.into(), command_timeout: timeout, connect_timeout: timeout }
    }
}

/// One primary, as long as the process lives: an index for tables. A primary that leaves the cluster
/// keeps its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// Redis, wherever it is. Cheap to clone; the last clone takes the connections with it.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    settings: Settings,
    target: Target,
    map: RwLock<Map>,
    /// When the slot table was last read; the lock makes reads single-flight.
    refreshed: tokio::sync::Mutex<Instant>,
    /// Told when a connection was lost.
    stale: Arc<Notify>,
    /// Counts changes of `map`.
    changes: watch::Sender<u64>,
    follower: RwLock<Option<JoinHandle<()>>>,
}

impl Redis {
    /// Connects to every primary, checks versions and layout, and loads the scripts.
    ///
    /// Refused with one sentence for the operator: see [`ConnectError`].
    pub async fn connect(settings: &Settings) -> Result<Self, ConnectError> {
        let target = url::parse(&settings.url)?;
        if target.is_encrypted() {
            // Fails when the process has chosen a provider already, which is as good.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let (changes, _) = watch::channel(0);
        let redis = Self(Arc::new(Inner {
            settings: settings.clone(),
            target,
            map: RwLock::new(Map::empty()),
            refreshed: tokio::sync::Mutex::new(Instant::now()),
            stale: Arc::new(Notify::new()),
            changes,
            follower: RwLock::new(None),
        }));
        redis.join().await?;
        redis.claim().await?;
        let inner = Arc::downgrade(&redis.0);
        *redis.0.follower.write() = match &redis.0.target.kind {
            Kind::Single => None,
            Kind::Cluster => Some(tokio::spawn(cluster::follow(inner))),
            Kind::Sentinel(sentinels) => {
                Some(tokio::spawn(failover::follow(inner, sentinels.clone())))
            }
        };
        Ok(redis)
    }

    /// The primary that holds a partition's keys, as far as is known.
    pub fn node_of(&self, partition: Partition) -> NodeId {
        self.0.map.read().by_partition[partition.index()]
    }

    /// The primary that holds a key of no partition, such as [`key::WORKERS`].
    pub fn node_of_key(&self, key: &str) -> NodeId {
        self.0.map.read().node_of_slot(slots::of_key(key))
    }

    /// The primaries of now.
    pub fn nodes(&self) -> Vec<NodeId> {
        self.0.map.read().primaries.clone()
    }

    /// `host:port` of a node, for logs and people.
    pub fn address(&self, node: NodeId) -> String {
        self.node(node).dialer.address()
    }

    /// The command connection of a node, shared by all: never block in Redis on it.
    ///
    /// Fails at once while the node is down ([`Trouble::Gone`]); it comes back by itself, with all
    /// scripts loaded, so callers try again a little later. Answers have the command timeout.
    pub async fn connection(&self, node: NodeId) -> Result<MultiplexedConnection, RedisError> {
        self.node(node).connection()
    }

    /// Whether a node has a connection, as far as is known. Costs no round trip.
    pub fn is_up(&self, node: NodeId) -> bool {
        self.node(node).is_up()
    }

    /// The run id of the Redis process behind a node's present connection; `None` while it is down.
    /// It changes when Redis was restarted or another server took over the address.
    pub fn run_id(&self, node: NodeId) -> Option<Arc<str>> {
        self.node(node).run_id()
    }

    /// Replicas of a node that may take over from it, as far as is known: those that sentinels or the
    /// cluster count as available, of a single server those that are connected. Kept fresh in the
    /// background (within seconds, or at a [`Redis::refresh`]); costs no round trip.
    pub fn replicas(&self, node: NodeId) -> usize {
        self.node(node).replicas()
    }

    /// A connection for one user, for blocking reads and transactions. It has no response timeout.
    /// Whoever abandons a blocking command must [`Exclusive::detach`] the connection before.
    pub async fn exclusive(&self, node: NodeId) -> Result<Exclusive, RedisError> {
        let node = self.node(node);
        node.exclusive().await
    }

    /// Tells of every change of the slot table and of the set of primaries.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Looks again where primaries and replicas are; to be called after [`Trouble::Moved`],
    /// [`Trouble::ReadOnly`] and a lost connection. Callers at the same time share one look; they are
    /// 100 ms apart at least.
    pub async fn refresh(&self) {
        let asked = Instant::now();
        let mut refreshed = self.0.refreshed.lock().await;
        if *refreshed >= asked {
            return;
        }
        sleep_until(*refreshed + REFRESH_GAP).await;
        *refreshed = Instant::now();
        match &self.0.target.kind {
            Kind::Single => self.node(NodeId(0)).count_replicas().await,
            Kind::Sentinel(sentinels) => self.look(sentinels).await,
            Kind::Cluster => {
                if let Some(ranges) = self.newest_slots().await {
                    self.adopt(&ranges);
                }
            }
        }
    }

    /// Loads every script on every primary that is up; to be called after [`Trouble::NoScript`].
    pub async fn load_scripts(&self) -> Result<(), RedisError> {
        let nodes = self.nodes();
        try_join_all(
            nodes
                .into_iter()
                .filter(|node| self.is_up(*node))
                .map(|node| async move { node::load_scripts(&self.connection(node).await?).await }),
        )
        .await
        .map(drop)
    }

    /// Sees, in the background, to what an error says can be mended: scripts that are not loaded, a slot
    /// table that is old. The call itself is not tried again.
    pub fn mend(&self, problem: &RedisError) {
        let redis = self.clone();
        match classify(problem) {
            Trouble::NoScript => drop(tokio::spawn(async move { redis.load_scripts().await })),
            Trouble::Moved | Trouble::ReadOnly | Trouble::Gone => {
                drop(tokio::spawn(async move { redis.refresh().await }));
            }
            Trouble::Loading | Trouble::Timeout | Trouble::Other => {}
        }
    }

    /// Asks every primary for a sign of life: the slowest answer's time, or the first error.
    pub async fn ping(&self) -> Result<Duration, RedisError> {
        let begun = Instant::now();
        try_join_all(self.nodes().into_iter().map(|node| async move {
            let mut connection = self.connection(node).await?;
            redis::cmd("PING").query_async::<()>(&mut connection).await
        }))
        .await?;
        Ok(begun.elapsed())
    }

    /// A connection of its own to a node, with its pushes. For the subscriber.
    pub(crate) async fn listen(
        &self,
        node: NodeId,
        on_push: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, RedisError> {
        self.node(node).listen(on_push).await
    }

    /// Tells when another server takes the place of a node's: connections to it are to be dropped.
    pub(crate) fn seat(&self, node: NodeId) -> watch::Receiver<u64> {
        self.node(node).seat()
    }

    fn node(&self, id: NodeId) -> Arc<Node> {
        self.0.map.read().nodes[id.0].clone()
    }

    fn dialer(&self, place: Place) -> Dialer {
        let settings = self.0.settings.clone();
        Dialer { place, settings, cluster: self.0.target.is_cluster() }
    }

    /// The first connection: finds the primaries and connects to all of them.
    async fn join(&self) -> Result<(), ConnectError> {
        let place = match &self.0.target.kind {
            Kind::Cluster => return self.join_any().await,
            Kind::Single => Place::At(Box::new(self.0.target.seeds[0].clone())),
            Kind::Sentinel(sentinels) => Place::Named(sentinels.clone()),
        };
        let dialer = self.dialer(place);
        let link = dialer.dial().await?;
        let info = dialer.info();
        let node = Node::start(dialer, Some(link), self.0.stale.clone());
        *self.0.map.write() = Map::standalone(node.map_err(|e| self.explain(&e, &info))?);
        Ok(())
    }

    /// Writes number of partitions and layout at the first start ever; compares at every other.
    async fn claim(&self) -> Result<(), ConnectError> {
        let node = self.node(self.node_of_key(key::META));
        let explain = |e: RedisError| self.explain(&e, &node.dialer.info());
        let mut connection = node.connection().map_err(explain)?;
        for (field, expected) in [("partitions", PARTITIONS.into()), ("layout", LAYOUT)] {
            let mut read = redis::cmd("HGET");
            read.arg(key::META).arg(field);
            let mut found: Option<String> =
                read.query_async(&mut connection).await.map_err(explain)?;
            // Written where it must be and nowhere else: a Redis without memory can still be looked into.
            if found.is_none() {
                let mut write = redis::cmd("HSETNX");
                write.arg(key::META).arg(field).arg(expected);
                let _: i64 = write.query_async(&mut connection).await.map_err(explain)?;
                found = read.query_async(&mut connection).await.map_err(explain)?;
            }
            let (expected, found) = (expected.to_string(), found.unwrap_or_default());
            if found != expected {
                return Err(ConnectError::OtherLayout { field, found, expected });
            }
        }
        Ok(())
    }

    fn explain(&self, error: &RedisError, info: &ConnectionInfo) -> ConnectError {
        ConnectError::from_redis(error, info, self.0.settings.command_timeout)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(follower) = self.follower.get_mut() {
            follower.abort();
        }
    }
}

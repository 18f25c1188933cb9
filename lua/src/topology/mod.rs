//! Where Redis is: one server or the primaries of a cluster, a connection to each that comes back by
//! itself, and the table that says which of them holds a partition.

mod error;
mod node;
mod slots;
mod url;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use parking_lot::RwLock;
use redis::aio::MultiplexedConnection;
use redis::{ConnectionAddr, ConnectionInfo, PushInfo, RedisError};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::id::{PARTITIONS, Partition};
use crate::key;
use node::{Dialer, Node};
use slots::Range;
use url::Target;

pub use error::{ConnectError, Trouble, classify};

/// Version of the key layout, kept in [`key::META`] beside the number of partitions.
const LAYOUT: u32 = 1;

/// Least time between two reads of the slot table, however many callers ask.
const REFRESH_GAP: Duration = Duration::from_millis(100);

/// The slot table is read this often without being asked, and this often while a primary is down.
const REFRESH_EVERY: (Duration, Duration) = (Duration::from_secs(15), Duration::from_millis(500));

/// A node that does not tell its slot table within this time is not waited for.
const SLOTS_WAIT: Duration = Duration::from_millis(500);

/// How to reach Redis.
#[derive(Clone)]
pub struct Settings {
    /// `redis://` or `rediss://` for one server, `redis+cluster://host:port,host:port` (or `rediss+`)
    /// for a cluster. A secret: it may hold a password.
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

/// Redis, standalone or cluster. Cheap to clone; the last clone takes the connections with it.
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

/// What is known about the servers. Nodes are only ever added.
struct Map {
    nodes: Vec<Arc<Node>>,
    primaries: Vec<NodeId>,
    ranges: Vec<(u16, u16, NodeId)>,
    by_partition: Vec<NodeId>,
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
        if redis.0.target.cluster {
            *redis.0.follower.write() = Some(tokio::spawn(follow(Arc::downgrade(&redis.0))));
        }
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

    /// A connection for one user, for blocking reads and transactions. It has no response timeout.
    /// Whoever abandons a blocking command must `take` and drop the connection.
    pub async fn exclusive(&self, node: NodeId) -> Result<deadpool_redis::Connection, RedisError> {
        let node = self.node(node);
        node.exclusive().await
    }

    /// Tells of every change of the slot table and of the set of primaries.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Reads the slot table again; to be called after [`Trouble::Moved`], [`Trouble::ReadOnly`] and
    /// a lost connection. Callers at the same time share one read; reads are 100 ms apart at least.
    /// With one server there is nothing to read.
    pub async fn refresh(&self) {
        if !self.0.target.cluster {
            return;
        }
        let asked = Instant::now();
        let mut refreshed = self.0.refreshed.lock().await;
        if *refreshed >= asked {
            return;
        }
        sleep_until(*refreshed + REFRESH_GAP).await;
        *refreshed = Instant::now();
        if let Some(ranges) = self.newest_slots().await {
            self.adopt(&ranges);
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
        let node = self.node(node);
        node.dialer.connect(on_push).await
    }

    fn node(&self, id: NodeId) -> Arc<Node> {
        self.0.map.read().nodes[id.0].clone()
    }

    fn dialer(&self, info: ConnectionInfo) -> Dialer {
        let settings = self.0.settings.clone();
        Dialer { info, settings, cluster: self.0.target.cluster }
    }

    /// The first connection: finds the primaries and connects to all of them.
    async fn join(&self) -> Result<(), ConnectError> {
        let mut failed = None;
        for seed in &self.0.target.seeds {
            let dialer = self.dialer(seed.clone());
            let link = match dialer.dial().await {
                Ok(link) => link,
                Err(error) => {
                    failed = failed.or(Some(error));
                    continue;
                }
            };
            if !self.0.target.cluster {
                let node = Node::start(dialer, Some(link), self.0.stale.clone());
                let node = node.map_err(|e| self.explain(&e, seed))?;
                *self.0.map.write() = Map::standalone(node);
                return Ok(());
            }
            let (_, ranges) = slots_of(link.into_connection(), host(seed))
                .await
                .map_err(|e| self.explain(&e, seed))?;
            let missing = slots::missing(&ranges);
            if missing > 0 {
                let address = dialer.address();
                return Err(ConnectError::ClusterIncomplete { address, missing });
            }
            return self.join_cluster(&ranges).await;
        }
        Err(failed.expect("a URL names at least one server"))
    }

    async fn join_cluster(&self, ranges: &[Range]) -> Result<(), ConnectError> {
        let mut infos: Vec<ConnectionInfo> = Vec::new();
        for range in ranges {
            let info = self.0.target.at(&range.host, range.port);
            if infos.iter().all(|known| known.addr() != info.addr()) {
                infos.push(info);
            }
        }
        let dial = |info: ConnectionInfo| async move {
            let dialer = self.dialer(info);
            let link = dialer.dial().await?;
            let address = dialer.address();
            Node::start(dialer, Some(link), self.0.stale.clone())
                .map_err(|error| ConnectError::Other { address, reason: error.to_string() })
        };
        let nodes = try_join_all(infos.into_iter().map(dial)).await?;
        self.0.map.write().nodes = nodes.into_iter().map(Arc::new).collect();
        self.adopt(ranges);
        Ok(())
    }

    /// Writes number of partitions and layout at the first start ever; compares at every other.
    async fn claim(&self) -> Result<(), ConnectError> {
        let node = self.node(self.node_of_key(key::META));
        let explain = |e: RedisError| self.explain(&e, &node.dialer.info);
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

    /// The slot table of the node that has seen the newest epoch: right after a failover or a move
    /// the others lag behind, and a primary that was cut off lags for ever.
    async fn newest_slots(&self) -> Option<Vec<Range>> {
        let nodes = self.0.map.read().nodes.clone();
        let asked = nodes.into_iter().filter_map(|node| {
            let connection = node.connection().ok()?;
            Some(async move {
                let asking = slots_of(connection, host(&node.dialer.info));
                timeout(SLOTS_WAIT, asking).await.ok()?.ok()
            })
        });
        let mut answers: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
        if answers.is_empty() {
            answers = self.seeds_slots().await.into_iter().collect();
        }
        let newest = answers.into_iter().max_by_key(|(epoch, _)| *epoch);
        newest.map(|(_, ranges)| ranges).filter(|ranges| !ranges.is_empty())
    }

    /// All known nodes are gone: perhaps they have new addresses, and the URL's names lead to them.
    async fn seeds_slots(&self) -> Option<(u64, Vec<Range>)> {
        for seed in &self.0.target.seeds {
            if let Ok(link) = self.dialer(seed.clone()).dial().await
                && let Ok(answer) = slots_of(link.into_connection(), host(seed)).await
            {
                return Some(answer);
            }
        }
        None
    }

    /// Makes `ranges` the table in use; starts connections to new primaries.
    fn adopt(&self, ranges: &[Range]) {
        let mut map = self.0.map.write();
        let mut resolved = Vec::with_capacity(ranges.len());
        for range in ranges {
            let info = self.0.target.at(&range.host, range.port);
            let known = map.nodes.iter().position(|node| node.dialer.info.addr() == info.addr());
            let id = known.unwrap_or(map.nodes.len());
            if known.is_none() {
                match Node::start(self.dialer(info), None, self.0.stale.clone()) {
                    Ok(node) => map.nodes.push(Arc::new(node)),
                    Err(error) => {
                        tracing::error!(reason = %error, "the slot table names an unusable address");
                        return;
                    }
                }
            }
            resolved.push((range.first, range.last, NodeId(id)));
        }
        resolved.sort_unstable();
        if map.ranges != resolved {
            map.place(resolved);
            drop(map);
            self.0.changes.send_modify(|count| *count += 1);
        }
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

impl Map {
    fn empty() -> Self {
        Self {
            nodes: Vec::new(),
            primaries: Vec::new(),
            ranges: Vec::new(),
            by_partition: Vec::new(),
        }
    }

    fn standalone(node: Node) -> Self {
        let mut map = Self { nodes: vec![Arc::new(node)], ..Self::empty() };
        map.place(vec![(0, slots::SLOTS - 1, NodeId(0))]);
        map
    }

    /// Takes over sorted ranges and works out the tables that follow from them.
    fn place(&mut self, ranges: Vec<(u16, u16, NodeId)>) {
        self.primaries = ranges.iter().map(|range| range.2).collect();
        self.primaries.sort_unstable();
        self.primaries.dedup();
        self.ranges = ranges;
        self.by_partition = Partition::all().map(|p| self.node_of_slot(p.slot())).collect();
    }

    /// A slot that nobody serves now belongs to any node: its commands are refused there and tried
    /// again, which is what the caller must do anyway.
    fn node_of_slot(&self, slot: u16) -> NodeId {
        let at = self.ranges.partition_point(|(_, last, _)| *last < slot);
        self.ranges.get(at).map_or(NodeId(0), |(_, _, node)| *node)
    }
}

fn host(info: &ConnectionInfo) -> &str {
    match info.addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host,
        _ => "",
    }
}

/// A node's newest epoch and its slot table.
async fn slots_of(
    mut connection: MultiplexedConnection,
    host: &str,
) -> Result<(u64, Vec<Range>), RedisError> {
    let (info, slots): (String, redis::Value) = redis::pipe()
        .cmd("CLUSTER")
        .arg("INFO")
        .cmd("CLUSTER")
        .arg("SLOTS")
        .query_async(&mut connection)
        .await?;
    let epoch = info
        .lines()
        .find_map(|line| line.strip_prefix("cluster_current_epoch:")?.trim().parse().ok())
        .unwrap_or(0);
    Ok((epoch, slots::parse(slots, host)))
}

/// Reads the slot table when a connection was lost, often while a primary is down, and now and then.
async fn follow(inner: std::sync::Weak<Inner>) {
    loop {
        let Some(redis) = inner.upgrade().map(Redis) else { return };
        let all_up = redis.nodes().into_iter().all(|node| redis.is_up(node));
        let pause = if all_up { REFRESH_EVERY.0 } else { REFRESH_EVERY.1 };
        let stale = redis.0.stale.clone();
        drop(redis);
        tokio::select! {
            () = stale.notified() => {}
            () = sleep(pause) => {}
        }
        let Some(redis) = inner.upgrade().map(Redis) else { return };
        redis.refresh().await;
    }
}

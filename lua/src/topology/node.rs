//! One Redis primary: a shared connection that a task of its own keeps up, and a pool for exclusive use.
//! Behind sentinels another server may take its place; all connections to the old one then end at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use deadpool_redis::{Pool, PoolError};
use futures_util::future::try_join_all;
use parking_lot::RwLock;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, PushInfo, PushKind, RedisError,
};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::Settings;
use super::error::ConnectError;
use super::exclusive::{self, Exclusive};
use super::sentinel::Sentinels;

/// First and longest pause between attempts to connect. Short, because a restarted Redis should be
/// used again within a second; one attempt per half second and process is no burden.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// How often a quiet connection is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(1);

/// How to reach the primary, and with which limits.
#[derive(Clone)]
pub(super) struct Dialer {
    pub place: Place,
    pub settings: Settings,
    pub cluster: bool,
}

/// Where the primary is.
#[derive(Clone)]
pub(super) enum Place {
    /// At an address for good.
    At(Box<ConnectionInfo>),
    /// Where the sentinels say.
    Named(Arc<Sentinels>),
}

/// A connection that passed all checks, and what is known about the process at its other end.
pub(super) struct Link {
    connection: MultiplexedConnection,
    info: ConnectionInfo,
    run_id: Arc<str>,
    replication: Replication,
    closed: Arc<Notify>,
}

impl Link {
    /// Only the connection.
    pub fn into_connection(self) -> MultiplexedConnection {
        self.connection
    }
}

impl Dialer {
    /// Where the primary is, or was when it was found last.
    pub fn info(&self) -> ConnectionInfo {
        match &self.place {
            Place::At(info) => ConnectionInfo::clone(info),
            Place::Named(sentinels) => sentinels.last(),
        }
    }

    /// `host:port`, for people.
    pub fn address(&self) -> String {
        self.info().addr().to_string()
    }

    /// A bare RESP3 connection with deadlines; pushes go to `on_push`, in order, on the connection's
    /// own task.
    pub async fn connect(
        &self,
        info: ConnectionInfo,
        on_push: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.settings.connect_timeout))
            .set_response_timeout(Some(self.settings.command_timeout))
            .set_push_sender(move |push| -> Result<(), std::convert::Infallible> {
                on_push(push);
                Ok(())
            });
        Client::open(info)?.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Finds the primary, connects, checks that the server is what is needed, and loads all scripts.
    pub async fn dial(&self) -> Result<Link, ConnectError> {
        match &self.place {
            Place::At(info) => self.dial_at(ConnectionInfo::clone(info)).await,
            Place::Named(sentinels) => {
                let named = sentinels.ask(&self.settings).await?;
                let link = self.dial_at(named.info).await;
                let mut link = link.map_err(|error| error.named(sentinels.master()))?;
                link.replication.replicas = named.replicas;
                Ok(link)
            }
        }
    }

    async fn dial_at(&self, info: ConnectionInfo) -> Result<Link, ConnectError> {
        let explain =
            |e: RedisError| ConnectError::from_redis(&e, &info, self.settings.command_timeout);
        let closed = Arc::new(Notify::new());
        let on_closed = closed.clone();
        let connected = self.connect(info.clone(), move |push| {
            if push.kind == PushKind::Disconnection {
                on_closed.notify_one();
            }
        });
        let mut connection = connected.await.map_err(explain)?;
        let said: String =
            redis::cmd("INFO").query_async(&mut connection).await.map_err(explain)?;
        let run_id = self.check(&said, info.addr().to_string())?;
        load_scripts(&connection).await.map_err(explain)?;
        let replication = Replication::read(&said);
        Ok(Link { connection, info, run_id, replication, closed })
    }

    /// Checks kind, version and role of the server; gives the run id.
    fn check(&self, info: &str, address: String) -> Result<Arc<str>, ConnectError> {
        let field = |name: &str| field(info, name);
        let Some(version) = field("redis_version") else {
            return Err(ConnectError::NotRedis { address });
        };
        // The second is its name in Valkey 9.
        let mode = field("redis_mode").or(field("server_mode")).unwrap_or("standalone");
        if mode == "sentinel" {
            return Err(ConnectError::IsSentinel { address });
        }
        // Valkey reports the Redis version that it is compatible with: 7.2 or later.
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < 7) {
            return Err(ConnectError::TooOld { address, version: version.to_owned() });
        }
        match (mode == "cluster", self.cluster) {
            (true, false) => return Err(ConnectError::IsCluster { address }),
            (false, true) => return Err(ConnectError::IsNoCluster { address }),
            _ => {}
        }
        if field("loading") == Some("1") {
            return Err(ConnectError::Loading { address });
        }
        // In a cluster the slot table decides, and a demoted node tells it as well as any other.
        if !self.cluster && !Replication::read(info).primary {
            return Err(ConnectError::IsReplica { address });
        }
        Ok(field("run_id").unwrap_or_default().into())
    }
}

/// What a server says of its part in replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Replication {
    /// It is no replica.
    primary: bool,
    /// Replicas that follow it.
    replicas: usize,
}

impl Replication {
    /// Reads INFO, or its section `replication`.
    fn read(info: &str) -> Self {
        let follows = |line: &&str| line.starts_with("slave") && line.contains("state=online");
        Self {
            primary: field(info, "role") != Some("slave"),
            replicas: info.lines().filter(follows).count(),
        }
    }

    async fn ask(connection: &mut MultiplexedConnection) -> Result<Self, RedisError> {
        let info: String = redis::cmd("INFO").arg("replication").query_async(connection).await?;
        Ok(Self::read(&info))
    }
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// Loads every script, so that a pipeline may name them by hash.
pub(super) async fn load_scripts(connection: &MultiplexedConnection) -> Result<(), RedisError> {
    let load = |script: &'static redis::Script| {
        let mut connection = connection.clone();
        async move { script.load_async(&mut connection).await }
    };
    try_join_all(crate::script::all().into_iter().map(load)).await.map(drop)
}

/// A primary. Dropping it ends its task and connections.
pub(super) struct Node {
    pub dialer: Dialer,
    state: Arc<State>,
    keeper: JoinHandle<()>,
}

/// What callers see of a node, and its keeper changes.
struct State {
    link: RwLock<Option<Shown>>,
    pool: RwLock<Pool>,
    /// Counts the servers that were left because another is the primary.
    seat: watch::Sender<u64>,
    replicas: AtomicUsize,
    /// There is reason to try again at once.
    hurry: Notify,
}

/// A connection that is in use.
struct Shown {
    connection: MultiplexedConnection,
    run_id: Arc<str>,
    address: ConnectionAddr,
}

impl Node {
    /// Starts with `link`, if there is one already, and keeps the node connected from now on.
    /// `stale` is told whenever the connection is lost.
    pub fn start(
        dialer: Dialer,
        link: Option<Link>,
        stale: Arc<Notify>,
    ) -> Result<Self, RedisError> {
        let state = Arc::new(State {
            link: RwLock::default(),
            pool: RwLock::new(exclusive::pool(dialer.info(), &dialer.settings)?),
            seat: watch::channel(0).0,
            replicas: AtomicUsize::new(0),
            hurry: Notify::new(),
        });
        if let Some(link) = &link {
            // Shown at once, not by the task, which may not run before the first caller does.
            state.show(&dialer, link, 0);
        }
        let keeper = tokio::spawn(keep(dialer.clone(), link, state.clone(), stale));
        Ok(Self { dialer, state, keeper })
    }

    /// The shared connection, or at once an error while the node is down.
    pub fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        let link = self.state.link.read();
        link.as_ref().map(|shown| shown.connection.clone()).ok_or_else(|| self.is_down())
    }

    /// Where the present connection leads.
    pub fn present(&self) -> Option<ConnectionAddr> {
        self.state.link.read().as_ref().map(|shown| shown.address.clone())
    }

    /// The run id of the process behind the present connection.
    pub fn run_id(&self) -> Option<Arc<str>> {
        self.state.link.read().as_ref().map(|shown| shown.run_id.clone())
    }

    /// There is a connection, as far as is known.
    pub fn is_up(&self) -> bool {
        self.state.link.read().is_some()
    }

    /// Replicas that may take over, as far as is known.
    pub fn replicas(&self) -> usize {
        self.state.replicas.load(Relaxed)
    }

    pub fn set_replicas(&self, count: usize) {
        self.state.replicas.store(count, Relaxed);
    }

    /// Asks the server for its replicas.
    pub async fn count_replicas(&self) {
        if let Ok(mut connection) = self.connection()
            && let Ok(replication) = Replication::ask(&mut connection).await
        {
            self.set_replicas(replication.replicas);
        }
    }

    /// Tells when another server takes the place of this one: connections to it are of no use then.
    pub fn seat(&self) -> watch::Receiver<u64> {
        self.state.seat.subscribe()
    }

    /// Ends all connections at once: the server is the primary no more.
    pub fn leave(&self, reason: &str) {
        self.state.leave(reason);
    }

    /// There is reason to believe that a primary can be found now.
    pub fn hurry(&self) {
        self.state.hurry.notify_one();
    }

    /// A connection with its own pushes, to the server of now.
    pub async fn listen(
        &self,
        on_push: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, RedisError> {
        // Behind sentinels only what was checked is the primary.
        if matches!(self.dialer.place, Place::Named(_)) && !self.is_up() {
            return Err(self.is_down());
        }
        self.dialer.connect(self.dialer.info(), on_push).await
    }

    /// A connection that nobody else uses. Waits at most the command timeout for a free one.
    pub async fn exclusive(&self) -> Result<Exclusive, RedisError> {
        // Read first: the server may be left while a connection is made.
        let mut seat = self.seat();
        let number = *seat.borrow_and_update();
        let pool = self.state.pool.read().clone();
        match pool.get().await {
            Ok(connection) => Ok(Exclusive::new(connection, seat, number)),
            Err(PoolError::Backend(error)) => Err(error),
            Err(PoolError::Closed) => Err(self.is_down()),
            Err(other) => {
                Err(std::io::Error::new(std::io::ErrorKind::TimedOut, other.to_string()).into())
            }
        }
    }

    fn is_down(&self) -> RedisError {
        let reason = format!("no connection to Redis at {}", self.dialer.address());
        std::io::Error::new(std::io::ErrorKind::NotConnected, reason).into()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl State {
    /// Gives callers a connection; not if the server was left since `seat` was read.
    fn show(&self, dialer: &Dialer, link: &Link, seat: u64) -> bool {
        let mut shown = self.link.write();
        if *self.seat.borrow() != seat {
            return false;
        }
        let mut pool = self.pool.write();
        if matches!(dialer.place, Place::Named(_)) || pool.is_closed() {
            match exclusive::pool(link.info.clone(), &dialer.settings) {
                Ok(new) => *pool = new,
                Err(error) => {
                    tracing::error!(reason = %error, "the primary has an unusable address");
                    return false;
                }
            }
        }
        if !dialer.cluster {
            self.replicas.store(link.replication.replicas, Relaxed);
        }
        *shown = Some(Shown {
            connection: link.connection.clone(),
            run_id: link.run_id.clone(),
            address: link.info.addr().clone(),
        });
        true
    }

    fn leave(&self, reason: &str) {
        let shown = {
            let mut link = self.link.write();
            self.seat.send_modify(|count| *count += 1);
            self.pool.read().close();
            link.take()
        };
        let Some(shown) = shown else { return };
        tracing::warn!(redis.address = %shown.address, reason, "leaving this Redis");
        // Ends the connection for those who still have it, after the answers to what they sent.
        let mut connection = shown.connection;
        tokio::spawn(async move {
            let _ = redis::cmd("QUIT").query_async::<()>(&mut connection).await;
        });
    }
}

/// Connects, shows the connection, watches it, and starts again when it is lost. For ever.
async fn keep(dialer: Dialer, first: Option<Link>, state: Arc<State>, stale: Arc<Notify>) {
    let mut next = first;
    let mut down_since: Option<Instant> = None;
    let mut served: Option<ConnectionAddr> = None;
    loop {
        let mut seat = state.seat.subscribe();
        let number = *seat.borrow_and_update();
        let link = match next.take() {
            Some(link) => link,
            None => redial(&dialer, &state).await,
        };
        let server = link.info.addr().clone();
        if served.replace(server.clone()).is_some_and(|before| before != server)
            && *state.seat.borrow() == number
        {
            // The old one was lost before anybody told that it is to be left.
            state.leave("another server is the primary");
            next = Some(link);
            continue;
        }
        if !state.show(&dialer, &link, number) {
            continue;
        }
        if let Some(since) = down_since {
            let down_ms = since.elapsed().as_millis();
            tracing::info!(redis.address = %server, down_ms, "Redis is back");
        }
        let reason = tokio::select! {
            reason = watch(&link, &dialer, &state, &stale) => reason,
            _ = seat.changed() => None,
        };
        down_since = Some(Instant::now());
        if let Some(reason) = reason {
            *state.link.write() = None;
            tracing::warn!(redis.address = %server, reason, "the connection to Redis is lost");
        }
        stale.notify_one();
    }
}

/// Tries until it works. Says why not once, not at every attempt.
async fn redial(dialer: &Dialer, state: &State) -> Link {
    let mut pause = BACKOFF.0;
    let mut said = None;
    loop {
        match dialer.dial().await {
            Ok(link) => return link,
            Err(error) if said.as_ref() != Some(&error) => {
                tracing::warn!(reason = %error, "cannot connect to Redis, trying on");
                said = Some(error);
            }
            Err(_) => {}
        }
        tokio::select! {
            () = sleep(pause.mul_f64(rand::random_range(0.75..1.0))) => {}
            () = state.hurry.notified() => {}
        }
        pause = (pause * 2).min(BACKOFF.1);
    }
}

/// Returns when the connection is dead, with the reason: closed, or silent past the deadline. `None` when
/// the server was left because it is a replica now.
async fn watch(
    link: &Link,
    dialer: &Dialer,
    state: &State,
    stale: &Notify,
) -> Option<&'static str> {
    let mut primary = link.replication.primary;
    loop {
        if timeout(PING_EVERY, link.closed.notified()).await.is_ok() {
            return Some("closed");
        }
        // In place of a PING: a server that is a replica now answers that just as well.
        let mut connection = link.connection.clone();
        match Replication::ask(&mut connection).await {
            Ok(said) if dialer.cluster => {
                if said.primary != std::mem::replace(&mut primary, said.primary) {
                    stale.notify_one();
                }
            }
            Ok(said) if !said.primary => {
                state.leave("it has become a replica");
                return None;
            }
            Ok(said) => {
                if matches!(dialer.place, Place::At(_)) {
                    state.replicas.store(said.replicas, Relaxed);
                }
            }
            Err(error) if error.is_io_error() || error.is_unrecoverable_error() => {
                return Some("no answer to a ping");
            }
            Err(_) => {}
        }
    }
}

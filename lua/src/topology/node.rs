//! One Redis primary: a shared connection that a task of its own keeps up, and a pool for exclusive use.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::{Manager, Pool, PoolConfig, PoolError, Runtime, Timeouts};
use futures_util::future::try_join_all;
use parking_lot::RwLock;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, PushInfo, PushKind, RedisError};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::Settings;
use super::error::ConnectError;

/// First and longest pause between attempts to connect. Short, because a restarted Redis should be
/// used again within a second; one attempt per half second and process is no burden.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// How often a quiet connection is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(1);

/// Exclusive connections per node.
const EXCLUSIVE_MAX: usize = 16;

/// How to reach one server, and with which limits.
#[derive(Clone)]
pub(super) struct Dialer {
    pub info: ConnectionInfo,
    pub settings: Settings,
    pub cluster: bool,
}

/// A connection that passed all checks, and what is known about the process at its other end.
pub(super) struct Link {
    connection: MultiplexedConnection,
    run_id: Arc<str>,
    closed: Arc<Notify>,
}

impl Link {
    fn shown(&self) -> (MultiplexedConnection, Arc<str>) {
        (self.connection.clone(), self.run_id.clone())
    }

    /// Only the connection.
    pub fn into_connection(self) -> MultiplexedConnection {
        self.connection
    }
}

impl Dialer {
    /// `host:port`, for people.
    pub fn address(&self) -> String {
        self.info.addr().to_string()
    }

    /// A bare RESP3 connection with deadlines; pushes go to `on_push`, in order, on the connection's
    /// own task.
    pub async fn connect(
        &self,
        on_push: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.settings.connect_timeout))
            .set_response_timeout(Some(self.settings.command_timeout))
            .set_push_sender(move |push| -> Result<(), std::convert::Infallible> {
                on_push(push);
                Ok(())
            });
        Client::open(self.info.clone())?.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Connects, checks that the server is what is needed, and loads all scripts.
    pub async fn dial(&self) -> Result<Link, ConnectError> {
        let closed = Arc::new(Notify::new());
        let on_closed = closed.clone();
        let connected = self.connect(move |push| {
            if push.kind == PushKind::Disconnection {
                on_closed.notify_one();
            }
        });
        let mut connection = connected.await.map_err(|e| self.explain(&e))?;
        let info: String =
            redis::cmd("INFO").query_async(&mut connection).await.map_err(|e| self.explain(&e))?;
        let run_id = self.check(&info)?;
        load_scripts(&connection).await.map_err(|e| self.explain(&e))?;
        Ok(Link { connection, run_id, closed })
    }

    /// Checks kind, version and role of the server; gives the run id.
    fn check(&self, info: &str) -> Result<Arc<str>, ConnectError> {
        let address = self.address();
        let field = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
        };
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
        if !self.cluster && field("role") == Some("slave") {
            return Err(ConnectError::IsReplica { address });
        }
        Ok(field("run_id").unwrap_or_default().into())
    }

    fn explain(&self, error: &RedisError) -> ConnectError {
        ConnectError::from_redis(error, &self.info, self.settings.command_timeout)
    }
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
    link: Shown,
    pool: Pool,
    keeper: JoinHandle<()>,
}

impl Node {
    /// Starts with `link`, if there is one already, and keeps the node connected from now on.
    /// `stale` is told whenever the connection is lost.
    pub fn start(
        dialer: Dialer,
        link: Option<Link>,
        stale: Arc<Notify>,
    ) -> Result<Self, RedisError> {
        // Shown at once, not by the task, which may not run before the first caller does.
        let shown = Arc::new(RwLock::new(link.as_ref().map(Link::shown)));
        let pool = pool(&dialer)?;
        let keeper = tokio::spawn(keep(dialer.clone(), link, shown.clone(), stale));
        Ok(Self { dialer, link: shown, pool, keeper })
    }

    /// The shared connection, or at once an error while the node is down.
    pub fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        let link = self.link.read();
        let Some((connection, _)) = link.as_ref() else {
            let reason = format!("no connection to Redis at {}", self.dialer.address());
            return Err(std::io::Error::new(std::io::ErrorKind::NotConnected, reason).into());
        };
        Ok(connection.clone())
    }

    /// The run id of the process behind the present connection.
    pub fn run_id(&self) -> Option<Arc<str>> {
        self.link.read().as_ref().map(|(_, run_id)| run_id.clone())
    }

    /// There is a connection, as far as is known.
    pub fn is_up(&self) -> bool {
        self.link.read().is_some()
    }

    /// A connection that nobody else uses. Waits at most the command timeout for a free one.
    pub async fn exclusive(&self) -> Result<deadpool_redis::Connection, RedisError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            other => std::io::Error::new(std::io::ErrorKind::TimedOut, other.to_string()).into(),
        })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// No response timeout: the caller may block in Redis for as long as it says.
fn pool(dialer: &Dialer) -> Result<Pool, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(dialer.settings.connect_timeout))
        .set_response_timeout(None);
    let limits = PoolConfig {
        timeouts: Timeouts {
            wait: Some(dialer.settings.command_timeout),
            create: Some(dialer.settings.connect_timeout),
            recycle: Some(dialer.settings.command_timeout),
        },
        ..PoolConfig::new(EXCLUSIVE_MAX)
    };
    let manager = Manager::new_with_config(dialer.info.clone(), config)?;
    let built = Pool::builder(manager).config(limits).runtime(Runtime::Tokio1).build();
    Ok(built.expect("a runtime is given, which is all that a pool with timeouts needs"))
}

type Shown = Arc<RwLock<Option<(MultiplexedConnection, Arc<str>)>>>;

/// Connects, shows the connection, watches it, and starts again when it is lost. For ever.
async fn keep(dialer: Dialer, first: Option<Link>, shown: Shown, stale: Arc<Notify>) {
    let mut next = first;
    let mut down_since: Option<Instant> = None;
    loop {
        let link = match next.take() {
            Some(link) => link,
            None => redial(&dialer).await,
        };
        if let Some(since) = down_since {
            let down_ms = since.elapsed().as_millis();
            tracing::info!(redis.address = dialer.address(), down_ms, "Redis is back");
        }
        *shown.write() = Some(link.shown());
        let reason = watch(&link).await;
        *shown.write() = None;
        down_since = Some(Instant::now());
        tracing::warn!(redis.address = dialer.address(), reason, "the connection to Redis is lost");
        stale.notify_one();
    }
}

/// Tries until it works. Says why not once, not at every attempt.
async fn redial(dialer: &Dialer) -> Link {
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
        sleep(pause.mul_f64(rand::random_range(0.75..1.0))).await;
        pause = (pause * 2).min(BACKOFF.1);
    }
}

/// Returns, with the reason, when the connection is dead: closed, or silent past the deadline.
async fn watch(link: &Link) -> &'static str {
    loop {
        if timeout(PING_EVERY, link.closed.notified()).await.is_ok() {
            return "closed";
        }
        let mut connection = link.connection.clone();
        let answer = redis::cmd("PING").query_async::<redis::Value>(&mut connection).await;
        if answer.is_err_and(|error| error.is_io_error() || error.is_unrecoverable_error()) {
            return "no answer to a ping";
        }
    }
}

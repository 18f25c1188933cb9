//! Sentinels: which server is the primary, and how many replicas may take its place.
//!
//! All of them are asked at once, and of their answers the one with the newest configuration epoch is
//! believed: right after a failover the others still name the old primary, which takes writes for some
//! 10 s more and then loses them. A sentinel that chose the replica to promote says that a failover is
//! under way; the old primary is not used from then on, or what it still takes would be lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use parking_lot::{Mutex, RwLock};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, PushInfo, PushKind, RedisError, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::Settings;
use super::error::ConnectError;
use super::url::at;

/// Longest wait for a sentinel. They are small and idle: one that is slower is as good as gone.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// When one has answered, the others are waited for this long.
const OTHERS_MAX: Duration = Duration::from_millis(100);

/// A failover that hangs is waited for this long; then the old primary is used again.
const UNDER_WAY_MAX: Duration = Duration::from_secs(10);

/// In what a sentinel says of a server.
type Fields = HashMap<String, String>;

/// The sentinels of a URL, and the primary that they watch under this name.
pub(super) struct Sentinels {
    master: String,
    watched: Vec<Watched>,
    /// Login and options for the servers.
    template: ConnectionInfo,
    /// Where the primary was at the last answer.
    last: RwLock<ConnectionInfo>,
    /// The newest configuration epoch that was seen.
    newest: AtomicU64,
    under_way_since: Mutex<Option<Instant>>,
    /// Told when a sentinel says something of this primary, and when a connection to one ends.
    pub news: Arc<Notify>,
}

/// One sentinel.
struct Watched {
    info: ConnectionInfo,
    /// Carries questions and, unasked, what the sentinel tells of.
    connection: Arc<RwLock<Option<MultiplexedConnection>>>,
    /// Why it could not be asked, if that was so the last time; and what was logged of it.
    problem: Mutex<Option<ConnectError>>,
    logged: Mutex<Option<ConnectError>>,
}

/// The primary, as the sentinels see it.
pub(super) struct Named {
    pub info: ConnectionInfo,
    /// Replicas that may be promoted.
    pub replicas: usize,
}

/// What one sentinel answers.
struct Answer {
    host: String,
    port: u16,
    epoch: u64,
    /// It is about to promote a replica, and names the old primary still.
    under_way: bool,
    replicas: usize,
}

impl Sentinels {
    pub fn new(master: &str, infos: Vec<ConnectionInfo>, template: ConnectionInfo) -> Self {
        let watched = infos.into_iter().map(|info| Watched {
            info,
            connection: Arc::default(),
            problem: Mutex::default(),
            logged: Mutex::default(),
        });
        Self {
            master: master.to_owned(),
            watched: watched.collect(),
            last: RwLock::new(template.clone()),
            template,
            newest: AtomicU64::new(0),
            under_way_since: Mutex::default(),
            news: Arc::default(),
        }
    }

    /// The sentinels' name for the primary.
    pub fn master(&self) -> &str {
        &self.master
    }

    /// Where the primary was when the sentinels were asked last.
    pub fn last(&self) -> ConnectionInfo {
        self.last.read().clone()
    }

    /// Asks all sentinels for the primary of now.
    pub async fn ask(&self, settings: &Settings) -> Result<Named, ConnectError> {
        let mut asking: FuturesUnordered<_> =
            self.watched.iter().map(|one| one.ask(&self.master, &self.news, settings)).collect();
        let mut answers = Vec::new();
        let mut problems = Vec::new();
        let mut deadline = Instant::now() + 2 * ANSWER_MAX;
        while let Ok(Some(answer)) = timeout_at(deadline, asking.next()).await {
            match answer {
                Ok(answer) => {
                    deadline = deadline.min(Instant::now() + OTHERS_MAX);
                    answers.push(answer);
                }
                Err(problem) => problems.push(problem),
            }
        }
        drop(asking);
        if answers.is_empty() {
            return Err(self.nobody(problems));
        }
        let named = self.choose(&answers)?;
        *self.last.write() = named.info.clone();
        Ok(named)
    }

    /// The answer to believe.
    fn choose(&self, answers: &[Answer]) -> Result<Named, ConnectError> {
        let epoch = answers.iter().map(|answer| answer.epoch).max().unwrap_or_default();
        // Sentinels that were cut off during a failover name the old primary. When all say so they
        // were set up anew.
        if epoch < self.newest.load(Relaxed) && answers.len() < self.watched.len() {
            return Err(ConnectError::SentinelsBehind { master: self.master.clone() });
        }
        self.newest.store(epoch, Relaxed);
        let newest: Vec<_> = answers.iter().filter(|answer| answer.epoch == epoch).collect();
        if self.waits_for_failover(newest.iter().any(|answer| answer.under_way)) {
            return Err(ConnectError::FailoverUnderWay { master: self.master.clone() });
        }
        let votes = |one: &Answer| {
            newest.iter().filter(|other| (&other.host, other.port) == (&one.host, one.port)).count()
        };
        let chosen = newest.iter().max_by_key(|answer| votes(answer)).expect("there is an answer");
        let replicas = newest.iter().map(|answer| answer.replicas).max().unwrap_or_default();
        Ok(Named { info: at(&self.template, &chosen.host, chosen.port), replicas })
    }

    fn waits_for_failover(&self, under_way: bool) -> bool {
        let mut since = self.under_way_since.lock();
        if !under_way {
            *since = None;
            return false;
        }
        since.get_or_insert_with(Instant::now).elapsed() < UNDER_WAY_MAX
    }

    /// Why there is no answer: what a sentinel said against it, or that none can be reached.
    fn nobody(&self, problems: Vec<ConnectError>) -> ConnectError {
        let spoken = |problem: &&ConnectError| !problem.is_unreachable();
        if let Some(problem) = problems.iter().find(spoken) {
            return problem.clone();
        }
        let reason = problems.first().map_or_else(|| "no answer".to_owned(), ToString::to_string);
        ConnectError::NoSentinel { master: self.master.clone(), reason }
    }

    /// Logs which sentinels cannot be asked, and which can be again: each change once.
    pub fn log_changes(&self) {
        for one in &self.watched {
            let problem = one.problem.lock().clone();
            let mut logged = one.logged.lock();
            if *logged == problem {
                continue;
            }
            let address = one.address();
            match &problem {
                Some(reason) => {
                    tracing::warn!(sentinel.address = address, %reason, "a sentinel cannot be asked");
                }
                None => tracing::info!(sentinel.address = address, "a sentinel answers again"),
            }
            *logged = problem;
        }
    }

    #[cfg(test)]
    pub fn addresses(&self) -> Vec<String> {
        self.watched.iter().map(Watched::address).collect()
    }

    #[cfg(test)]
    pub fn logins(&self) -> impl Iterator<Item = &redis::RedisConnectionInfo> {
        self.watched.iter().map(|one| one.info.redis_settings())
    }
}

impl Watched {
    fn address(&self) -> String {
        self.info.addr().to_string()
    }

    async fn ask(
        &self,
        master: &str,
        news: &Arc<Notify>,
        settings: &Settings,
    ) -> Result<Answer, ConnectError> {
        let limit = ANSWER_MAX.min(settings.command_timeout).min(settings.connect_timeout);
        let asked = self.question(master, news, limit).await;
        let answer = match asked {
            Ok(answer) => answer.ok_or_else(|| self.unknown(master)),
            Err(error) => {
                if error.is_io_error() {
                    *self.connection.write() = None;
                }
                Err(self.explain(&error, master, limit))
            }
        };
        *self.problem.lock() = answer.as_ref().err().cloned();
        answer
    }

    async fn question(
        &self,
        master: &str,
        news: &Arc<Notify>,
        limit: Duration,
    ) -> Result<Option<Answer>, RedisError> {
        let known = self.connection.read().clone();
        let mut connection = match known {
            Some(connection) => connection,
            None => self.connect(master, news, limit).await?,
        };
        let mut ask = redis::pipe();
        for question in ["GET-MASTER-ADDR-BY-NAME", "MASTER", "REPLICAS"] {
            ask.cmd("SENTINEL").arg(question).arg(master);
        }
        let (address, fields, replicas): (Option<(String, u16)>, Fields, Vec<Fields>) =
            ask.query_async(&mut connection).await?;
        Ok(address.map(|address| Answer::new(address, &fields, &replicas)))
    }

    /// Connects and listens to all that the sentinel tells.
    async fn connect(
        &self,
        master: &str,
        news: &Arc<Notify>,
        limit: Duration,
    ) -> Result<MultiplexedConnection, RedisError> {
        // Weak: the connection's task must not keep alive what keeps the connection alive.
        let (place, news, master) =
            (Arc::downgrade(&self.connection), news.clone(), master.to_owned());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(limit))
            .set_response_timeout(Some(limit))
            .set_push_sender(move |push: PushInfo| -> Result<(), std::convert::Infallible> {
                if push.kind == PushKind::Disconnection {
                    if let Some(place) = place.upgrade() {
                        *place.write() = None;
                    }
                    news.notify_one();
                } else if concerns(&push, &master) {
                    news.notify_one();
                }
                Ok(())
            });
        let client = Client::open(self.info.clone())?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        connection.psubscribe("*").await?;
        *self.connection.write() = Some(connection.clone());
        Ok(connection)
    }

    fn unknown(&self, master: &str) -> ConnectError {
        ConnectError::MasterUnknown { address: self.address(), master: master.to_owned() }
    }

    fn explain(&self, error: &RedisError, master: &str, waited: Duration) -> ConnectError {
        let address = self.address();
        let said = error.to_string();
        match ConnectError::from_redis(error, &self.info, waited) {
            ConnectError::PasswordMissing { .. } => {
                ConnectError::SentinelPasswordMissing { address }
            }
            ConnectError::PasswordWrong { .. } => ConnectError::SentinelPasswordWrong { address },
            ConnectError::Other { .. } if said.contains("No such master") => self.unknown(master),
            ConnectError::Other { .. } if said.contains("unknown command") => {
                ConnectError::IsNoSentinel { address }
            }
            other => other,
        }
    }
}

impl Answer {
    fn new((host, port): (String, u16), fields: &Fields, replicas: &[Fields]) -> Self {
        let text = |name: &str| fields.get(name).map_or("", String::as_str);
        let promoting = has(text("flags"), "failover_in_progress");
        // Once the replica is promoted its address is given out, while the fields still have the old.
        let old = text("ip") == host && text("port").parse() == Ok(port);
        Self {
            host,
            port,
            epoch: text("config-epoch").parse().unwrap_or_default(),
            under_way: promoting && old,
            replicas: replicas.iter().filter(|replica| may_be_promoted(replica)).count(),
        }
    }
}

/// Whether a sentinel would choose this replica.
fn may_be_promoted(replica: &Fields) -> bool {
    let text = |name: &str| replica.get(name).map_or("", String::as_str);
    let number = |name: &str| text(name).parse::<i64>().unwrap_or_default();
    let lost = ["s_down", "o_down", "disconnected"].iter().any(|flag| has(text("flags"), flag));
    // A replica without its primary for longer than this is too far behind; see the sentinels' manual.
    let behind = number("master-link-down-time") > 10 * number("down-after-milliseconds");
    !lost && !behind && number("slave-priority") != 0
}

fn has(flags: &str, flag: &str) -> bool {
    flags.split(',').any(|other| other == flag)
}

/// Whether something that a sentinel tells is about this primary or one of its replicas.
fn concerns(push: &PushInfo, master: &str) -> bool {
    let Some(Value::BulkString(words)) = push.data.last() else { return false };
    push.kind == PushKind::PMessage
        && String::from_utf8_lossy(words).split(' ').any(|word| word == master)
}

//! What can be wrong with Redis: a sentence for the operator at the start, a kind for the code later.

use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, ErrorKind, RedisError, ServerErrorKind};

use crate::durability::Durability;

/// Why no connection could be set up. Each is one sentence for an operator; none holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The URL is unusable.
    #[error(
        "the Redis URL is not usable: {reason} (write redis://[user:password@]host:port[/db], \
         redis+cluster://host:port,host:port, or redis+sentinel://host:port,host:port/name; rediss \
         for TLS)"
    )]
    BadUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nobody listens there, or the name or network is unknown.
    #[error(
        "Redis at {address} cannot be reached ({reason}): is it running, is the address right?"
    )]
    Unreachable {
        /// host:port
        address: String,
        /// The system's words.
        reason: String,
    },
    /// Somebody listens but says nothing in time.
    #[error("{address} does not answer within {} ms: is it overloaded, or no Redis?", .waited.as_millis())]
    Silent {
        /// host:port
        address: String,
        /// The time limit.
        waited: Duration,
    },
    /// The connection was cut before the first answer.
    #[error("{address} closed the connection at once: does it expect TLS (rediss://)?")]
    Closed {
        /// host:port
        address: String,
    },
    /// TLS could not be agreed upon.
    #[error(
        "TLS with Redis at {address} failed ({reason}); a private CA is named by SSL_CERT_FILE"
    )]
    Tls {
        /// host:port
        address: String,
        /// The TLS library's words.
        reason: String,
    },
    /// A password is needed and the URL has none.
    #[error("Redis at {address} wants a password and the URL has none")]
    PasswordMissing {
        /// host:port
        address: String,
    },
    /// User name or password are wrong.
    #[error("Redis at {address} refuses the user name or password of the URL")]
    PasswordWrong {
        /// host:port
        address: String,
    },
    /// The ACL user may not do what is needed.
    #[error("the user of the URL lacks a permission on Redis at {address}: {reason}")]
    NotPermitted {
        /// host:port
        address: String,
        /// Redis's words.
        reason: String,
    },
    /// The peer speaks another protocol.
    #[error("{address} answers, but not like a Redis: is this the right port?")]
    NotRedis {
        /// host:port
        address: String,
    },
    /// Sharded pub/sub does not exist before 7.0.
    #[error("Redis at {address} has version {version}; 7.0 or later is needed (or any Valkey)")]
    TooOld {
        /// host:port
        address: String,
        /// As the server reports it.
        version: String,
    },
    /// A `redis://` URL that leads into a cluster.
    #[error("{address} is a node of a Redis Cluster: write redis+cluster:// in place of redis://")]
    IsCluster {
        /// host:port
        address: String,
    },
    /// A `redis+cluster://` URL that leads to a single server.
    #[error("{address} is no node of a Redis Cluster: write redis:// in place of redis+cluster://")]
    IsNoCluster {
        /// host:port
        address: String,
    },
    /// A sentinel answers, not the Redis it watches.
    #[error(
        "{address} is a Redis Sentinel: write redis+sentinel://{address}/NAME, with its name for the \
         primary"
    )]
    IsSentinel {
        /// host:port
        address: String,
    },
    /// A replica cannot be written to.
    #[error("Redis at {address} is a read-only replica: give the address of its primary")]
    IsReplica {
        /// host:port
        address: String,
    },
    /// No sentinel can be reached.
    #[error("no sentinel can be asked where {master} is ({reason})")]
    NoSentinel {
        /// The sentinels' name for the primary.
        master: String,
        /// What is wrong with one of them.
        reason: String,
    },
    /// The sentinels watch others.
    #[error(
        "the sentinel at {address} watches no primary with the name {master}: `SENTINEL MASTERS` lists them"
    )]
    MasterUnknown {
        /// host:port of the sentinel
        address: String,
        /// The name of the URL.
        master: String,
    },
    /// A server that is no sentinel.
    #[error(
        "{address} is no Redis Sentinel: give the addresses of the sentinels (port 26379 mostly), or write redis://"
    )]
    IsNoSentinel {
        /// host:port
        address: String,
    },
    /// A sentinel has a password of its own.
    #[error(
        "the sentinel at {address} wants a password: add ?sentinel_password=… (and sentinel_user=…) to the URL"
    )]
    SentinelPasswordMissing {
        /// host:port of the sentinel
        address: String,
    },
    /// The sentinels' own login is wrong.
    #[error("the sentinel at {address} refuses sentinel_user or sentinel_password of the URL")]
    SentinelPasswordWrong {
        /// host:port of the sentinel
        address: String,
    },
    /// The primary's address is of no use here.
    #[error(
        "the sentinels say that {master} is at {address}, which cannot be reached from here ({reason}): \
         is it down, or do they know it by an address of another network?"
    )]
    NamedUnreachable {
        /// The sentinels' name for the primary.
        master: String,
        /// host:port that they give.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// A failover is not over.
    #[error(
        "the sentinels say that {master} is at {address}, which is a replica: a failover may be under way"
    )]
    NamedReplica {
        /// The sentinels' name for the primary.
        master: String,
        /// host:port that they give.
        address: String,
    },
    /// A replica is about to be promoted.
    #[error("a failover of {master} is under way: try again in a moment")]
    FailoverUnderWay {
        /// The sentinels' name for the primary.
        master: String,
    },
    /// The sentinels that answer were not there at the last failover.
    #[error(
        "the sentinels that can be reached do not know of the last failover of {master}: are they cut off from the others?"
    )]
    SentinelsBehind {
        /// The sentinels' name for the primary.
        master: String,
    },
    /// It is starting.
    #[error("Redis at {address} is still loading its data: try again in a moment")]
    Loading {
        /// host:port
        address: String,
    },
    /// The cluster does not serve all slots.
    #[error("the Redis Cluster at {address} is not complete ({missing} of 16384 slots unserved)")]
    ClusterIncomplete {
        /// host:port
        address: String,
        /// Slots without a primary.
        missing: usize,
    },
    /// A server is not set up for what was asked for.
    #[error("DURABILITY={durability} cannot be kept: {reason}")]
    NotDurable {
        /// What was asked for.
        durability: Durability,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The data were written with another layout.
    #[error(
        "the data in Redis have {field}={found} and this program needs {field}={expected}: \
         use the version that wrote them, or an empty Redis"
    )]
    OtherLayout {
        /// Field of `rt:meta`.
        field: &'static str,
        /// What the data have.
        found: String,
        /// What this program has.
        expected: String,
    },
    /// Anything else, in Redis's words.
    #[error("Redis at {address} failed: {reason}")]
    Other {
        /// host:port
        address: String,
        /// Redis's words.
        reason: String,
    },
}

impl ConnectError {
    /// Nobody was there to say anything.
    pub(super) fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Silent { .. } | Self::Closed { .. })
    }

    /// The same of a server whose address the sentinels gave for `master`.
    pub(super) fn named(self, master: &str) -> Self {
        let master = master.to_owned();
        match self {
            Self::Unreachable { address, reason } => {
                Self::NamedUnreachable { master, address, reason }
            }
            Self::Silent { address, waited } => {
                let reason = format!("no answer within {} ms", waited.as_millis());
                Self::NamedUnreachable { master, address, reason }
            }
            Self::IsReplica { address } => Self::NamedReplica { master, address },
            other => other,
        }
    }

    /// Reads what a first connection or command failed with.
    pub(super) fn from_redis(error: &RedisError, peer: &ConnectionInfo, waited: Duration) -> Self {
        let address = peer.addr().to_string();
        let encrypted = matches!(peer.addr(), ConnectionAddr::TcpTls { .. });
        let text = error.to_string();
        match (error.kind(), error.code().unwrap_or_default()) {
            (_, "NOAUTH") => Self::PasswordMissing { address },
            (ErrorKind::AuthenticationFailed, _) | (_, "WRONGPASS") => {
                Self::PasswordWrong { address }
            }
            (_, "NOPERM") => {
                Self::NotPermitted { address, reason: error.detail().unwrap_or(&text).to_owned() }
            }
            (_, "LOADING") => Self::Loading { address },
            (_, "READONLY") => Self::IsReplica { address },
            (ErrorKind::Parse, _) => Self::NotRedis { address },
            (ErrorKind::RESP3NotSupported, _) => {
                Self::TooOld { address, version: "below 6".to_owned() }
            }
            // A Redis without TLS waits for the end of what it takes for a command.
            (ErrorKind::Io, _) if error.is_timeout() && encrypted => {
                let waited = waited.as_millis();
                let reason = format!("no answer within {waited} ms: does the port speak TLS?");
                Self::Tls { address, reason }
            }
            (ErrorKind::Io, _) if error.is_timeout() => Self::Silent { address, waited },
            (ErrorKind::Io, _) if is_tls(&text) => Self::Tls { address, reason: text },
            (ErrorKind::Io, _) if error.is_connection_refusal() => {
                Self::Unreachable { address, reason: "connection refused".to_owned() }
            }
            (ErrorKind::Io, _) if error.is_connection_dropped() => Self::Closed { address },
            (ErrorKind::Io, _) => Self::Unreachable { address, reason: text },
            _ => Self::Other { address, reason: text },
        }
    }
}

/// The TLS library's errors arrive as text inside an I/O error.
fn is_tls(text: &str) -> bool {
    ["certificate", "corrupt message", "TLS", "handshake", "AlertReceived", "received fatal alert"]
        .iter()
        .any(|word| text.contains(word))
}

/// What an error of a running command means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The slot is (or is going to be) on another node: [`super::Redis::refresh`], then again.
    Moved,
    /// The script is not loaded: [`super::Redis::load_scripts`], then again.
    NoScript,
    /// The connection is down; what was sent may or may not have been done.
    Gone,
    /// The node is no longer the primary: [`super::Redis::refresh`], then again.
    ReadOnly,
    /// Redis is up but does not serve now: loading its data, a cluster without all slots, no memory left,
    /// too few replicas.
    Loading,
    /// No answer in time; what was sent may or may not have been done.
    Timeout,
    /// Redis understood and says no: trying again will not help.
    Other,
}

/// What `error` means for the caller.
pub fn classify(error: &RedisError) -> Trouble {
    match error.kind() {
        // A blocked command when its server becomes a replica.
        _ if error.code() == Some("UNBLOCKED") => Trouble::ReadOnly,
        // Redis would do it, but not now: too few replicas, no disk, no memory, a script that runs on.
        _ if matches!(error.code(), Some("NOREPLICAS" | "MISCONF" | "OOM" | "BUSY")) => {
            Trouble::Loading
        }
        ErrorKind::Server(kind) => match kind {
            ServerErrorKind::Moved | ServerErrorKind::Ask | ServerErrorKind::TryAgain => {
                Trouble::Moved
            }
            ServerErrorKind::NoScript => Trouble::NoScript,
            ServerErrorKind::ReadOnly => Trouble::ReadOnly,
            ServerErrorKind::BusyLoading
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown => Trouble::Loading,
            _ => Trouble::Other,
        },
        ErrorKind::Io if error.is_timeout() => Trouble::Timeout,
        ErrorKind::Io | ErrorKind::Parse | ErrorKind::AuthenticationFailed => Trouble::Gone,
        _ => Trouble::Other,
    }
}

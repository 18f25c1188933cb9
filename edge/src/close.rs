//! Why a session or a connection ends: the one list of all reasons, and for each whether the client
//! may come back by itself.

/// Why an Engine.IO session, or one Socket.IO connection on it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The client closed the transport, or its network did.
    TransportClose,
    /// The transport broke: an aborted poll, a failed read or write.
    TransportError,
    /// Two GETs, or two POSTs, of one polling session at the same time.
    Overlap,
    /// No answer to a ping in time.
    PingTimeout,
    /// What came was not the protocol.
    ParseError,
    /// A message, or the attachments of one packet, above the payload limit.
    TooLarge,
    /// No namespace was joined in time.
    ConnectTimeout,
    /// The client reads slower than it is sent to: too many unsent bytes, or none taken for too long.
    Slow,
    /// Events were missed that cannot be read any more: the client must start afresh.
    Gap,
    /// This edge is stopping.
    Drain,
    /// The client left the namespace and kept the transport.
    ClientDisconnect,
    /// The server put this client out.
    ServerDisconnect,
    /// The token's time was over.
    TokenExpired,
}

impl Reason {
    /// The word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::TransportClose => "transport-close",
            Reason::TransportError => "transport-error",
            Reason::Overlap => "overlap",
            Reason::PingTimeout => "ping-timeout",
            Reason::ParseError => "parse-error",
            Reason::TooLarge => "too-large",
            Reason::ConnectTimeout => "connect-timeout",
            Reason::Slow => "slow",
            Reason::Gap => "gap",
            Reason::Drain => "drain",
            Reason::ClientDisconnect => "client-disconnect",
            Reason::ServerDisconnect => "server-disconnect",
            Reason::TokenExpired => "token-expired",
        }
    }

    /// Whether the client is to reconnect by itself. If not, it is told so with a Socket.IO
    /// DISCONNECT packet before the transport closes; a client that only loses its transport
    /// comes back on its own.
    pub fn may_return(self) -> bool {
        !matches!(self, Reason::ClientDisconnect | Reason::ServerDisconnect | Reason::TokenExpired)
    }

    /// Whether the server decided to end a session that was in order. Only then has a polling
    /// client, which may have no GET pending, something left to fetch.
    pub(crate) fn is_orderly(self) -> bool {
        matches!(
            self,
            Reason::Slow
                | Reason::Gap
                | Reason::Drain
                | Reason::ServerDisconnect
                | Reason::TokenExpired
        )
    }

    /// The status code of the WebSocket close frame (RFC 6455, section 7.4).
    pub(crate) fn websocket_code(self) -> u16 {
        match self {
            Reason::Drain => 1001,
            Reason::ParseError => 1002,
            Reason::TooLarge => 1009,
            Reason::Slow => 1013,
            _ => 1000,
        }
    }
}

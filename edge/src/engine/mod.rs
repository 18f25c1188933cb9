//! Engine.IO v4, the layer below Socket.IO: sessions over HTTP long-polling, over a websocket, or
//! begun with the first and continued over the second. It carries messages and knows nothing of
//! what they say; an [`Application`] sits on top.
//!
//! ```text
//! handle -+- polling: GET, POST ------+-> session -> conversation (Socket.IO)
//!         +- websocket: one task -----+      ^
//!         +- upgrade: probe, then it -+      +--- outbox <- anyone
//! ```

mod answer;
mod heartbeat;
mod meters;
mod packet;
mod polling;
mod registry;
mod request;
mod session;
mod sweep;
mod upgrade;
mod websocket;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::http::request::Parts;
use hyper::{Request, Response, body::Incoming};
use tokio::time::Instant;

use self::meters::Meters;
use self::registry::Registry;
use self::request::Purpose;
use self::session::Session;
use crate::close::Reason;
use crate::core::Core;
use crate::outbox::Outbox;
use crate::socket::{Product, SocketIo};

/// Limits and times of the protocol layer.
#[derive(Debug, Clone)]
pub struct Settings {
    /// From the opening, or the last answer, to the next ping.
    pub ping_interval: Duration,
    /// From a ping to the end of the session if no answer comes.
    pub ping_timeout: Duration,
    /// How long a client may take to join its first namespace.
    pub connect_timeout: Duration,
    /// How long an upgrade may take, from its websocket to its last packet.
    pub upgrade_timeout: Duration,
    /// How long a websocket may take none of the bytes written to it, and a POST none of its own.
    pub stall_timeout: Duration,
    /// The largest message, polling payload, or sum of one packet's attachments, in bytes.
    pub payload_bytes_max: usize,
    /// What may wait for one client, in bytes.
    pub unsent_bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(45),
            upgrade_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(20),
            payload_bytes_max: 1_000_000,
            unsent_bytes_max: 1024 * 1024,
        }
    }
}

/// What carries a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// A websocket.
    WebSocket,
}

impl Transport {
    /// The name that clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Polling => "polling",
            Transport::WebSocket => "websocket",
        }
    }
}

/// What runs on top of Engine.IO.
pub trait Application: Send + Sync + 'static {
    /// Its part of one session.
    type Conversation: Conversation;

    /// A session opens: `request` is the one that asked for it, `outbox` leads to its client.
    fn open(
        &self,
        request: &Parts,
        peer: SocketAddr,
        outbox: &Arc<Outbox>,
    ) -> Result<Self::Conversation, Flood>;
}

/// So many sessions open from one place that the next does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flood {
    /// When another try makes sense.
    pub retry_after_ms: u64,
}

/// The receiving side of one session. Its calls come one at a time and in the client's order. They
/// must be quick, and must not block.
pub trait Conversation: Send + 'static {
    /// A text message. An error ends the session.
    fn text(&mut self, text: &str, transport: Transport) -> Result<(), Reason>;

    /// A binary message. An error ends the session.
    fn binary(&mut self, data: Bytes, transport: Transport) -> Result<(), Reason>;

    /// Until when the client has to do something that it owes, and the reason if it does not.
    fn deadline(&self) -> Option<(Instant, Reason)>;

    /// The session ended.
    fn closed(self, reason: Reason);
}

/// The Engine.IO server of one edge.
pub struct Engine<A: Application = SocketIo<Product>> {
    settings: Settings,
    application: A,
    sessions: Registry<A>,
    meters: Meters,
    draining: AtomicBool,
}

impl Engine {
    /// The product: Socket.IO with the core behind namespace `/`. Needs a Tokio runtime, and a
    /// metrics recorder that is installed already. The socket's owner sets TCP_NODELAY.
    pub fn new(settings: Settings, core: Arc<Core>) -> Arc<Engine> {
        let socket = SocketIo::new(Product::new(core), &settings);
        Engine::with(settings, socket)
    }
}

impl<A: Application> Engine<A> {
    /// An engine that carries any application.
    pub fn with(settings: Settings, application: A) -> Arc<Engine<A>> {
        let engine = Arc::new(Engine {
            settings,
            application,
            sessions: Registry::new(),
            meters: Meters::new(),
            draining: AtomicBool::new(false),
        });
        tokio::spawn(sweep::sweep(Arc::downgrade(&engine)));
        engine
    }

    /// Answers a request below the path of the protocol. Dropping the future means that the client
    /// went away, so it must run inside the connection's own future and not in a task of its own.
    pub async fn handle(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<Full<Bytes>> {
        match request::purpose(&request, |sid| self.sessions.find(sid)) {
            Ok(Purpose::Get(session)) => self.get(session).await,
            Ok(Purpose::Post(session)) => self.post(session, request).await,
            Ok(Purpose::OpenPolling | Purpose::OpenWebSocket) if self.is_draining() => {
                answer::draining()
            }
            Ok(Purpose::OpenPolling) => self.open_polling(request, peer),
            Ok(Purpose::OpenWebSocket) => self.open_websocket(request, peer),
            Ok(Purpose::Upgrade(session)) => self.upgrade(session, request),
            Err(refused) => refused.into_response(),
        }
    }

    /// How many sessions are open.
    pub fn connections(&self) -> usize {
        self.meters.open()
    }

    /// Closes all sessions, spread evenly over `within`, and lets no new one open. Clients see their
    /// transport close, never a Socket.IO DISCONNECT, so they come back by themselves, elsewhere.
    /// Returns when all are closed, or one second after the last was told to.
    pub async fn drain(self: &Arc<Self>, within: Duration) {
        self.draining.store(true, Ordering::Relaxed);
        sweep::drain(self, within).await;
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    fn new_outbox(&self) -> Arc<Outbox> {
        Arc::new(Outbox::new(self.settings.unsent_bytes_max))
    }

    /// Takes in a session whose transport stands.
    fn admit(&self, session: &Arc<Session<A>>, transport: Transport) {
        self.meters.opened(transport);
        self.sessions.insert(session.clone());
    }

    /// Ends a session, whoever noticed. The second to do so changes nothing.
    fn end(&self, session: &Session<A>, reason: Reason) {
        let Some(closing) = session.close(reason) else {
            return;
        };
        if !closing.lingers {
            self.sessions.remove(&session.sid);
        }
        self.meters.closed(closing.transport, reason);
        closing.conversation.closed(reason);
    }

    /// Judges a session when something of its client arrives. False if it is over.
    fn is_alive(&self, session: &Session<A>) -> bool {
        match session.due(Instant::now()) {
            Ok(_) => true,
            Err(reason) => {
                self.end(session, reason);
                false
            }
        }
    }

    /// The open packet, with exactly the five keys of the protocol.
    fn handshake(&self, session: &Session<A>, upgrades: &str) -> String {
        format!(
            r#"0{{"sid":"{}","upgrades":[{upgrades}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            session.sid.as_str(),
            self.settings.ping_interval.as_millis(),
            self.settings.ping_timeout.as_millis(),
            self.settings.payload_bytes_max,
        )
    }
}

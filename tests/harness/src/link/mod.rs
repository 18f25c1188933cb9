//! A Socket.IO connection that may fail at any moment, for those who live with that: nothing here
//! panics, and what comes is given to the owner in its order, as it comes.

mod polling;
mod websocket;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long connecting may take.
const OPEN_MAX: Duration = Duration::from_secs(5);

/// Frames that may wait to be written.
const OUTGOING_MAX: usize = 1024;

/// How a link reaches its edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// One WebSocket.
    WebSocket,
    /// HTTP long-polling.
    Polling,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The acknowledgement.
    Answer(Value),
    /// None within the time, or none before the link ended: the event may have been applied or not.
    Unknown,
}

/// Why there is no link.
#[derive(Debug)]
pub enum NotOpen {
    /// CONNECT_ERROR's object.
    Refused(Value),
    /// The network or the edge said no, or nothing.
    Failed(String),
}

/// Who is given each event: its name and payload.
pub type Hear = Box<dyn Fn(&str, &Value) + Send + Sync>;

/// A connection. Dropping it cuts it.
pub struct Link {
    sid: String,
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<String>,
    next_ack: AtomicU64,
}

/// What the link and its tasks share.
struct Shared {
    hear: Hear,
    acks: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    over: CancellationToken,
}

/// The times of Engine.IO's open packet: how long silence may last.
#[derive(Debug, Clone, Copy)]
struct Patience(Duration);

impl Link {
    /// Connects with a token to the edge at `http://host:port`.
    pub async fn open(
        url: &str,
        transport: Transport,
        token: &str,
        hear: Hear,
    ) -> Result<Self, NotOpen> {
        let (outgoing, frames) = mpsc::channel(OUTGOING_MAX);
        let shared =
            Arc::new(Shared { hear, acks: Mutex::default(), over: CancellationToken::new() });
        let connect = format!("40{}", json!({ "token": token }));
        let opening = async {
            match transport {
                Transport::WebSocket => {
                    websocket::open(url, connect, frames, Arc::clone(&shared)).await
                }
                Transport::Polling => {
                    polling::open(url, connect, frames, Arc::clone(&shared)).await
                }
            }
        };
        let sid = timeout(OPEN_MAX, opening)
            .await
            .unwrap_or_else(|_| Err(NotOpen::Failed("no answer in time".to_owned())));
        match sid {
            Ok(sid) => Ok(Self { sid, shared, outgoing, next_ack: AtomicU64::new(0) }),
            Err(problem) => {
                shared.over.cancel();
                Err(problem)
            }
        }
    }

    /// The public Socket.IO id.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// Sends an event without asking for an acknowledgement.
    pub async fn emit(&self, event: &str, payload: &Value) {
        self.send(format!("42{}", json!([event, payload]))).await;
    }

    /// Sends an event and waits for its acknowledgement, at most `limit`.
    pub async fn call(&self, event: &str, payload: &Value, limit: Duration) -> Outcome {
        let ack = self.next_ack.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.shared.acks().insert(ack, sender);
        self.send(format!("42{ack}{}", json!([event, payload]))).await;
        let answered = tokio::select! {
            answered = timeout(limit, answer) => answered,
            () = self.shared.over.cancelled() => return Outcome::Unknown,
        };
        match answered {
            Ok(Ok(answer)) => Outcome::Answer(answer),
            _ => {
                self.shared.acks().remove(&ack);
                Outcome::Unknown
            }
        }
    }

    /// True while nobody has hung up.
    pub fn is_open(&self) -> bool {
        !self.shared.over.is_cancelled()
    }

    /// Waits until it is over.
    pub async fn closed(&self) {
        self.shared.over.cancelled().await;
    }

    async fn send(&self, packet: String) {
        // A link that is over, or stuck, has nobody to tell; who waits for an answer gets none.
        tokio::select! {
            _ = self.outgoing.send(packet) => {}
            () = self.shared.over.cancelled() => {}
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.over.cancel();
    }
}

impl Shared {
    fn acks(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Value>>> {
        self.acks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a packet in. False where it ends the link.
    fn take_in(&self, packet: &str) -> bool {
        match packet.get(..2) {
            Some("42" | "43") => self.event_or_ack(packet),
            Some("41") => return false,
            _ => return !packet.starts_with('1'),
        }
        true
    }

    fn event_or_ack(&self, packet: &str) {
        let digits = packet[2..].bytes().take_while(u8::is_ascii_digit).count();
        let (id, body) = packet[2..].split_at(digits);
        let Ok(Value::Array(body)) = serde_json::from_str(body) else { return };
        let mut body = body.into_iter();
        if packet.starts_with("43") {
            let waiting = id.parse().ok().and_then(|id: u64| self.acks().remove(&id));
            if let Some(waiting) = waiting {
                // Who asked may have stopped waiting.
                let _ = waiting.send(body.next().unwrap_or(Value::Null));
            }
        } else if let Some(Value::String(name)) = body.next() {
            (self.hear)(&name, &body.next().unwrap_or(Value::Null));
        }
    }
}

impl Patience {
    fn read(open: &Value) -> Self {
        let ms = |name: &str| open[name].as_u64().unwrap_or(25_000);
        Self(Duration::from_millis(ms("pingInterval") + ms("pingTimeout")))
    }
}

/// The sid of the answer to CONNECT.
fn connected(answer: &str) -> Result<String, NotOpen> {
    let parsed = answer.get(2..).map(serde_json::from_str::<Value>);
    match (answer.get(..2), parsed) {
        (Some("40"), Some(Ok(body))) => match body["sid"].as_str() {
            Some(sid) => Ok(sid.to_owned()),
            None => Err(NotOpen::Failed(format!("no sid in {answer}"))),
        },
        (Some("44"), Some(Ok(body))) => Err(NotOpen::Refused(body)),
        _ => Err(NotOpen::Failed(format!("neither CONNECT nor CONNECT_ERROR: {answer}"))),
    }
}

/// A failure of the network.
fn failed(problem: impl std::fmt::Display) -> NotOpen {
    NotOpen::Failed(problem.to_string())
}

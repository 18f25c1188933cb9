//! A Socket.IO client for tests, over one WebSocket: it keeps every event that came, in order, and
//! answers pings. What a real client adds (reconnecting, buffering) is left out on purpose: a test
//! must see when the edge hangs up.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use crate::raw::Raw;
use crate::within;

/// Frames that may wait to be written; a test that sends faster waits.
const OUTGOING_MAX: usize = 1024;

/// An event as it came, without the namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// The first argument: the payload of every event of this system.
    pub payload: Value,
}

/// A connected client. Dropping it cuts the connection.
pub struct Client {
    sid: String,
    outgoing: mpsc::Sender<String>,
    inbox: Arc<Inbox>,
    next_ack: AtomicU64,
    task: JoinHandle<()>,
}

/// What came in, shared with the task that reads.
#[derive(Default)]
struct Inbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    events: Vec<Event>,
    acks: HashMap<u64, oneshot::Sender<Value>>,
    closed: bool,
}

impl Client {
    /// Connects with a token.
    ///
    /// # Panics
    /// When the edge refuses it.
    pub async fn connect(url: &str, token: &str) -> Self {
        match Self::try_connect(url, &json!({ "token": token }), &[]).await {
            Ok(client) => client,
            Err(refusal) => panic!("the edge refused a good token: {refusal}"),
        }
    }

    /// Connects with this `auth` object and these headers of the handshake, or gives the
    /// CONNECT_ERROR's object.
    pub async fn try_connect(
        url: &str,
        auth: &Value,
        headers: &[(&str, &str)],
    ) -> Result<Self, Value> {
        let mut raw = Raw::open(url, headers).await;
        raw.send(if auth.is_null() { "40".to_owned() } else { format!("40{auth}") }).await;
        let answer = raw.next().await.expect("an answer to CONNECT, not a close");
        let (kind, body) = answer.split_at(2);
        let body: Value = serde_json::from_str(body).expect("the answer to CONNECT carries JSON");
        match kind {
            "40" => Ok(Self::start(raw, body["sid"].as_str().expect("a sid").to_owned())),
            "44" => Err(body),
            _ => panic!("neither CONNECT nor CONNECT_ERROR: {answer}"),
        }
    }

    fn start(raw: Raw, sid: String) -> Self {
        let inbox = Arc::new(Inbox::default());
        let (outgoing, frames) = mpsc::channel(OUTGOING_MAX);
        let task = tokio::spawn(run(raw, frames, Arc::clone(&inbox)));
        Self { sid, outgoing, inbox, next_ack: AtomicU64::new(0), task }
    }

    /// The public Socket.IO id.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// Sends an event without an ack callback.
    pub async fn emit(&self, event: &str, payload: Value) {
        self.send_raw(format!("42{}", json!([event, payload]))).await;
    }

    /// Sends one Engine.IO text packet as it is.
    pub async fn send_raw(&self, packet: impl Into<String>) {
        // After a close the frame has nowhere to go; whoever waits for its effect is told.
        let _ = self.outgoing.send(packet.into()).await;
    }

    /// Sends an event and gives a future of its ack, so that many can be on their way. The ack of
    /// a connection that ends before is `null`.
    pub async fn start_call(
        &self,
        event: &str,
        payload: &Value,
    ) -> impl Future<Output = Value> + use<> {
        self.start_call_raw(json!([event, payload])).await
    }

    async fn start_call_raw(&self, packet: Value) -> impl Future<Output = Value> + use<> {
        let ack = self.next_ack.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        {
            let mut state = self.inbox.lock();
            if !state.closed {
                state.acks.insert(ack, sender);
            }
        }
        self.send_raw(format!("42{ack}{packet}")).await;
        async move { answer.await.unwrap_or(Value::Null) }
    }

    /// Sends an event and waits for the ack's object.
    pub async fn call(&self, event: &str, payload: Value) -> Value {
        within(&format!("the ack of {event}"), self.start_call(event, &payload).await).await
    }

    /// Sends an event with an argument list of any shape and waits for the ack's object.
    pub async fn call_with(&self, event: &str, arguments: &[Value]) -> Value {
        let packet: Vec<Value> = std::iter::once(json!(event)).chain(arguments.to_vec()).collect();
        within(&format!("the ack of {event}"), self.start_call_raw(json!(packet)).await).await
    }

    /// Sends an event that must succeed.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn ok(&self, event: &str, payload: Value) -> Value {
        let shown = payload.to_string();
        let answer = self.call(event, payload).await;
        assert_eq!(answer["ok"], true, "{event} {shown} was refused: {answer}");
        answer
    }

    /// Sends an event that must be refused; gives the ack's `error`.
    ///
    /// # Panics
    /// When it succeeds.
    pub async fn refused(&self, event: &str, payload: Value) -> Value {
        let shown = payload.to_string();
        let answer = self.call(event, payload).await;
        assert_eq!(answer["ok"], false, "{event} {shown} was not refused: {answer}");
        answer["error"].clone()
    }

    /// Takes the next event of this name: the payload. Others stay where they are.
    pub async fn next(&self, name: &str) -> Value {
        self.next_where(name, |_| true).await
    }

    /// Takes the next event of this name whose payload is meant.
    pub async fn next_where(&self, name: &str, meant: impl Fn(&Value) -> bool) -> Value {
        within(&format!("the event {name}"), async {
            loop {
                let changed = self.inbox.changed.notified();
                tokio::pin!(changed);
                // Registered before the look, or an event in between would go unnoticed.
                changed.as_mut().enable();
                {
                    let mut state = self.inbox.lock();
                    let found = |event: &Event| event.name == name && meant(&event.payload);
                    if let Some(at) = state.events.iter().position(found) {
                        return state.events.remove(at).payload;
                    }
                    assert!(!state.closed, "the edge hung up while {name} was waited for");
                }
                changed.await;
            }
        })
        .await
    }

    /// The events of this name that have come and were not taken, in order.
    pub fn seen(&self, name: &str) -> Vec<Value> {
        let state = self.inbox.lock();
        let of_name = state.events.iter().filter(|event| event.name == name);
        of_name.map(|event| event.payload.clone()).collect()
    }

    /// How many events of this name have come and were not taken.
    pub fn seen_count(&self, name: &str) -> usize {
        self.inbox.lock().events.iter().filter(|event| event.name == name).count()
    }

    /// True while the edge has not hung up.
    pub fn is_open(&self) -> bool {
        !self.inbox.lock().closed
    }

    /// Waits until the edge hangs up.
    pub async fn until_closed(&self) {
        crate::until("the edge to hang up", || async { (!self.is_open()).then_some(()) }).await;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    fn take_in(&self, packet: &str) {
        let digits = packet[2..].bytes().take_while(u8::is_ascii_digit).count();
        let (id, body) = packet[2..].split_at(digits);
        let body: Vec<Value> = serde_json::from_str(body).expect("a packet carries a JSON array");
        if packet.starts_with("43") {
            let id: u64 = id.parse().expect("an ack carries its id");
            let waiting = self.lock().acks.remove(&id);
            let waiting = waiting.expect("an ack is sent once, for an id of ours");
            // The test may have stopped waiting.
            let _ = waiting.send(body.into_iter().next().unwrap_or(Value::Null));
        } else {
            let mut body = body.into_iter();
            let name = body.next().expect("an event has a name");
            let name = name.as_str().expect("an event's name is a string").to_owned();
            let payload = body.next().unwrap_or(Value::Null);
            self.lock().events.push(Event { name, payload });
        }
    }
}

/// Marks the connection as ended however the task ends: also when a frame breaks an assertion.
struct Ended(Arc<Inbox>);

impl Drop for Ended {
    fn drop(&mut self) {
        // A panic while the lock was held has poisoned it; what is written here is right even so.
        let mut state = self.0.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.closed = true;
        state.acks.clear();
        drop(state);
        self.0.changed.notify_waiters();
    }
}

/// Moves frames both ways until the connection ends.
async fn run(mut raw: Raw, mut frames: mpsc::Receiver<String>, inbox: Arc<Inbox>) {
    let _ended = Ended(Arc::clone(&inbox));
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => raw.send(frame).await,
                None => break,
            },
            message = raw.socket.next() => match message {
                Some(Ok(Message::Text(text))) => match text.as_str() {
                    "2" => raw.send("3").await,
                    text if text.starts_with("42") || text.starts_with("43") => inbox.take_in(text),
                    // The edge took the client out of the namespace, or says that it closes.
                    "41" | "1" => break,
                    _ => {}
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
        inbox.changed.notify_waiters();
    }
    let _ = raw.socket.close(None).await;
}

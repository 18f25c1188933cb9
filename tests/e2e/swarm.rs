//! Clients that send thousands of numbered messages while something fails, and compare afterwards what
//! was acknowledged with what is there and with what every member saw.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};
use harness::{Client, Stack, until, within};
use serde_json::{Value, json};

/// Messages of one run, spread over senders and rooms.
pub const MESSAGES: usize = 5_000;
/// Clients, half on each edge, that each send their share and are members of every room.
const SENDERS: usize = 4;
/// Enough that each of two workers surely owns the partitions of some.
pub const ROOMS: usize = 12;
/// Messages of one sender that wait for their ack at a time.
const IN_FLIGHT: usize = 32;
/// Whether a message is sent again until it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retries {
    /// As clients do that care, safely: with a `requestId`.
    WithRequestId,
    /// Never, and without a `requestId`: nothing but the fence, the sequence and the position keeps
    /// an event from being applied twice.
    None,
}

/// Clients that send numbered messages and keep what they see.
pub struct Swarm {
    clients: Vec<Arc<Client>>,
    acked: Arc<AtomicUsize>,
    senders: Vec<tokio::task::JoinHandle<Vec<Sent>>>,
}

/// A message that was acknowledged.
struct Sent {
    room: usize,
    content: String,
    id: String,
    /// It was refused as `unavailable` before: later ones of its sender may stand before it.
    retried: bool,
}

impl Swarm {
    /// Lets everyone join every room, then begins to send.
    pub async fn start(stack: &Stack, retries: Retries) -> Self {
        let mut clients = Vec::new();
        for number in 0..SENDERS {
            let client = stack.client(number % 2, &format!("u{number}")).await;
            for room in 0..ROOMS {
                client.ok("join-room", json!({ "roomId": room_id(room) })).await;
            }
            clients.push(Arc::new(client));
        }
        let acked = Arc::new(AtomicUsize::new(0));
        let senders = clients.iter().enumerate().map(|(number, client)| {
            tokio::spawn(send_all(Arc::clone(client), number, retries, Arc::clone(&acked)))
        });
        let senders = senders.collect();
        Self { clients, acked, senders }
    }

    /// Waits until so many messages were acknowledged, and not yet all.
    pub async fn until_acked(&self, count: usize) {
        let enough = || async { (self.acked.load(Ordering::Relaxed) >= count).then_some(()) };
        until(&format!("{count} acknowledged messages"), enough).await;
        assert!(self.acked.load(Ordering::Relaxed) < MESSAGES, "it was over before the fault");
    }

    /// Waits until the rooms of a worker that stands still go on: every sender writes to all rooms in
    /// turn, so nobody gets further than what may be in flight before another has taken them over.
    pub async fn until_past_standstill(&self) {
        let before = self.acked.load(Ordering::Relaxed);
        self.until_acked(before + 2 * SENDERS * IN_FLIGHT).await;
    }

    /// Waits for everything that was sent, then compares what was acknowledged, what the history
    /// holds and what every member saw.
    pub async fn finish(self) {
        let mut sent = Vec::new();
        for sender in self.senders {
            sent.push(sender.await.expect("a sender whose every message was taken in the end"));
        }
        // Behind everything else in each room: what came twice or late has come before this.
        for room in 0..ROOMS {
            let payload = json!({ "roomId": room_id(room), "content": "end" });
            self.clients[0].ok("send-message", payload).await;
        }
        for client in &self.clients {
            for room in 0..ROOMS {
                let id = room_id(room);
                let is_end = |e: &Value| e["roomId"] == id && e["message"]["content"] == "end";
                client.next_where("message-received", is_end).await;
            }
        }
        for room in 0..ROOMS {
            let history = history(&self.clients[0], room).await;
            check_history(&sent, room, &history);
            for (number, client) in self.clients.iter().enumerate() {
                let seen = seen(client, room);
                assert_eq!(seen.len(), history.len(), "u{number} in {}", room_id(room));
                assert!(seen == history, "u{number} saw another order in {}", room_id(room));
            }
        }
    }
}

/// Each message once, as acknowledged; ids grow; a sender who never had to retry keeps the order.
fn check_history(sent: &[Vec<Sent>], room: usize, history: &[Entry]) {
    let in_room = || sent.iter().flatten().filter(|message| message.room == room);
    let acked: HashSet<Entry> = in_room().map(|m| (m.id.clone(), m.content.clone())).collect();
    let kept: HashSet<Entry> = history.iter().cloned().collect();
    assert_eq!(kept.len(), history.len(), "something is in {} twice", room_id(room));
    let lost: Vec<&Entry> = acked.difference(&kept).collect();
    assert!(lost.is_empty(), "acknowledged and lost in {}: {lost:?}", room_id(room));
    let surplus: Vec<&Entry> = kept.difference(&acked).collect();
    assert!(surplus.is_empty(), "doubled in {}: {surplus:?}", room_id(room));
    assert!(history.windows(2).all(|pair| order(&pair[0].0) < order(&pair[1].0)));
    for messages in sent {
        if messages.iter().any(|message| message.retried) {
            continue;
        }
        let own = messages.iter().filter(|message| message.room == room);
        let orders: Vec<(u64, u64)> = own.map(|message| order(&message.id)).collect();
        assert!(orders.windows(2).all(|pair| pair[0] < pair[1]), "a sender's order changed");
    }
}

/// A message's id and content.
type Entry = (String, String);

fn entry(message: &Value) -> Entry {
    let text = |field: &str| message[field].as_str().expect("text").to_owned();
    (text("id"), text("content"))
}

/// An id as it orders.
fn order(id: &str) -> (u64, u64) {
    let (ms, seq) = id.split_once('-').expect("<ms>-<seq>");
    (ms.parse().expect("a number"), seq.parse().expect("a number"))
}

pub fn room_id(room: usize) -> String {
    format!("room-{room}")
}

async fn send_all(
    client: Arc<Client>,
    sender: usize,
    retries: Retries,
    acked: Arc<AtomicUsize>,
) -> Vec<Sent> {
    stream::iter(0..MESSAGES / SENDERS)
        // One after the other: futures that are polled together need not send in their order.
        .then(|number| {
            let message = Message::new(sender, number, retries);
            let client = Arc::clone(&client);
            async move {
                let answer = client.start_call("send-message", &message.payload).await;
                (message, answer)
            }
        })
        .map(|(message, answer)| message.taken(Arc::clone(&client), answer, Arc::clone(&acked)))
        .buffered(IN_FLIGHT)
        .collect()
        .await
}

/// A message that is being sent.
struct Message {
    room: usize,
    content: String,
    payload: Value,
    retries: Retries,
}

impl Message {
    fn new(sender: usize, number: usize, retries: Retries) -> Self {
        let room = number % ROOMS;
        let content = format!("u{sender}:{number}");
        let mut payload = json!({ "roomId": room_id(room), "content": content });
        if retries == Retries::WithRequestId {
            payload["requestId"] = json!(number.to_string());
        }
        Self { room, content, payload, retries }
    }

    /// Waits for the answer, and sends again until it is taken, as a client with retries does.
    async fn taken(
        self,
        client: Arc<Client>,
        answer: impl Future<Output = Value>,
        acked: Arc<AtomicUsize>,
    ) -> Sent {
        let first = self.id_in(&within("an ack", answer).await);
        let retried = first.is_none();
        let id = match first {
            Some(id) => id,
            None => {
                until("a message to be taken", || async {
                    self.id_in(&client.call("send-message", self.payload.clone()).await)
                })
                .await
            }
        };
        acked.fetch_add(1, Ordering::Relaxed);
        Sent { room: self.room, content: self.content, id, retried }
    }

    /// The message's id; nothing where it is to be sent again.
    fn id_in(&self, answer: &Value) -> Option<String> {
        if answer["ok"] == true {
            return Some(answer["message"]["id"].as_str().expect("an id").to_owned());
        }
        assert_eq!(answer["error"]["code"], "unavailable", "{answer}");
        assert_eq!(self.retries, Retries::WithRequestId, "not to be sent again: {answer}");
        None
    }
}

/// A room's whole history, without the message that ends the run.
async fn history(client: &Client, room: usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut more = true;
    while more {
        let mut payload = json!({ "roomId": room_id(room), "limit": 100, "after": "0-0" });
        if let Some((id, _)) = entries.last() {
            payload["after"] = json!(id);
        }
        let page = client.ok("get-messages", payload).await;
        entries.extend(page["messages"].as_array().expect("a list").iter().map(entry));
        more = page["hasMore"] == true;
    }
    entries.retain(|(_, content)| content != "end");
    entries
}

/// The messages of a room in the order in which a member got them.
fn seen(client: &Client, room: usize) -> Vec<Entry> {
    let id = room_id(room);
    let events = client.seen("message-received");
    events
        .iter()
        .filter(|event| event["roomId"] == id)
        .map(|event| entry(&event["message"]))
        .collect()
}

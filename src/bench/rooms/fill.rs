//! Fills rooms through the service: clients who each make and fill a share of them, with many events
//! waiting for their answers at a time.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

use super::options::Plan;
use crate::bench::client::Client;
use crate::bench::progress::Progress;
use crate::bench::service::Service;
use crate::bench::wire::Address;

/// Events of one client that wait at a time. With fifty clients it is enough to keep a worker busy and
/// too little to fill an intake.
const WINDOW: usize = 64;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What all threads know.
pub struct Filler {
    plan: Plan,
    edges: Vec<Address>,
    tokens: Vec<String>,
    run: String,
    answered: AtomicU64,
}

/// An event with its payload.
pub type Event = (&'static str, String);

impl Filler {
    /// Fills the rooms of this run with these clients.
    pub fn new(plan: Plan, edges: Vec<Address>, tokens: Vec<String>, run: String) -> Arc<Self> {
        Arc::new(Self { plan, edges, tokens, run, answered: AtomicU64::new(0) })
    }

    /// The id of a room.
    pub fn room(&self, number: u32) -> String {
        format!("bench-{}-{number:06}", self.run)
    }

    /// The rooms of a client.
    fn rooms_of(&self, client: u32) -> Range<u32> {
        let per_client = self.plan.rooms_per_client;
        (client * per_client).min(self.plan.rooms)..((client + 1) * per_client).min(self.plan.rooms)
    }

    /// Each client makes these of its rooms, counted from its first.
    pub async fn make(self: &Arc<Self>, service: &mut Service, which: Range<u32>) -> Result<()> {
        let total = u64::from(self.plan.clients()) * u64::from(which.end - which.start);
        let (skipped, taken) = (which.start as usize, which.len());
        self.fill(service, "rooms", total, move |filler: Arc<Self>, client| {
            let own = filler.rooms_of(client).skip(skipped).take(taken);
            Box::new(own.map(move |room| create(&filler.room(room))))
        })
        .await
    }

    /// Messages are sent to all rooms, to the rooms of each client in turn.
    pub async fn talk(self: &Arc<Self>, service: &mut Service) -> Result<()> {
        let total = u64::from(self.plan.rooms) * u64::from(self.plan.messages);
        self.fill(service, "messages", total, |filler: Arc<Self>, client| {
            Box::new((0..filler.plan.messages).flat_map(move |message| {
                let filler = filler.clone();
                filler
                    .rooms_of(client)
                    .map(move |room| send(&filler.plan, &filler.room(room), message))
            }))
        })
        .await
    }

    async fn fill(
        self: &Arc<Self>,
        service: &mut Service,
        what: &'static str,
        total: u64,
        events: impl Fn(Arc<Self>, u32) -> Box<dyn Iterator<Item = Event>> + Copy + Send + 'static,
    ) -> Result<()> {
        self.answered.store(0, Relaxed);
        let mut threads = JoinSet::new();
        for index in 0..self.plan.threads {
            let filler = self.clone();
            threads.spawn_blocking(move || filler.thread(index, events));
        }
        let bar = Progress::new(total, what);
        while !threads.is_empty() {
            let answered = self.answered.load(Relaxed);
            bar.show(answered, format!("{answered} answered"));
            tokio::select! {
                Some(ended) = threads.join_next() => {
                    ended.context("a thread of the load generator broke")??;
                }
                () = sleep(LOOK_EVERY) => service.check()?,
            }
        }
        Ok(())
    }

    /// One thread: a share of the clients, all at the same time.
    fn thread(
        self: Arc<Self>,
        index: u32,
        events: impl Fn(Arc<Self>, u32) -> Box<dyn Iterator<Item = Event>>,
    ) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async move {
            let mut clients = JoinSet::new();
            for client in (index..self.plan.clients()).step_by(self.plan.threads as usize) {
                let (filler, events) = (self.clone(), events(self.clone(), client));
                clients.spawn_local(async move { filler.client(client, events).await });
            }
            while let Some(ended) = clients.join_next().await {
                ended??;
            }
            Ok(())
        })
    }

    async fn client(&self, number: u32, events: impl Iterator<Item = Event>) -> Result<()> {
        let edge = &self.edges[number as usize % self.edges.len()];
        let mut client = Client::connect(edge, &self.tokens[number as usize]).await?;
        let answered = || {
            self.answered.fetch_add(1, Relaxed);
        };
        client.pump(events, WINDOW, answered).await
    }
}

/// Makes an open room.
fn create(room: &str) -> Event {
    ("create-room", format!(r#"{{"roomId":"{room}","type":"discussion"}}"#))
}

/// The messages of one room, in order.
pub fn messages(plan: &Plan, room: String, count: u32) -> impl Iterator<Item = Event> {
    (0..count).map(move |number| send(plan, &room, number))
}

fn send(plan: &Plan, room: &str, number: u32) -> Event {
    let mut content = format!("{number} ");
    content.extend(std::iter::repeat_n('x', plan.payload.saturating_sub(content.len())));
    content.truncate(plan.payload);
    let request = match plan.request_ids {
        // As long as the UUID that clients take.
        true => format!(r#","requestId":"{:032x}-{number:03}""#, rand::random::<u128>()),
        false => String::new(),
    };
    ("send-message", format!(r#"{{"roomId":"{room}","content":"{content}"{request}}}"#))
}

/// Sends so many events of the host at a time.
pub async fn pump(client: &mut Client, events: impl Iterator<Item = Event>) -> Result<()> {
    client.pump(events, WINDOW, || {}).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rooms::options::Size;

    fn plan(rooms: u32, rooms_per_client: u32) -> Plan {
        Plan {
            rooms,
            rooms_per_client,
            messages: 2,
            payload: 8,
            request_ids: true,
            large: Size { members: 50, messages: 100 },
            reads: 1,
            threads: 1,
        }
    }

    #[test]
    fn every_room_is_one_clients() {
        for (rooms, per_client) in [(1, 1), (7, 3), (2_001, 1_000)] {
            let plan = plan(rooms, per_client);
            let clients = plan.clients();
            let filler = Filler::new(plan, Vec::new(), Vec::new(), "run".to_owned());
            let all: Vec<u32> = (0..clients).flat_map(|client| filler.rooms_of(client)).collect();
            assert_eq!(all, (0..rooms).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_message_has_as_many_bytes_as_wanted() {
        let (event, payload) = send(&plan(1, 1), "r", 12);
        assert_eq!(event, "send-message");
        let payload: serde_json::Value = serde_json::from_str(&payload).expect("JSON");
        assert_eq!(payload["content"], "12 xxxxx");
        assert_eq!(payload["requestId"].as_str().map(str::len), Some(36));
    }
}

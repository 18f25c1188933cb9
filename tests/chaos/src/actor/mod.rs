//! A client with a will of its own: it connects, enters rooms, does what its dice say, comes back when
//! it is cut off, and asks again until it is answered.

mod act;
mod chat;
mod rooms;
mod session;

pub use rooms::HERALD;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use harness::{Link, Transport};
use serde_json::Value;

use crate::dice::Dice;
use crate::world::{ClientState, World, lock};

/// How long a client waits for an answer before it asks again.
const PATIENCE: Duration = Duration::from_secs(4);

/// Of a hundred clients, how many hang up before a quiet point, and must not be shown there.
const SLEEPERS: u32 = 20;

/// What a refusal says that is no answer yet.
const RETRIED: [&str; 2] = ["unavailable", "rate-limited"];

/// A client.
pub struct Actor {
    number: usize,
    user: String,
    world: Arc<World>,
    dice: Dice,
    transport: Transport,
    link: Option<Link>,
    /// Rooms that it wants to be in.
    rooms: BTreeSet<String>,
    /// Open rooms that it made.
    owned: BTreeSet<String>,
    /// Rooms that it may have entered by a try that nobody answered.
    unsure: BTreeSet<String>,
    /// When it last invited somebody.
    invited: Option<Instant>,
    /// Requests so far, each with a number of its own.
    requests: u64,
}

/// What was answered in the end.
enum Answer {
    /// The result.
    Done(Value),
    /// The code of a refusal by a rule.
    Refused(String),
    /// The run is over.
    Over,
}

impl Actor {
    /// The client of this number, which begins in these rooms.
    pub fn new(number: usize, world: &Arc<World>, rooms: BTreeSet<String>) -> Self {
        let mut dice = Dice::new(world.seed, number as u64 + 1);
        let transport = if dice.chance(20) { Transport::Polling } else { Transport::WebSocket };
        Self {
            number,
            user: world.clients[number].user.clone(),
            world: Arc::clone(world),
            dice,
            transport,
            link: None,
            rooms,
            owned: BTreeSet::new(),
            unsure: BTreeSet::new(),
            invited: None,
            requests: 0,
        }
    }

    fn state(&self) -> &ClientState {
        &self.world.clients[self.number]
    }

    /// Lives until the run is over.
    pub async fn run(mut self) {
        let over = self.world.over.clone();
        tokio::select! {
            () = over.cancelled() => {}
            () = self.live() => {}
        }
    }

    async fn live(&mut self) {
        loop {
            self.connected().await;
            if *self.world.paused.borrow() {
                self.rest().await;
                continue;
            }
            self.act().await;
            let (from, to) = self.world.think;
            // People think before they act.
            tokio::time::sleep(self.dice.ms(from, to)).await;
        }
    }

    /// Waits for the pause to end, or for the connection to be lost.
    async fn rest(&mut self) {
        let mut paused = self.world.paused.subscribe();
        if self.dice.chance(SLEEPERS) {
            self.hang_up();
        }
        self.state().does("resting");
        self.state().note(|doing| doing.is_idle = true);
        let ended = async {
            match &self.link {
                Some(link) => link.closed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = paused.wait_for(|paused| !paused) => {}
            () = ended => {}
        }
        self.state().note(|doing| doing.is_idle = false);
    }

    /// Sends an event until it is answered, whatever it takes. `payload` gets a `requestId`.
    async fn settle(&mut self, event: &str, payload: Value) -> Answer {
        self.requests += 1;
        let request = format!("{}-{}", self.user, self.requests);
        self.settle_as(event, payload, &request).await
    }

    async fn settle_as(&mut self, event: &str, mut payload: Value, request: &str) -> Answer {
        payload["requestId"] = request.into();
        let mut tries = 0_u64;
        loop {
            self.state().does(format!("{event} {} try {}", payload["roomId"], tries + 1));
            let epoch = self.world.epoch.load(Ordering::Acquire);
            tries += 1;
            match self.ask(event, &payload).await {
                Some(answer) if answer["ok"] == true => {
                    self.state().note(|doing| doing.epoch = doing.epoch.max(epoch));
                    self.world.findings.answer(event, |answers| {
                        answers.done += 1;
                        answers.again += tries - 1;
                    });
                    return Answer::Done(answer);
                }
                Some(answer) => {
                    let code = answer["error"]["code"].as_str().unwrap_or_default().to_owned();
                    if !RETRIED.contains(&code.as_str()) {
                        self.world.findings.answer(event, |answers| {
                            answers.refused += 1;
                            answers.again += tries - 1;
                        });
                        return Answer::Refused(code);
                    }
                    self.world.findings.count("answers that said: later", 1);
                    let wait = answer["error"]["retryAfterMs"].as_u64().unwrap_or(200).min(1_000);
                    // As the answer says.
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                None => self.world.findings.count("tries without an answer", 1),
            }
            self.connected().await;
            if self.world.over.is_cancelled() {
                return Answer::Over;
            }
        }
    }

    async fn ask(&self, event: &str, payload: &Value) -> Option<Value> {
        let link = self.link.as_ref()?;
        match link.call(event, payload, PATIENCE).await {
            harness::Outcome::Answer(answer) => Some(answer),
            harness::Outcome::Unknown => None,
        }
    }

    /// Notes a refusal that is not among those that something explains.
    fn unexplained(&self, event: &str, about: &str, code: &str) {
        self.world.findings.broken(
            crate::findings::Promise::Refusal,
            format!("{}: {event} {about} was refused: {code}", self.user),
        );
    }

    fn with_sight<T>(&self, f: impl FnOnce(&mut crate::sight::Sight) -> T) -> T {
        f(&mut lock(&self.state().sight))
    }
}

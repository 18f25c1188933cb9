//! Steady traffic into rooms of many partitions: how long each event takes to be applied tells how long
//! a partition was without service.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::{Link, Outcome, Transport};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::world::lock;

/// Rooms that are written to, each in a partition of its own, more or less.
const ROOMS: usize = 40;

/// Pause between the answer of one event and the next event of its room.
const EVERY: Duration = Duration::from_millis(25);

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long an event took to be answered.
type Sample = Duration;

/// The traffic. Dropping it ends it.
pub struct Probe {
    samples: Arc<Mutex<Vec<Sample>>>,
    /// Answers that were not what they should be.
    errors: Arc<Mutex<Vec<String>>>,
    over: CancellationToken,
}

/// Times of a stretch of the traffic.
pub struct Times {
    /// The longest.
    pub longest: Duration,
    /// Of one in a hundred.
    pub p99: Duration,
}

impl Probe {
    /// Begins to write through the edge at `url`.
    pub async fn start(url: &str) -> anyhow::Result<Self> {
        let token = harness::token::of("probe", &["service"]);
        let opened = Link::open(url, Transport::WebSocket, &token, Box::new(|_, _| {})).await;
        let link = Arc::new(opened.map_err(|problem| anyhow::anyhow!("no probe: {problem:?}"))?);
        let probe = Self {
            samples: Arc::default(),
            errors: Arc::default(),
            over: CancellationToken::new(),
        };
        for room in 0..ROOMS {
            let work = write(
                Arc::clone(&link),
                format!("probe-{room}"),
                Arc::clone(&probe.samples),
                Arc::clone(&probe.errors),
            );
            let over = probe.over.clone();
            tokio::spawn(async move {
                tokio::select! { () = over.cancelled() => {}, () = work => {} }
            });
        }
        Ok(probe)
    }

    /// The times of what was sent since the last call.
    pub fn take(&self) -> Times {
        let mut taken: Vec<Sample> = lock(&self.samples).drain(..).collect();
        taken.sort_unstable();
        let longest = taken.last().copied().unwrap_or_default();
        let p99 = taken.get(taken.len() * 99 / 100).copied().unwrap_or_default();
        Times { longest, p99 }
    }

    /// What was refused since the last call.
    pub fn errors(&self) -> Vec<String> {
        lock(&self.errors).drain(..).collect()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

async fn write(
    link: Arc<Link>,
    room: String,
    samples: Arc<Mutex<Vec<Sample>>>,
    errors: Arc<Mutex<Vec<String>>>,
) {
    // Made by entering; afterwards anybody may write.
    let entered = link.call("join-room", &json!({ "roomId": room }), PATIENCE).await;
    let _ = link.call("leave-room", &json!({ "roomId": room }), PATIENCE).await;
    if !matches!(&entered, Outcome::Answer(answer) if answer["ok"] == true) {
        lock(&errors).push(format!("{room} could not be made: {entered:?}"));
    }
    while link.is_open() {
        let begun = Instant::now();
        let payload = json!({ "roomId": room, "content": "tick" });
        match link.call("send-message", &payload, PATIENCE).await {
            Outcome::Answer(answer) if answer["ok"] == true => {
                lock(&samples).push(begun.elapsed());
            }
            other => lock(&errors).push(format!("{room}: {other:?}")),
        }
        // The pace of the probe.
        tokio::time::sleep(EVERY).await;
    }
}

//! Workers inside the test's process, and an edge that only writes events and hears answers.

// Every test program uses a part of this.
#![allow(dead_code)]

use lua::id::Partition;
use lua::subscriber::Subscriber;
use lua::{Redis, key};
use serde_json::Value as Json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::common::{PATIENCE, command};
use crate::stage::defaults;

/// A worker.
pub struct Worker {
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Worker {
    /// One with short leases.
    pub fn start(redis: &Redis, name: &str) -> Self {
        let mut config = defaults();
        config.worker_id = Some(name.to_owned());
        config.lease_ms = 600;
        let stop = CancellationToken::new();
        let task = tokio::spawn(workers::run(config, redis.clone(), stop.clone()));
        Self { stop, task }
    }

    /// Its duties stop where they are; its relays and consumers go on unaware, until their leases are
    /// over.
    pub fn cripple(self) {
        self.task.abort();
    }

    /// Ends it in order.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("no panic").expect("it ends well");
    }
}

/// An edge without sockets.
pub struct Edge {
    redis: Redis,
    subscriber: Subscriber,
    answers: UnboundedReceiver<Json>,
}

/// Its name.
const NAME: &str = "edge-1";

impl Edge {
    /// Hears the answers of all partitions.
    pub async fn on(redis: &Redis) -> Self {
        let (heard, answers) = unbounded_channel();
        let hear = move |_: &str, text| {
            let text: bytes::Bytes = text;
            let _ = heard.send(serde_json::from_slice(&text).expect("JSON"));
        };
        let subscriber = Subscriber::start(redis.clone(), hear, |_| {});
        for partition in Partition::all() {
            subscriber.subscribe(partition, key::inbox(partition, NAME));
        }
        for partition in Partition::all() {
            subscriber.wait_subscribed(&key::inbox(partition, NAME)).await.expect("heard");
        }
        Self { redis: redis.clone(), subscriber, answers }
    }

    /// Writes an event of a user, who wants an answer with this number.
    pub async fn write(&self, user: &str, event: &str, entity: &str, payload: &Json, ack: usize) {
        let partition = Partition::of(entity);
        let (intake, origin) = (key::intake(partition), format!("{NAME}/{user}-1"));
        let (payload, ack) = (payload.to_string(), ack.to_string());
        let words = [
            "XADD", &intake, "*", "event", event, "entity", entity, "user", user, "name", user,
            "roles", "", "origin", &origin, "ack", &ack, "payload", &payload,
        ];
        let node = self.redis.node_of(partition);
        let _: String = command(&self.redis, node, &words).await;
        let _: i64 = command(&self.redis, node, &["SPUBLISH", &key::bell(partition), ""]).await;
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Json {
        let answer = timeout(PATIENCE, self.answers.recv()).await;
        answer.expect("an answer in time").expect("the edge hears")
    }

    /// The answer that comes within a short while, if there is one.
    pub async fn early(&mut self) -> Option<Json> {
        let while_ = std::time::Duration::from_millis(400);
        timeout(while_, self.answers.recv()).await.ok().flatten()
    }

    /// Sends an event that must be applied; the answer's result.
    pub async fn ok(&mut self, user: &str, event: &str, entity: &str, payload: &Json) -> Json {
        self.write(user, event, entity, payload, 0).await;
        let answer = self.answer().await;
        assert!(answer["error"].is_null(), "{event} was refused: {answer}");
        answer["result"].clone()
    }
}

//! Hears what the scripts publish for one room and for the edge that its events come from.

use std::sync::Arc;
use std::time::Duration;

use lua::id::{Partition, RoomId};
use lua::subscriber::Subscriber;
use lua::{Redis, key};
use parking_lot::Mutex;
use serde_json::Value as Json;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{EDGE, OTHER_EDGE};
use crate::common::command;

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Ear {
    redis: Redis,
    partition: Partition,
    inboxes: [(&'static str, String); 2],
    reached: Vec<(String, Json)>,
    heard: Arc<Heard>,
    _subscriber: Subscriber,
}

#[derive(Default)]
struct Heard {
    messages: Mutex<Vec<(String, String)>>,
    more: Notify,
}

impl Ear {
    pub async fn on(redis: &Redis, partition: Partition, room: &RoomId) -> Self {
        let heard = Arc::new(Heard::default());
        let hear = heard.clone();
        let subscriber = Subscriber::start(
            redis.clone(),
            move |channel, payload| {
                let text = String::from_utf8(payload.to_vec()).expect("publications are text");
                hear.messages.lock().push((channel.to_owned(), text));
                hear.more.notify_one();
            },
            |_status| {},
        );
        let inboxes = [EDGE, OTHER_EDGE].map(|edge| (edge, key::inbox(partition, edge)));
        let channel = key::RoomKeys::new(room).channel();
        for channel in inboxes.iter().map(|(_, inbox)| inbox.clone()).chain([channel]) {
            subscriber.subscribe(partition, channel.clone());
            subscriber.wait_subscribed(&channel).await.expect("confirmed");
        }
        let redis = redis.clone();
        Self { redis, partition, inboxes, reached: Vec::new(), heard, _subscriber: subscriber }
    }

    /// Everything that was published until now: the room's publications, and the answers.
    pub async fn all(&mut self) -> (Vec<Json>, Vec<Json>) {
        // One connection carries both channels: what was published before the mark is before it.
        let node = self.redis.node_of(self.partition);
        let receivers: i64 =
            command(&self.redis, node, &["SPUBLISH", &self.inboxes[0].1, "mark"]).await;
        assert_eq!(receivers, 1);
        while !self.heard.messages.lock().iter().any(|(_, text)| text == "mark") {
            timeout(PATIENCE, self.heard.more.notified()).await.expect("the mark arrives");
        }
        let mut heard = std::mem::take(&mut *self.heard.messages.lock());
        heard.retain(|(_, text)| text != "mark");
        self.sort(heard)
    }

    /// The room's publications among these, and the answers.
    pub fn sort(&mut self, messages: Vec<(String, String)>) -> (Vec<Json>, Vec<Json>) {
        let (mut told, mut answers) = (Vec::new(), Vec::new());
        for (channel, text) in messages {
            {
                let json: Json =
                    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
                match self.inboxes.iter().find(|(_, inbox)| *inbox == channel) {
                    Some((edge, _)) if json.get("user").is_some() => {
                        self.reached.push(((*edge).to_owned(), json));
                    }
                    Some(_) => answers.push(json),
                    None => told.push(json),
                }
            }
        }
        (told, answers)
    }

    /// What was published for all connections of a user until the last look: the edge and the message.
    pub fn reached(&mut self) -> Vec<(String, Json)> {
        std::mem::take(&mut self.reached)
    }
}

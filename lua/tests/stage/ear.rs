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

use super::EDGE;
use crate::common::command;

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Ear {
    redis: Redis,
    partition: Partition,
    inbox: String,
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
        let inbox = key::inbox(partition, EDGE);
        for channel in [inbox.clone(), key::RoomKeys::new(room).channel()] {
            subscriber.subscribe(partition, channel.clone());
            subscriber.wait_subscribed(&channel).await.expect("confirmed");
        }
        Self { redis: redis.clone(), partition, inbox, heard, _subscriber: subscriber }
    }

    /// Everything that was published until now: the room's publications, and the answers.
    pub async fn all(&mut self) -> (Vec<Json>, Vec<Json>) {
        // One connection carries both channels: what was published before the mark is before it.
        let node = self.redis.node_of(self.partition);
        let receivers: i64 = command(&self.redis, node, &["SPUBLISH", &self.inbox, "mark"]).await;
        assert_eq!(receivers, 1);
        while !self.heard.messages.lock().iter().any(|(_, text)| text == "mark") {
            timeout(PATIENCE, self.heard.more.notified()).await.expect("the mark arrives");
        }
        let (mut told, mut answers) = (Vec::new(), Vec::new());
        for (channel, text) in std::mem::take(&mut *self.heard.messages.lock()) {
            if text != "mark" {
                let json = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
                if channel == self.inbox { &mut answers } else { &mut told }.push(json);
            }
        }
        (told, answers)
    }
}

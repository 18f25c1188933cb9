//! Sharded pub/sub that does not stay lost: one connection per primary carries all channels of that
//! node, and whatever happens to connection, server or slot, each wanted channel is subscribed again.
//!
//! The table of channels says for each whether it is wanted and on which connection it is. Only the
//! pushes of Redis change the second (its confirmations, its unasked unsubscriptions, the end of a
//! connection); a lane per node sends what makes the second equal the first. Answers to commands
//! are not trusted for that: an unasked unsubscription shifts them by one.
//!
//! The client library's own re-subscription is not used: it names channels of several slots in one
//! command, which a cluster refuses, and does not follow a slot that moves.

mod lane;
mod table;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use redis::{PushInfo, PushKind, Value};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::id::Partition;
use crate::topology::{NodeId, Redis};
use table::{Left, Link, Table};

/// How long [`Subscriber::wait_subscribed`] waits: long enough for a restarted Redis to be back.
const SUBSCRIBED_WAIT: Duration = Duration::from_secs(5);

/// What happens to the subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Redis confirmed this channel, for the first time or again. From now on its publications
    /// arrive; what was published before may have been missed.
    Subscribed(String),
    /// The connection to a node is lost, and all its channels with it.
    Lost(NodeId),
    /// The connection to a node is there, for the first time or again; its channels follow.
    Restored(NodeId),
}

/// A channel was not confirmed in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Redis did not confirm the subscription in time")]
pub struct Timeout;

/// The subscriptions of one process. Dropping it closes its connections.
pub struct Subscriber {
    shared: Arc<Shared>,
    follower: JoinHandle<()>,
}

type OnMessage = dyn Fn(&str, Bytes) + Send + Sync;
type OnStatus = dyn Fn(Status) + Send + Sync;

struct Shared {
    redis: Redis,
    on_message: Box<OnMessage>,
    on_status: Box<OnStatus>,
    table: Mutex<Table>,
    /// Where lanes run: subscriptions may be asked for from any thread.
    runtime: Handle,
}

impl Subscriber {
    /// Starts a connection to every primary, in the background.
    ///
    /// `on_message(channel, payload)` runs on the connection's own task, in the order in which Redis
    /// sent, and holds up all that follows: it must be quick and never block. Publications of
    /// different nodes arrive in parallel. `on_status` is called likewise.
    pub fn start(
        redis: Redis,
        on_message: impl Fn(&str, Bytes) + Send + Sync + 'static,
        on_status: impl Fn(Status) + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            redis,
            on_message: Box::new(on_message),
            on_status: Box::new(on_status),
            table: Mutex::new(Table::default()),
            runtime: Handle::current(),
        });
        let follower = tokio::spawn(follow(shared.clone()));
        Self { shared, follower }
    }

    /// Wants a channel of a partition. Sent soon, together with others; tried until it works.
    pub fn subscribe(&self, partition: Partition, channel: String) {
        let mut table = self.shared.table.lock();
        if table.want(&channel, partition) {
            self.shared.mark(&mut table, channel);
        }
    }

    /// Wants a channel no longer. Publications on their way may still arrive.
    pub fn unsubscribe(&self, _partition: Partition, channel: String) {
        let mut table = self.shared.table.lock();
        if table.unwant(&channel) {
            self.shared.mark(&mut table, channel);
        }
    }

    /// Waits until Redis has confirmed a wanted channel, at most 5 s.
    pub async fn wait_subscribed(&self, channel: &str) -> Result<(), Timeout> {
        let Some(confirmed) = self.shared.table.lock().confirmed(channel) else { return Ok(()) };
        match timeout(SUBSCRIBED_WAIT, confirmed).await {
            Ok(Ok(())) => Ok(()),
            // The sender goes when the channel is not wanted any more.
            Ok(Err(_)) | Err(_) => Err(Timeout),
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.follower.abort();
        self.shared.table.lock().end();
    }
}

impl Shared {
    /// Puts a channel on the list of the lane that has something to do for it.
    fn mark(self: &Arc<Self>, table: &mut Table, channel: String) {
        let Some(node) = table.place(&channel, |partition| self.redis.node_of(partition)) else {
            return;
        };
        table
            .lane(node, |wake| self.runtime.spawn(lane::run(self.clone(), node, wake)))
            .add(channel);
    }

    fn mark_all(self: &Arc<Self>, channels: Vec<String>) {
        let mut table = self.table.lock();
        for channel in channels {
            self.mark(&mut table, channel);
        }
    }

    /// Reads the slot table and puts the channels on the right lists, after a pause.
    fn mark_later(self: &Arc<Self>, channels: Vec<String>, pause: Duration) {
        let shared = self.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(pause).await;
            shared.redis.refresh().await;
            shared.mark_all(channels);
        });
    }

    /// What a connection pushed, on its own task.
    fn pushed(self: &Arc<Self>, link: Link, push: PushInfo) {
        let mut parts = push.data.into_iter();
        let Some(Value::BulkString(channel)) = parts.next() else { return };
        let Ok(channel) = std::str::from_utf8(&channel) else { return };
        match push.kind {
            PushKind::SMessage => {
                if let Some(Value::BulkString(payload)) = parts.next() {
                    (self.on_message)(channel, payload.into());
                }
            }
            PushKind::SSubscribe => {
                let confirmed = self.table.lock().arrived(channel, link);
                if confirmed {
                    (self.on_status)(Status::Subscribed(channel.to_owned()));
                }
            }
            PushKind::SUnsubscribe => {
                let mut table = self.table.lock();
                match table.left(channel, link) {
                    Left::Done => {}
                    Left::WantedAgain => self.mark(&mut table, channel.to_owned()),
                    Left::Unasked => self.mark_later(vec![channel.to_owned()], Duration::ZERO),
                }
            }
            _ => {}
        }
    }
}

/// Starts lanes for new primaries and lets all of them look when the slot table changed.
async fn follow(shared: Arc<Shared>) {
    let mut changes = shared.redis.changes();
    loop {
        for node in shared.redis.nodes() {
            let start = |wake| shared.runtime.spawn(lane::run(shared.clone(), node, wake));
            shared.table.lock().lane(node, start);
        }
        let listed = shared.table.lock().take_all();
        shared.mark_all(listed);
        shared.table.lock().wake_all();
        if changes.changed().await.is_err() {
            return;
        }
    }
}

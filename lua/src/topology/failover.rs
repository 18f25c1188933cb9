//! Follows a primary that sentinels name.

use std::sync::Weak;
use std::time::Duration;

use tokio::time::sleep;

use super::sentinel::Sentinels;
use super::{ConnectError, Inner, NodeId, Redis};

/// The sentinels are asked this often though they tell nothing: a message may have been lost, and
/// replicas come and go.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Least time between two questions, however much sentinels tell.
const ASK_GAP: Duration = Duration::from_millis(20);

impl Redis {
    /// Asks the sentinels and leaves the present server when it is the primary no more.
    pub(super) async fn look(&self, sentinels: &Sentinels) {
        let node = self.node(NodeId(0));
        let named = sentinels.ask(&self.0.settings).await;
        sentinels.log_changes();
        match named {
            Ok(named) => {
                node.set_replicas(named.replicas);
                match node.present() {
                    Some(address) if address != *named.info.addr() => {
                        node.leave("the sentinels name another primary");
                    }
                    Some(_) => {}
                    None => node.hurry(),
                }
            }
            // What the old primary is told from now on may be lost.
            Err(error @ ConnectError::FailoverUnderWay { .. }) if node.is_up() => {
                node.leave(&error.to_string());
            }
            // Without sentinels a server that works goes on working.
            Err(_) => {}
        }
    }
}

/// Looks whenever a sentinel tells something, and now and then.
pub(super) async fn follow(inner: Weak<Inner>, sentinels: std::sync::Arc<Sentinels>) {
    loop {
        tokio::select! {
            () = sentinels.news.notified() => {}
            () = sleep(ASK_EVERY) => {}
        }
        let Some(redis) = inner.upgrade().map(Redis) else { return };
        redis.look(&sentinels).await;
        drop(redis);
        sleep(ASK_GAP).await;
    }
}

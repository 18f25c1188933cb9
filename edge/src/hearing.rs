//! Which partitions' answers this edge hears. An event is only taken in where its answer can come back:
//! one that is applied unheard would leave its client waiting for the time-out.

use std::sync::atomic::{AtomicBool, Ordering};

use lua::id::{PARTITIONS, Partition};
use tokio::sync::Notify;

/// The inboxes whose subscriptions Redis has confirmed.
pub struct Hearing {
    inboxes: Vec<AtomicBool>,
    changed: Notify,
}

impl Default for Hearing {
    fn default() -> Self {
        let inboxes = (0..PARTITIONS).map(|_| AtomicBool::new(false)).collect();
        Self { inboxes, changed: Notify::new() }
    }
}

impl Hearing {
    /// Takes note of an inbox that is subscribed, or lost.
    pub fn set(&self, partition: Partition, heard: bool) {
        self.inboxes[partition.index()].store(heard, Ordering::Release);
        self.changed.notify_waiters();
    }

    /// Whether answers of this partition arrive.
    pub fn has(&self, partition: Partition) -> bool {
        self.inboxes[partition.index()].load(Ordering::Acquire)
    }

    /// Waits until the answers of every partition arrive.
    pub async fn all(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if Partition::all().all(|partition| self.has(partition)) {
                return;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn all_are_heard_when_the_last_one_is_and_no_more_when_one_is_lost() {
        let hearing = Hearing::default();
        let mut context = Context::from_waker(Waker::noop());
        let mut all = Box::pin(hearing.all());
        for partition in Partition::all() {
            assert!(all.as_mut().poll(&mut context).is_pending(), "{partition} is missing");
            hearing.set(partition, true);
        }
        assert!(all.as_mut().poll(&mut context).is_ready());
        let lost = Partition::of("a");
        hearing.set(lost, false);
        assert!(!hearing.has(lost));
        assert!(Box::pin(hearing.all()).as_mut().poll(&mut context).is_pending());
    }
}

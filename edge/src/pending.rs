//! When answers are overdue. All wait equally long, so a queue in order of arrival suffices.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::member::Member;

/// The answers that are awaited, oldest first. Those that came stay in until their time is over.
pub struct Deadlines {
    timeout: Duration,
    queue: Mutex<VecDeque<(Instant, Arc<Member>, u64)>>,
}

impl Deadlines {
    /// Answers are overdue after `timeout`.
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, queue: Mutex::default() }
    }

    /// Notes that an answer is awaited from now on.
    pub fn start(&self, member: &Arc<Member>, ack: u64) {
        self.queue.lock().push_back((Instant::now() + self.timeout, Arc::clone(member), ack));
    }

    /// Those whose time is over, answered or not.
    pub fn overdue(&self) -> Vec<(Arc<Member>, u64)> {
        let now = Instant::now();
        let mut queue = self.queue.lock();
        let count = queue.partition_point(|(deadline, ..)| *deadline <= now);
        queue.drain(..count).map(|(_, member, ack)| (member, ack)).collect()
    }
}

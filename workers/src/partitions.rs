//! The partitions that this worker owns: what each lease holds, where it is, and which have work.
//!
//! One table, shared by the lease duty (which takes, renews and hands over), the consumers (which
//! advance) and the doorbell (which marks). No lock is held across an await.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lua::commit::Place;
use lua::id::{EventId, PARTITIONS, Partition};
use lua::lease::Lease;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Every how many applied events an id is noted, to trim behind later.
const MILESTONE_EVENTS: u64 = 100;

/// A partition that this worker owns.
#[derive(Debug)]
pub struct Held {
    /// Fence, position and term.
    pub lease: Lease,
    /// The Redis process that granted it. Another one may hold another history.
    pub run: Arc<str>,
    /// Until when the worker may act on it: two thirds of the lease, counted from before the call
    /// that took or renewed it, by the worker's own clock.
    pub safe_until: Instant,
    /// When the lease was last renewed.
    pub renewed: Instant,
    /// When work of the partition is due (ms since the epoch), as far as is known.
    pub due_ms: Option<u64>,
    /// Rooms whose log grew since the last heartbeat, with the newest id.
    pub changed: HashMap<String, EventId>,
    /// Whether the consumer group is behind the applied position.
    pub unsettled: bool,
    milestones: VecDeque<(u64, EventId)>,
}

impl Held {
    /// Notes that the partition is past `id`.
    pub fn advance(&mut self, id: EventId) {
        self.lease.seq += 1;
        self.lease.applied = id;
        self.unsettled = true;
        if self.lease.seq.is_multiple_of(MILESTONE_EVENTS) {
            self.milestones.push_back((self.lease.seq, id));
        }
    }

    /// The newest noted id with at least `keep` applied events after it; older ones are forgotten.
    pub fn trim_before(&mut self, keep: u64) -> Option<EventId> {
        let mut found = None;
        while let Some((seq, id)) = self.milestones.front().copied() {
            if seq + keep > self.lease.seq {
                break;
            }
            found = Some(id);
            self.milestones.pop_front();
        }
        found
    }
}

/// What a consumer needs to know to work on a partition for one turn.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Partition, fence and sequence.
    pub place: Place,
    /// Where to read on.
    pub applied: EventId,
}

/// All partitions, owned or not.
pub struct Partitions {
    held: Mutex<Vec<Option<Held>>>,
    rung: Vec<AtomicBool>,
    /// Wakes the consumers when a partition was rung.
    pub wake: Notify,
    /// Wakes the lease duty when a partition was given up.
    pub lost: Notify,
}

impl Default for Partitions {
    fn default() -> Self {
        Self {
            held: Mutex::new((0..PARTITIONS).map(|_| None).collect()),
            rung: (0..PARTITIONS).map(|_| AtomicBool::new(false)).collect(),
            wake: Notify::new(),
            lost: Notify::new(),
        }
    }
}

impl Partitions {
    /// Marks a partition as having work.
    pub fn ring(&self, partition: Partition) {
        if !self.rung[partition.index()].swap(true, Ordering::AcqRel) {
            self.wake.notify_waiters();
        }
    }

    /// Marks all owned partitions as perhaps having work: a doorbell may have been lost.
    pub fn ring_all(&self) {
        for partition in self.owned() {
            self.ring(partition);
        }
    }

    /// The owned partitions, in order.
    pub fn owned(&self) -> Vec<Partition> {
        let held = self.held.lock();
        Partition::all().filter(|partition| held[partition.index()].is_some()).collect()
    }

    /// Takes a partition in.
    pub fn take(
        &self,
        partition: Partition,
        lease: Lease,
        run: Arc<str>,
        asked: Instant,
        lease_ms: u64,
    ) {
        self.held.lock()[partition.index()] = Some(Held {
            lease,
            run,
            safe_until: asked + Duration::from_millis(lease_ms * 2 / 3),
            renewed: asked,
            due_ms: Some(0),
            changed: HashMap::new(),
            unsettled: true,
            milestones: VecDeque::new(),
        });
        // The mark may be on already, from when the partition was not ours.
        self.rung[partition.index()].store(true, Ordering::Release);
        self.wake.notify_waiters();
    }

    /// Lets a partition go, if it is still held with this fence.
    pub fn drop_lease(&self, partition: Partition, fence: u64) {
        let mut held = self.held.lock();
        if held[partition.index()].as_ref().is_some_and(|held| held.lease.fence == fence) {
            held[partition.index()] = None;
            self.lost.notify_one();
        }
    }

    /// Lets a partition go to hand it over; its fence, if it was held.
    pub fn forget(&self, partition: Partition) -> Option<u64> {
        self.held.lock()[partition.index()].take().map(|held| held.lease.fence)
    }

    /// Lets go what could not be renewed in time, since another worker may have it by now, and what
    /// another Redis process granted than the one that `run_of` names now.
    pub fn drop_doubtful(&self, run_of: impl Fn(Partition) -> Option<Arc<str>>) {
        let now = Instant::now();
        for (partition, held) in Partition::all().zip(self.held.lock().iter_mut()) {
            let doubtful = |held: &Held| {
                now >= held.safe_until || run_of(partition).is_some_and(|run| run != held.run)
            };
            if held.as_ref().is_some_and(doubtful) {
                *held = None;
            }
        }
    }

    /// Works on the held partition of this fence; nothing where it is not held so any more.
    pub fn with<T>(
        &self,
        partition: Partition,
        fence: u64,
        f: impl FnOnce(&mut Held) -> T,
    ) -> Option<T> {
        let mut held = self.held.lock();
        held[partition.index()].as_mut().filter(|held| held.lease.fence == fence).map(f)
    }

    /// Everything held of `partitions` that may be acted on now, by `f`.
    pub fn each_safe(
        &self,
        partitions: impl Iterator<Item = Partition>,
        mut f: impl FnMut(Partition, &mut Held),
    ) {
        let now = Instant::now();
        let mut held = self.held.lock();
        for partition in partitions {
            if let Some(held) =
                held[partition.index()].as_mut().filter(|held| now < held.safe_until)
            {
                f(partition, held);
            }
        }
    }

    /// The rung partitions among `partitions` that may be worked on now; their marks are taken off.
    pub fn turns(&self, partitions: impl Iterator<Item = Partition>) -> Vec<Turn> {
        let mut turns = Vec::new();
        self.each_safe(partitions, |partition, held| {
            if self.rung[partition.index()].swap(false, Ordering::AcqRel) {
                let place = Place { partition, fence: held.lease.fence, seq: held.lease.seq };
                turns.push(Turn { place, applied: held.lease.applied });
            }
        });
        turns
    }
}

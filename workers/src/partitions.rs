//! The partitions that this worker owns: what each lease holds, where it is, and which have work.
//!
//! One table, shared by the lease duty (which takes, renews and hands over), the consumers (which
//! advance) and the doorbell (which marks). No lock is held across an await.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lua::commit::Place;
use lua::id::{EventId, PARTITIONS, Partition};
use lua::lease::Taken;
use lua::term::Mark;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::held::{Answer, Held, Outbox, Run};

/// How long answers of a partition that was given up wait for it to be taken again. If another worker has
/// it then, that one relays what was sent, and the answers wait no longer.
const ABANDONED_MAX: Duration = Duration::from_secs(1);

/// How long a turn mostly takes that was under way when its partition began to be handed over.
const TURN: Duration = Duration::from_millis(20);

/// What a consumer needs to know to work on a partition for one turn.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Partition, fence and sequence.
    pub place: Place,
    /// Where to read on.
    pub applied: EventId,
    /// The history that it adds to.
    pub added_to: AddedTo,
    /// What waits may have ended the owner before: one event at a time.
    pub suspect: bool,
}

/// Which history something was added to.
#[derive(Debug, Clone)]
pub struct AddedTo {
    /// The partition's term.
    pub term: u64,
    /// The Redis process that granted the partition.
    pub run: Run,
}

/// What waited in a partition that was given up.
struct Abandoned {
    since: Instant,
    /// The Redis process that has the events which are answered.
    run: Run,
    outbox: Outbox,
}

/// A partition whose outbox is to be relayed.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// The partition.
    pub partition: Partition,
    /// The owner's fence.
    pub fence: u64,
    /// Answers that wait for what is in the outbox now.
    pub answers: usize,
}

/// All partitions, owned or not.
pub struct Partitions {
    held: Mutex<Vec<Option<Held>>>,
    /// What waited in the partitions that were given up to be taken again.
    abandoned: Mutex<HashMap<Partition, Abandoned>>,
    /// The newest that was known of each partition which was held before.
    known: Mutex<Vec<Mark>>,
    rung: Vec<AtomicBool>,
    /// The last fence of each that this process was given.
    fences: Vec<AtomicU64>,
    /// Wakes the consumers when a partition was rung.
    pub wake: Notify,
    /// Wakes the relays when a partition has something to relay.
    pub sent: Notify,
    /// Wakes the lease duty when a partition was given up, here or by another worker.
    pub lost: Notify,
}

impl Default for Partitions {
    fn default() -> Self {
        Self {
            held: Mutex::new((0..PARTITIONS).map(|_| None).collect()),
            abandoned: Mutex::default(),
            known: Mutex::new(vec![Mark::default(); usize::from(PARTITIONS)]),
            rung: (0..PARTITIONS).map(|_| AtomicBool::new(false)).collect(),
            fences: (0..PARTITIONS).map(|_| AtomicU64::new(0)).collect(),
            wake: Notify::new(),
            sent: Notify::new(),
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

    /// Takes a partition in. Where the owner before did not hand it over and is not this very process, it
    /// may have ended under one of the next `at_once` events: it had read no more.
    pub fn take(
        &self,
        partition: Partition,
        taken: Taken,
        at_once: u64,
        asked: Instant,
        lease_ms: u64,
    ) {
        let safe_until = asked + Duration::from_millis(lease_ms * 2 / 3);
        let lease = taken.lease;
        let mut held = Held::new(taken, asked, safe_until);
        let before = self.fences[partition.index()].swap(lease.fence, Ordering::Relaxed);
        if lease.suspect && before + 1 != lease.fence {
            held.suspects = at_once;
        }
        if let Some(Abandoned { outbox, .. }) = self.abandoned.lock().remove(&partition) {
            held.outbox = outbox;
            held.outbox.retain(&held.history);
            held.outbox.pending = true;
        }
        self.held.lock()[partition.index()] = Some(held);
        // The mark may be on already, from when the partition was not ours.
        self.rung[partition.index()].store(true, Ordering::Release);
        self.wake.notify_waiters();
        self.sent.notify_waiters();
    }

    /// Lets a partition go, if it is still held with this fence.
    pub fn drop_lease(&self, partition: Partition, fence: u64) {
        let dropped = {
            let mut held = self.held.lock();
            held[partition.index()].take_if(|held| held.lease.fence == fence)
        };
        if let Some(held) = dropped {
            self.gone(partition, held);
            self.lost.notify_one();
        }
    }

    /// Keeps what outlives the lease of a partition that is not held any more.
    fn gone(&self, partition: Partition, held: Held) {
        let Held { lease, run, outbox, .. } = held;
        let known = &mut self.known.lock()[partition.index()];
        *known = Mark { id: known.id.max(lease.applied), term: known.term.max(lease.term) };
        self.abandon(partition, &run, outbox);
    }

    /// The newest that this worker knows of a partition from when it held it.
    pub fn known(&self, partition: Partition) -> Mark {
        self.known.lock()[partition.index()]
    }

    /// Keeps the answers of a partition that is not held any more.
    pub fn abandon(&self, partition: Partition, run: &Run, outbox: Outbox) {
        if outbox.answers() > 0 {
            let mut abandoned = self.abandoned.lock();
            let kept = abandoned.entry(partition).or_insert_with(|| Abandoned {
                since: Instant::now(),
                run: Arc::clone(run),
                outbox: Outbox::default(),
            });
            kept.outbox.append(outbox);
        }
    }

    /// Takes the answers that waited in vain for their partitions to be taken again; `all`: those that wait
    /// for anything. Those are forgotten whose events another Redis process than `run_of` names has: it is
    /// not known whether they are still there.
    pub fn orphans(
        &self,
        partitions: impl Iterator<Item = Partition>,
        all: bool,
        run_of: impl Fn(Partition) -> Option<Run>,
    ) -> Vec<Answer> {
        let mut orphans = Vec::new();
        let (mut held, mut abandoned) = (self.held.lock(), self.abandoned.lock());
        for partition in partitions {
            let is_due = |kept: &Abandoned| all || kept.since.elapsed() >= ABANDONED_MAX;
            if abandoned.get(&partition).is_some_and(is_due)
                && let Some(mut kept) = abandoned.remove(&partition)
                && run_of(partition).is_some_and(|run| run == kept.run)
            {
                orphans.extend(kept.outbox.take(usize::MAX));
            }
            if let Some(held) = held[partition.index()].as_mut().filter(|_| all) {
                orphans.extend(held.outbox.take(usize::MAX));
            }
        }
        orphans
    }

    /// Begins to hand a partition over, or goes on: nothing more is read. Tells whether it can go now:
    /// what it sent and answered is on its way, or has had `patience`.
    pub fn leave(&self, partition: Partition, patience: Duration) -> bool {
        let mut held = self.held.lock();
        let Some(held) = &mut held[partition.index()] else { return true };
        let Some(since) = held.leaving else {
            // A turn may be under way: its answers are waited for.
            held.leaving = Some(Instant::now());
            return false;
        };
        let waited = since.elapsed();
        waited >= TURN && held.outbox.is_settled() || waited >= patience
    }

    /// Keeps a partition that was to be handed over.
    pub fn stay(&self, partition: Partition) {
        if let Some(held) = &mut self.held.lock()[partition.index()]
            && held.leaving.take().is_some()
        {
            self.ring(partition);
        }
    }

    /// Lets a partition go to hand it over; its fence, if it was held.
    pub fn forget(&self, partition: Partition) -> Option<u64> {
        let held = self.held.lock()[partition.index()].take()?;
        let fence = held.lease.fence;
        self.gone(partition, held);
        Some(fence)
    }

    /// Lets go what could not be renewed in time, since another worker may have it by now, and what
    /// another Redis process granted than the one that `run_of` names now.
    pub fn drop_doubtful(&self, run_of: impl Fn(Partition) -> Option<Run>) {
        let now = Instant::now();
        for (partition, held) in Partition::all().zip(self.held.lock().iter_mut()) {
            let doubtful = |held: &Held| {
                now >= held.safe_until || run_of(partition).is_some_and(|run| run != held.run)
            };
            if let Some(held) = held.take_if(|held| doubtful(held)) {
                self.gone(partition, held);
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
            // What they send would have to wait: the mark stays for later.
            if held.leaving.is_some() || held.outbox.is_full() {
                return;
            }
            if self.rung[partition.index()].swap(false, Ordering::AcqRel) {
                let place = Place { partition, fence: held.lease.fence, seq: held.lease.seq };
                let added_to = AddedTo { term: held.lease.term, run: Arc::clone(&held.run) };
                turns.push(Turn {
                    place,
                    applied: held.lease.applied,
                    added_to,
                    suspect: held.suspects > 0,
                });
            }
        });
        turns
    }

    /// The partitions among `partitions` whose outboxes are to be relayed; their marks are taken off.
    pub fn due(&self, partitions: impl Iterator<Item = Partition>) -> Vec<Due> {
        let mut due = Vec::new();
        self.each_safe(partitions, |partition, held| {
            if std::mem::take(&mut held.outbox.pending) {
                let answers = held.outbox.answers();
                due.push(Due { partition, fence: held.lease.fence, answers });
            }
        });
        due
    }
}

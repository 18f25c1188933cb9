//! What a worker knows of a partition that it owns: its lease, where it is, what waits to be done.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use lua::id::EventId;
use lua::lease::{Lease, Taken};
use lua::term::{History, Mark};

/// Entries of an outbox from which on the partition applies nothing more until they are relayed.
const BACKLOG_MAX: u64 = 10_000;

/// Bytes of answers that wait for an outbox, from which on the same is so.
const ANSWERS_BYTES_MAX: usize = 4 << 20;

/// The run id of a Redis process.
pub type Run = std::sync::Arc<str>;

/// A partition that this worker owns.
#[derive(Debug)]
pub struct Held {
    /// Fence, position and term.
    pub lease: Lease,
    /// The Redis process that granted it. Another one may hold another history.
    pub run: Run,
    /// Where the partition's history was cut.
    pub history: History,
    /// Until when the worker may act on it: two thirds of the lease, counted from before the call
    /// that took or renewed it, by the worker's own clock.
    pub safe_until: Instant,
    /// When the lease was last renewed.
    pub renewed: Instant,
    /// How many of the next events may be what ended the owner before.
    pub suspects: u64,
    /// Since when it is to be handed over: nothing more is read meanwhile.
    pub leaving: Option<Instant>,
    /// When work of the partition is due (ms since the epoch), as far as is known.
    pub due_ms: Option<u64>,
    /// Rooms whose log grew since the last heartbeat, with the newest id.
    pub changed: HashMap<String, EventId>,
    /// Whether the first heartbeat is still to come.
    pub anew: bool,
    /// Whether the consumer group is behind the applied position.
    pub unsettled: bool,
    /// What events caused elsewhere and is not on its way yet.
    pub outbox: Outbox,
}

impl Held {
    /// A partition as it is taken in.
    pub fn new(taken: Taken, asked: Instant, safe_until: Instant) -> Self {
        Self {
            lease: taken.lease,
            run: taken.run,
            history: taken.history,
            safe_until,
            renewed: asked,
            suspects: 0,
            leaving: None,
            due_ms: Some(0),
            changed: HashMap::new(),
            anew: true,
            unsettled: true,
            // The owner before may have left something.
            outbox: Outbox { pending: true, ..Outbox::default() },
        }
    }

    /// Notes that the partition is past `id`.
    pub fn advance(&mut self, id: EventId) {
        self.lease.seq += 1;
        self.suspects = self.suspects.saturating_sub(1);
        self.lease.applied = id;
        self.unsettled = true;
    }
}

/// What waits in a partition's outbox, and the answers that wait for it.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Whether there may be something to relay.
    pub pending: bool,
    /// Entries that wait, about.
    pub backlog: u64,
    answers: VecDeque<Answer>,
    bytes: usize,
}

/// An answer that is published once what its event caused elsewhere is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The inbox of the edge that waits for it.
    pub channel: String,
    /// The message.
    pub text: String,
    /// The event that it answers.
    pub event: Mark,
}

impl Outbox {
    /// Notes that an event put something in, and the answer that waits for that.
    pub fn add(&mut self, answer: Option<Answer>) {
        self.pending = true;
        self.backlog += 1;
        if let Some(answer) = answer {
            self.bytes += answer.text.len();
            self.answers.push_back(answer);
        }
    }

    /// Whether so much waits that nothing more should be put in.
    pub fn is_full(&self) -> bool {
        self.backlog >= BACKLOG_MAX || self.bytes >= ANSWERS_BYTES_MAX
    }

    /// Whether nothing waits.
    pub fn is_settled(&self) -> bool {
        !self.pending && self.answers.is_empty()
    }

    /// How many answers wait.
    pub fn answers(&self) -> usize {
        self.answers.len()
    }

    /// Takes over what came later.
    pub fn append(&mut self, mut other: Self) {
        self.pending |= other.pending;
        self.backlog += other.backlog;
        self.bytes += other.bytes;
        self.answers.append(&mut other.answers);
    }

    /// Forgets answers to events that are not in the history any more: their clients ask again.
    pub fn retain(&mut self, history: &History) {
        self.answers.retain(|answer| history.holds(answer.event));
        self.bytes = self.answers.iter().map(|answer| answer.text.len()).sum();
    }

    /// Takes the first `count` answers, in order.
    pub fn take(&mut self, count: usize) -> Vec<Answer> {
        let taken: Vec<Answer> = self.answers.drain(..count.min(self.answers.len())).collect();
        self.bytes -= taken.iter().map(|answer| answer.text.len()).sum::<usize>();
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outbox_is_full_by_entries_and_by_the_bytes_of_answers() {
        let mut outbox = Outbox::default();
        (0..BACKLOG_MAX).for_each(|_| outbox.add(None));
        assert!(outbox.is_full());
        let mut outbox = Outbox::default();
        let text = "x".repeat(ANSWERS_BYTES_MAX);
        outbox.add(Some(Answer { channel: "c".to_owned(), text, event: Mark::default() }));
        assert!(outbox.is_full());
        assert_eq!(outbox.take(5).len(), 1);
        assert!(!outbox.is_full());
    }

    #[test]
    fn an_answer_does_not_outlive_the_event() {
        let mut outbox = Outbox::default();
        for (ms, term) in [(100, 5), (200, 5), (150, 7)] {
            let event = Mark { id: EventId { ms, seq: 0 }, term };
            outbox.add(Some(Answer { channel: "c".to_owned(), text: ms.to_string(), event }));
        }
        outbox.retain(&History::read("7", "7:120-0:120-0").expect("a history"));
        let kept: Vec<String> = outbox.take(5).into_iter().map(|answer| answer.text).collect();
        assert_eq!(kept, ["100", "150"], "the one in between was lost");
        assert_eq!(outbox.bytes, 0);
    }
}

//! What was found wrong, and how much was looked at.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Findings that are kept word for word; the first is what matters, the rest are counted.
const KEPT: usize = 50;

/// A promise that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Something acknowledged is not there.
    Lost,
    /// Something is there twice, or was never asked for.
    Doubled,
    /// Ids do not rise at a member.
    Order,
    /// A member did not get what the room's log has for it.
    Gap,
    /// A member got what was not for it.
    Stray,
    /// Messages, marks, counts or notifications are not as acknowledged.
    State,
    /// Who is present is not who is shown.
    Presence,
    /// A refusal that nothing explains.
    Refusal,
    /// The service was not whole again in time.
    Standstill,
    /// Something is left over inside: dead letters, outboxes, events not applied.
    Inside,
}

/// All that is wrong and all that was right.
#[derive(Default)]
pub struct Findings(Mutex<Record>);

/// The findings themselves.
#[derive(Default, Clone)]
pub struct Record {
    /// How many of each kind.
    pub broken: BTreeMap<Promise, u64>,
    /// The first of them, in order.
    pub texts: Vec<String>,
    /// How often something was done or compared.
    pub counted: BTreeMap<&'static str, u64>,
    /// Answers per event: acknowledged, refused by a rule, tries beyond the first.
    pub answers: BTreeMap<String, Answers>,
}

/// What came of one kind of event.
#[derive(Default, Clone, Copy)]
pub struct Answers {
    /// Acknowledged.
    pub done: u64,
    /// Refused by a rule, as the swarm expected.
    pub refused: u64,
    /// Sent again, because no answer came or a retry was asked for.
    pub again: u64,
}

impl Findings {
    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a broken promise.
    pub fn broken(&self, promise: Promise, text: String) {
        let mut record = self.lock();
        *record.broken.entry(promise).or_default() += 1;
        if record.texts.len() < KEPT {
            record.texts.push(format!("{promise:?}: {text}"));
        }
    }

    /// Counts something that was looked at or done.
    pub fn count(&self, what: &'static str, times: u64) {
        *self.lock().counted.entry(what).or_default() += times;
    }

    /// Counts answers of an event.
    pub fn answer(&self, event: &str, count: impl FnOnce(&mut Answers)) {
        let mut record = self.lock();
        match record.answers.get_mut(event) {
            Some(answers) => count(answers),
            None => count(record.answers.entry(event.to_owned()).or_default()),
        }
    }

    /// Whether every promise was kept so far.
    pub fn is_clean(&self) -> bool {
        self.lock().broken.is_empty()
    }

    /// All of it.
    pub fn record(&self) -> Record {
        self.lock().clone()
    }
}

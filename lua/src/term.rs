//! Terms: which history of a partition something belongs to.
//!
//! A Redis that was started again, or another that took over, may lack the end of what was there before,
//! and hands ids out anew. So whoever takes a partition from another Redis process than the owner before
//! raises its term, and notes where the history was cut: the newest event that was applied then. All that
//! is left of the terms before is up to there, because a copy of Redis's data is a beginning of them.

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::EventId;

/// How many cuts a partition remembers (`lease/take`). Who was away for more has been given up.
const CUTS_MAX: usize = 16;

/// An event of one history: another one may have an event with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// The event's id.
    pub id: EventId,
    /// The term in which it is known to be in the history.
    pub term: u64,
}

/// What is known of a partition's history: its term, and where it was cut.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// The term of now.
    pub term: u64,
    /// The newest cuts, by term.
    cuts: Vec<Cut>,
}

/// The beginning of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    term: u64,
    /// The newest event that was applied.
    applied: EventId,
    /// The newest entry of the stream, applied or not.
    newest: EventId,
}

impl History {
    /// Reads what `lease/take` noted; nothing where that cannot be read.
    pub fn read(term: &str, cuts: &str) -> Option<Self> {
        let cuts: Option<Vec<Cut>> =
            cuts.split(',').filter(|cut| !cut.is_empty()).map(|cut| cut.parse().ok()).collect();
        Some(Self { term: term.parse().ok()?, cuts: cuts? })
    }

    /// Whether an event that was applied in an earlier term, or this one, is in this history.
    pub fn holds(&self, mark: Mark) -> bool {
        match self.cuts.iter().position(|cut| cut.term > mark.term) {
            None => true,
            // Cuts before the first one may be forgotten.
            Some(0) if self.cuts.len() >= CUTS_MAX => false,
            Some(next) => mark.id <= self.cuts[next].applied,
        }
    }

    /// The term in which an entry was put into the stream, by its id: the same whoever asks, and whenever.
    pub fn term_of(&self, id: EventId) -> u64 {
        self.cuts.iter().rfind(|cut| cut.newest < id).map_or(0, |cut| cut.term)
    }

    fn cuts(&self) -> String {
        let text = |cut: &Cut| format!("{}:{}:{}", cut.term, cut.applied, cut.newest);
        self.cuts.iter().map(text).collect::<Vec<_>>().join(",")
    }
}

impl FromStr for Cut {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or(());
        Ok(Self {
            term: next()?.parse().map_err(drop)?,
            applied: next()?.parse().map_err(drop)?,
            newest: next()?.parse().map_err(drop)?,
        })
    }
}

/// As a heartbeat carries it.
#[derive(Serialize, Deserialize)]
struct Fields {
    term: u64,
    #[serde(default)]
    cuts: String,
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields { term: self.term, cuts: self.cuts() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields { term, cuts } = Fields::deserialize(deserializer)?;
        Self::read(&term.to_string(), &cuts).ok_or_else(|| D::Error::custom("cuts of another kind"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> EventId {
        EventId { ms, seq: 0 }
    }

    fn history(term: u64, cuts: &str) -> History {
        History::read(&term.to_string(), cuts).expect("a history")
    }

    #[test]
    fn what_was_applied_after_a_cut_in_a_term_before_it_is_lost() {
        let history = history(7, "5:100-0:120-0,7:200-0:200-0");
        let holds = |ms, term| history.holds(Mark { id: id(ms), term });
        assert!(holds(100, 4) && !holds(101, 4), "before the first cut that is known");
        assert!(holds(200, 5) && holds(200, 6) && !holds(201, 5) && !holds(201, 6));
        assert!(holds(999, 7) && holds(999, 8), "of now, or newer than what is known");
    }

    #[test]
    fn nothing_is_left_where_the_history_begins_anew() {
        let history = history(9, "9:0-0:0-0");
        assert!(!history.holds(Mark { id: id(1), term: 8 }));
        assert!(history.holds(Mark { id: id(1), term: 9 }));
    }

    #[test]
    fn what_lies_before_the_cuts_that_are_kept_is_not_known() {
        let cuts: Vec<String> = (1..=16).map(|n| format!("{}:{n}00-0:{n}00-0", n * 10)).collect();
        let history = history(160, &cuts.join(","));
        assert!(!history.holds(Mark { id: id(1), term: 9 }));
        assert!(history.holds(Mark { id: id(1), term: 10 }));
    }

    #[test]
    fn an_entry_keeps_its_term_whoever_reads_it_later() {
        let before = history(5, "5:0-0:50-0");
        let after = history(7, "5:0-0:50-0,7:80-0:100-0");
        for (ms, term) in [(50, 0), (51, 5), (100, 5)] {
            assert_eq!((before.term_of(id(ms)), after.term_of(id(ms))), (term, term), "{ms}");
        }
        assert_eq!(after.term_of(id(101)), 7);
    }

    #[test]
    fn a_heartbeat_carries_it() {
        let known = history(7, "5:100-0:120-0,7:200-0:200-0");
        let json = serde_json::to_string(&known).expect("plain data");
        assert_eq!(json, r#"{"term":7,"cuts":"5:100-0:120-0,7:200-0:200-0"}"#);
        assert_eq!(serde_json::from_str::<History>(&json).expect("JSON"), known);
        assert!(serde_json::from_str::<History>(r#"{"term":7,"cuts":"x"}"#).is_err());
    }
}

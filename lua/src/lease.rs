//! Leases: who owns which partition. The fence is kept in the partition's own slot, so that the commit
//! that checks it is atomic; it only ever grows.

use std::sync::Arc;

use redis::{Cmd, Value};

use crate::id::{EventId, Partition};
use crate::key;
use crate::record::text;
use crate::script::{
    INTAKE_SETTLE, LEASE_ATTEMPT, LEASE_RELEASE, LEASE_RENEW, LEASE_TAKE, TIMER_FIRE,
};
use crate::term::{History, Mark};

/// What a partition's bell says when the partition was handed over; nothing where an event came in.
pub const FREE: &str = "free";

/// What an owner holds, and where the partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Above all fences before.
    pub fence: u64,
    /// The newest event that is applied.
    pub applied: EventId,
    /// Events applied so far.
    pub seq: u64,
    /// Raised whenever the history may have been cut off.
    pub term: u64,
    /// The owner before did not hand it over: an event that waits may be what ended it.
    pub suspect: bool,
}

/// A partition as it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What its owner holds.
    pub lease: Lease,
    /// The run id of the Redis process that granted it. Another one may hold another history.
    pub run: Arc<str>,
    /// Where the history was cut.
    pub history: History,
}

impl Taken {
    /// Reads the reply to [`Lease::take`]: nothing where somebody else holds the partition.
    pub fn read(reply: Value) -> Option<Self> {
        let Value::Array(parts) = reply else { return None };
        let parts: Vec<String> = parts.into_iter().filter_map(text).collect();
        let [fence, applied, seq, term, suspect, run, cuts] =
            <[String; 7]>::try_from(parts).ok()?;
        let history = History::read(&term, &cuts)?;
        let lease = Lease {
            fence: fence.parse().ok()?,
            applied: applied.parse().ok()?,
            seq: seq.parse().ok()?,
            term: history.term,
            suspect: suspect == "1",
        };
        Some(Self { lease, run: run.into(), history })
    }
}

impl Lease {
    /// The call that takes a partition which is free. `known`: the newest event that the worker knows of
    /// it, and the highest term. `hold`: scripts leave their publications to the worker.
    pub fn take(partition: Partition, worker: &str, lease_ms: u64, known: Mark, hold: bool) -> Cmd {
        let keys = [key::position(partition), key::intake(partition)];
        let mut cmd = take(&keys, worker, lease_ms, known);
        cmd.arg(if hold { "1" } else { "" });
        cmd
    }

    /// The call that keeps the partition for another lease; 1, or 0 where it was lost.
    pub fn renew(partition: Partition, fence: u64, lease_ms: u64) -> Cmd {
        let mut cmd = call(LEASE_RENEW.script.get_hash(), &[key::position(partition)]);
        cmd.arg(fence).arg(lease_ms);
        cmd
    }

    /// The call that hands the partition over at once.
    pub fn release(partition: Partition, fence: u64) -> Cmd {
        let keys = [key::position(partition), key::bell(partition)];
        let mut cmd = call(LEASE_RELEASE.script.get_hash(), &keys);
        cmd.arg(fence).arg(FREE);
        cmd
    }
}

pub(crate) fn take(keys: &[String], worker: &str, lease_ms: u64, known: Mark) -> Cmd {
    let mut cmd = call(LEASE_TAKE.script.get_hash(), keys);
    cmd.arg(worker).arg(lease_ms).arg(known.term).arg(known.id.to_string());
    cmd
}

/// The call that counts that an event is tried which may be what ended the owner before: how often it is
/// tried now, or `FENCED`.
pub fn attempt(partition: Partition, fence: u64, id: EventId) -> Cmd {
    let mut cmd = call(LEASE_ATTEMPT.script.get_hash(), &[key::position(partition)]);
    cmd.arg(fence).arg(id.to_string());
    cmd
}

/// Reads the reply to [`attempt`]: nothing where it was not counted.
pub fn attempts(reply: Value) -> Option<u64> {
    match reply {
        Value::Int(count) => Some(count.unsigned_abs()),
        _ => None,
    }
}

/// The call that keeps the consumer group in step with the applied position and trims the intake, so that
/// at least `keep` applied entries stay.
pub fn settle(partition: Partition, fence: u64, keep: u64) -> Cmd {
    let mut cmd =
        call(INTAKE_SETTLE.script.get_hash(), &[key::position(partition), key::intake(partition)]);
    cmd.arg(fence).arg(keep);
    cmd
}

/// The call that moves work that is due into the intake, at most `max` entries.
pub fn fire(partition: Partition, fence: u64, max: usize) -> Cmd {
    let keys = [key::position(partition), key::due(partition), key::intake(partition)];
    let mut cmd = call(TIMER_FIRE.script.get_hash(), &keys);
    cmd.arg(fence).arg(max);
    cmd
}

/// What [`fire`] did: entries moved, and when the next work is due (ms), if there is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// Entries moved into the intake.
    pub moved: u64,
    /// Milliseconds since the epoch.
    pub next_ms: Option<u64>,
}

impl Fired {
    /// Reads the reply to [`fire`]: nothing where it failed.
    pub fn read(reply: Value) -> Option<Self> {
        let Value::Array(parts) = reply else { return None };
        let [moved, next] = <[Value; 2]>::try_from(parts).ok()?;
        Some(Self { moved: text(moved)?.parse().ok()?, next_ms: text(next)?.parse().ok() })
    }
}

/// The calls of a worker's registration.
pub mod registry {
    use redis::{Cmd, Value};

    use crate::key::WORKERS;
    use crate::record::text;
    use crate::script::LEASE_REGISTER;

    /// Says that `worker` lives, and asks who does: all who said so within `lease_ms`.
    pub fn register(worker: &str, lease_ms: u64) -> Cmd {
        let mut cmd = super::call(LEASE_REGISTER.script.get_hash(), &[WORKERS.to_owned()]);
        cmd.arg(worker).arg(lease_ms);
        cmd
    }

    /// Takes `worker` out, so that the others share its partitions at once.
    pub fn leave(worker: &str) -> Cmd {
        let mut cmd = redis::cmd("ZREM");
        cmd.arg(WORKERS).arg(worker);
        cmd
    }

    /// Reads the reply to [`register`].
    pub fn names(reply: Value) -> Option<Vec<String>> {
        match reply {
            Value::Array(names) => Some(names.into_iter().filter_map(text).collect()),
            _ => None,
        }
    }
}

pub(crate) fn call(hash: &str, keys: &[String]) -> Cmd {
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(hash).arg(keys.len()).arg(keys);
    cmd
}

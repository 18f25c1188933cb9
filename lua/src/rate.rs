//! Shared rate limits: buckets in Redis that all edges debit, so that a limit holds across them.
//!
//! What a bucket counts is the edge's matter. A bucket that is full has no key.

use std::time::Duration;

use redis::{Cmd, Value};

use crate::id::Partition;
use crate::key;
use crate::script::RATE_TAKE;

/// One bucket: what is limited, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// Where it is kept: in the partition of its subject.
    pub partition: Partition,
    key: String,
}

impl Bucket {
    /// The bucket of this kind of a subject: `user:<id>`, or an address.
    pub fn new(kind: &str, subject: &str) -> Self {
        let partition = Partition::of(subject);
        Self { partition, key: key::rate(partition, kind, subject) }
    }
}

/// How fast a bucket fills up, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The time in which one unit comes back.
    pub interval: Duration,
    /// Units of a full bucket.
    pub burst: u32,
}

impl Quota {
    /// `count` units come back evenly over `period`. Nothing where there is no limit: `count` is 0.
    pub fn per(period: Duration, count: u32, burst: u32) -> Option<Self> {
        (count > 0).then(|| Self { interval: period / count, burst: burst.max(1) })
    }

    /// The time in which an empty bucket fills up.
    pub fn refill(&self) -> Duration {
        self.interval * self.burst
    }
}

/// What [`take`] gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Units of those that were asked for.
    pub granted: u32,
    /// Milliseconds until the bucket has one unit; 0 where it has one left.
    pub wait_ms: u64,
}

/// The call that debits a bucket by what was `used` already, and then by as much of what is `asked` for as
/// it has.
pub fn take(bucket: &Bucket, quota: &Quota, used: u32, asked: u32) -> Cmd {
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(RATE_TAKE.script.get_hash()).arg(1).arg(&bucket.key);
    cmd.arg(used).arg(asked);
    cmd.arg(quota.interval.as_secs_f64() * 1e6).arg(quota.burst);
    cmd
}

impl Taken {
    /// Reads the reply to [`take`]: nothing where it failed.
    pub fn read(reply: &Value) -> Option<Self> {
        match reply {
            Value::Array(parts) => match parts.as_slice() {
                [Value::Int(granted), Value::Int(wait_ms)] => Some(Self {
                    granted: u32::try_from(*granted).ok()?,
                    wait_ms: u64::try_from(*wait_ms).ok()?,
                }),
                _ => None,
            },
            _ => None,
        }
    }
}

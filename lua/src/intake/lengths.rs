//! How long each stream is, about: when Redis is to be asked.

use std::time::{Duration, Instant};

use crate::id::Partition;

/// How often the length of a stream that is written to is looked at.
pub const LAG_EVERY: Duration = Duration::from_millis(200);

/// What is known of each stream's length.
pub struct Lengths(Vec<Length>);

#[derive(Clone, Copy, Default)]
struct Length {
    asked: Option<Instant>,
    /// The last length, and what this process has appended since.
    about: u64,
}

impl Lengths {
    /// Nothing is known.
    pub fn new() -> Self {
        Self(vec![Length::default(); Partition::all().count()])
    }

    /// This process appended an entry.
    pub fn grow(&mut self, partition: Partition) {
        self.0[partition.index()].about += 1;
    }

    /// Redis told the length.
    pub fn known(&mut self, partition: Partition, length: u64) {
        self.0[partition.index()].about = length;
    }

    /// Those of `touched` whose length is due; counts them as asked. Near the limit it always is: in between
    /// a stream could grow far beyond it.
    pub fn due(&mut self, touched: &[Partition], max: u64, now: Instant) -> Vec<Partition> {
        let mut due = Vec::new();
        for partition in touched {
            let known = &mut self.0[partition.index()];
            let is_old = known.asked.is_none_or(|at| now.duration_since(at) >= LAG_EVERY);
            if is_old || known.about > max / 2 {
                known.asked = Some(now);
                due.push(*partition);
            }
        }
        due
    }
}

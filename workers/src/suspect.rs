//! Suspects: what waits in a partition whose owner before did not hand it over. One of these events may be
//! what ended it, so they are applied one at a time, and each attempt is counted in Redis before it is
//! made: an event under which workers die becomes a dead letter, and the partition goes on.
//!
//! An attempt that Redis could not count is not made, so that trouble of Redis counts against nobody.

use lua::batch::Batch;
use lua::lease;
use lua::topology::NodeId;
use tracing::debug;

use crate::consume::{Consumer, Sent};
use crate::partitions::Turn;

/// Workers that may end under one event before it is put aside.
const CRASHES_MAX: u64 = 3;

impl Consumer {
    /// Counts an attempt at each event of the suspect partitions among `turns`, and marks those that must
    /// not be tried again. What could not be counted is left out, and its partition given up.
    pub async fn count_attempts(&self, node: NodeId, turns: &[Turn], sent: Vec<Sent>) -> Vec<Sent> {
        let is_suspect = |sent: &Sent| {
            turns.iter().any(|turn| turn.suspect && turn.place.partition == sent.place.partition)
        };
        let (suspects, mut sent): (Vec<_>, Vec<_>) = sent.into_iter().partition(is_suspect);
        let mut batch = Batch::default();
        for suspect in &suspects {
            let place = suspect.place;
            batch.add(lease::attempt(place.partition, place.fence, suspect.id));
        }
        let mut counts = batch.run(&self.redis, node).await.unwrap_or_default().into_iter();
        for mut suspect in suspects {
            let Some(count) = counts.next().and_then(lease::attempts) else {
                debug!(partition = %suspect.place.partition, "an attempt could not be counted");
                self.give_up(suspect.place);
                continue;
            };
            if count > CRASHES_MAX {
                suspect.problem = Some(format!("{CRASHES_MAX} workers ended as they applied it"));
            }
            sent.push(suspect);
        }
        sent
    }
}

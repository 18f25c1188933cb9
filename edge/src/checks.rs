//! Checks: whether the rooms of a partition missed something, or saw something that Redis lost since. One
//! call for all rooms of the partition that this edge hears; what it finds is mended room by room.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use lua::id::{PARTITIONS, Partition, RoomId};

use crate::core::Core;
use crate::outbound::{follow, recover};

/// Most rooms in one call.
const ROOMS_MAX: usize = 1_000;

/// What is known of each partition.
pub struct Checks(Vec<Check>);

#[derive(Default)]
struct Check {
    /// The term in which all rooms were checked.
    term: AtomicU64,
    /// A check is about to begin.
    due: AtomicBool,
}

impl Default for Checks {
    fn default() -> Self {
        Self((0..PARTITIONS).map(|_| Check::default()).collect())
    }
}

impl Checks {
    /// The newest term in which all rooms of the partition were checked.
    pub fn term(&self, partition: Partition) -> u64 {
        self.0[partition.index()].term.load(Ordering::Acquire)
    }

    /// Begins a check, unless one is about to begin.
    pub fn start(&self, core: &Arc<Core>, partition: Partition) {
        if !self.0[partition.index()].due.swap(true, Ordering::AcqRel) {
            tokio::spawn(check(Arc::clone(core), partition));
        }
    }
}

/// Checks until Redis answers.
async fn check(core: Arc<Core>, partition: Partition) {
    let Ok(_permit) = core.repairs.acquire().await else { return };
    let known = &core.checks.0[partition.index()];
    // Before reading: what is asked for from here on may be news.
    known.due.store(false, Ordering::Release);
    let mut rooms = core.rooms.of(partition);
    loop {
        let part = rooms.split_off(rooms.len().saturating_sub(ROOMS_MAX));
        let term = loop {
            match look(&core, partition, &part).await {
                Ok(term) => break term,
                Err(problem) => {
                    tracing::debug!(%partition, %problem, "rooms could not be checked; it is tried again");
                    recover(&core, &problem).await;
                }
            }
        };
        if rooms.is_empty() {
            known.term.store(term, Ordering::Release);
            return;
        }
    }
}

/// Checks some rooms. Gives the term in which that was.
async fn look(
    core: &Arc<Core>,
    partition: Partition,
    rooms: &[RoomId],
) -> Result<u64, lua::RedisError> {
    let (history, newest) = lua::room::check(&core.redis, partition, rooms).await?;
    for (id, newest) in rooms.iter().zip(newest) {
        if let Some(room) = core.rooms.get(id.as_str()) {
            let next = room.lock().check(&history, newest);
            follow(core, &room, next);
        }
    }
    Ok(history.term)
}

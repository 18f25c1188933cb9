//! How far the workers are behind, looked at all the time as `realtime inspect lag` does once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use lua::id::Partition;
use lua::inspect::{self, Lag, PartitionState};
use lua::{Redis, RedisError};
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The most that waited at any look.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Worst {
    /// Events of one partition that waited.
    pub events: u64,
    /// How long the oldest of them had waited, ms.
    pub age_ms: u64,
}

impl Worst {
    fn see(&mut self, lag: &Lag, now_ms: u64) {
        self.events = self.events.max(lag.waiting);
        let age = lag.oldest.map_or(0, |oldest| now_ms.saturating_sub(oldest.ms));
        self.age_ms = self.age_ms.max(age);
    }
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// How often it was looked.
    pub looks: u64,
    /// In the partition that is asked about.
    pub own: Worst,
    /// In any other one.
    pub others: Worst,
}

/// Looks every 100 ms until it is asked what was seen.
pub struct Watch {
    looking: JoinHandle<Result<Seen, RedisError>>,
    stop: DropGuard,
}

impl Watch {
    /// Begins to look.
    pub fn start(redis: Redis, partition: Partition) -> Self {
        let stop = CancellationToken::new();
        let looking = tokio::spawn(look(redis, partition, stop.clone()));
        Self { looking, stop: stop.drop_guard() }
    }

    /// Ends. Gives what was seen.
    pub async fn finish(self) -> Result<Seen> {
        drop(self.stop);
        self.looking.await?.context("Redis did not tell how far the workers are")
    }
}

async fn look(
    redis: Redis,
    partition: Partition,
    stop: CancellationToken,
) -> Result<Seen, RedisError> {
    let mut seen = Seen::default();
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while !stop.is_cancelled() {
        ticks.tick().await;
        // Before it is asked: what is applied in the meantime did not wait longer.
        let now_ms = now_ms();
        for lag in inspect::lag(&redis).await? {
            let is_own = lag.partition == partition.index();
            let worst = if is_own { &mut seen.own } else { &mut seen.others };
            worst.see(&lag, now_ms);
        }
        seen.looks += 1;
    }
    Ok(seen)
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Waits until every partition has an owner.
pub async fn wait_until_served(redis: &Redis, most: Duration) -> Result<()> {
    let deadline = Instant::now() + most;
    let is_served = |state: &PartitionState| state.owner.is_some() && !state.expired;
    while !inspect::partitions(redis).await?.iter().all(is_served) {
        if Instant::now() > deadline {
            bail!("some partitions have no worker after {} s", most.as_secs());
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Waits until no event waits.
pub async fn wait_until_none(redis: &Redis, most: Duration) -> Result<()> {
    let deadline = Instant::now() + most;
    while !inspect::lag(redis).await?.is_empty() {
        if Instant::now() > deadline {
            bail!("the workers are still behind after {} s", most.as_secs());
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lua::id::EventId;

    #[test]
    fn the_most_is_kept_of_number_and_age() {
        let lag = |waiting, ms| Lag {
            partition: 1,
            owner: None,
            waiting,
            oldest: Some(EventId { ms, seq: 0 }),
        };
        let mut worst = Worst::default();
        worst.see(&lag(9, 1_000), 1_010);
        worst.see(&lag(2, 1_000), 1_500);
        worst.see(&lag(1, 2_000), 1_999);
        assert_eq!(worst, Worst { events: 9, age_ms: 500 });
    }
}

//! How long a stream is, whether it takes more, and when a client that is refused may try again: as
//! long as it takes to shrink, by how fast it does.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Shortest and longest time after which a refused client should try again.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// Of the limit, what should be free again when the refused come back, so that they are taken.
const ROOM: f64 = 0.25;

/// Weight of the newest measurement of the speed.
const NEWEST: f64 = 0.3;

/// One length that is watched.
#[derive(Default)]
pub struct Lag {
    over: AtomicBool,
    retry_ms: AtomicU64,
    seen: Mutex<Option<Seen>>,
}

/// What was measured since the limit was crossed.
struct Seen {
    at: Instant,
    length: u64,
    /// Entries by which it shrinks in a second.
    speed: f64,
    /// When it last got shorter.
    shrunk: Instant,
}

impl Lag {
    /// Whether no more is taken.
    pub fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    /// When a refused client should try again. Each is told another time, up to half as long again, so that
    /// not all come back at once.
    pub fn retry_after_ms(&self) -> u64 {
        let least = self.retry_ms.load(Relaxed).max(millis(RETRY_MIN));
        rand::random_range(least..=least + least / 2).min(millis(RETRY_MAX))
    }

    /// Takes note of a length. Tells whether the limit was crossed, either way.
    pub fn note(&self, length: u64, max: u64, now: Instant) -> bool {
        let over = length > max;
        let mut seen = self.seen.lock();
        if over {
            let seen = seen.get_or_insert(Seen { at: now, length, speed: 0.0, shrunk: now });
            let retry = seen.measure(length, max, now);
            self.retry_ms.store(millis(retry.clamp(RETRY_MIN, RETRY_MAX)), Relaxed);
        } else {
            *seen = None;
        }
        self.over.swap(over, Relaxed) != over
    }
}

impl Seen {
    /// How long it takes from now, by all measurements so far.
    fn measure(&mut self, length: u64, max: u64, now: Instant) -> Duration {
        let passed = now.duration_since(self.at).as_secs_f64();
        if passed > 0.0 {
            let speed = self.length.saturating_sub(length) as f64 / passed;
            self.speed += NEWEST * (speed - self.speed);
        }
        if length < self.length {
            self.shrunk = now;
        }
        (self.at, self.length) = (now, length);
        let surplus = length as f64 - max as f64 * (1.0 - ROOM);
        let still = now.duration_since(self.shrunk);
        let seconds = surplus / self.speed.max(f64::MIN_POSITIVE);
        // Where nothing moves, nobody knows: the longer that lasts, the longer it is going to last.
        if still >= RETRY_MIN || self.speed == 0.0 {
            return still;
        }
        Duration::from_secs_f64(seconds.min(RETRY_MAX.as_secs_f64()))
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lag: &Lag) -> std::ops::RangeInclusive<u64> {
        let all: Vec<u64> = (0..200).map(|_| lag.retry_after_ms()).collect();
        *all.iter().min().expect("some")..=*all.iter().max().expect("some")
    }

    #[test]
    fn the_estimate_follows_the_speed_and_is_spread() {
        let (lag, begun) = (Lag::default(), Instant::now());
        let at = |ms| begun + Duration::from_millis(ms);
        assert!(lag.note(10_100, 10_000, at(0)));
        // 100 in 200 ms: 500 in a second, and 2,500 of 10,000 should be free.
        (1..=60).for_each(|n| assert!(!lag.note(30_000 - n * 100, 10_000, at(n * 200))));
        let left = (24_000 - 7_500) * 1_000 / 500;
        assert!(left > 30_000 && told(&lag) == (30_000..=30_000), "bounded: {:?}", told(&lag));
        (61..=195).for_each(|n| assert!(!lag.note(30_000 - n * 100, 10_000, at(n * 200))));
        let (least, most) = told(&lag).into_inner();
        let left = (10_500 - 7_500) * 1_000 / 500;
        assert!((left - 100..left + 900).contains(&least), "{least} for {left} ms");
        assert!(most > least + 1_000 && most <= least + least / 2 + 50, "{least} to {most}");
        assert!(lag.note(9_999, 10_000, at(40_000)) && !lag.is_over());
    }

    #[test]
    fn where_nothing_moves_the_time_grows_with_how_long_that_lasts() {
        let (lag, begun) = (Lag::default(), Instant::now());
        let told_at = |seconds| {
            lag.note(20_000, 10_000, begun + Duration::from_secs(seconds));
            *told(&lag).start()
        };
        assert!((1_000..1_100).contains(&told_at(0)));
        assert!((8_000..8_200).contains(&told_at(8)));
        assert_eq!(told_at(300), 30_000);
    }
}

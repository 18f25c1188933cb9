//! Whether what a member is told keeps to one a second.

use std::collections::VecDeque;

const SECOND_US: u64 = 1_000_000;

/// What a way through two processes may add to or take from the time between two frames: a window of a
/// second is looked at that much shorter.
const SPREAD_US: u64 = 50_000;

/// A frame that was held up makes the next one seem early. By so much it may come before its time,
/// which is a second after the one before, or after when that was due.
const EARLY_US_MAX: u64 = 500_000;

/// The frames of one kind at one member.
#[derive(Debug, Default)]
pub struct Pace {
    recent: VecDeque<u64>,
    due_us: u64,
    /// Most frames within a second.
    pub most: u64,
    /// Frames that came too early, whatever those before were held up by.
    pub beyond: u64,
    /// The shortest time between two, if there were two.
    pub gap_us_min: Option<u64>,
}

impl Pace {
    /// A frame came.
    pub fn frame(&mut self, at_us: u64) {
        if let Some(last) = self.recent.back() {
            let gap = at_us.saturating_sub(*last);
            self.gap_us_min = Some(self.gap_us_min.map_or(gap, |least| least.min(gap)));
        }
        let window = SECOND_US - SPREAD_US;
        while self.recent.front().is_some_and(|first| first + window <= at_us) {
            self.recent.pop_front();
        }
        self.recent.push_back(at_us);
        self.most = self.most.max(self.recent.len() as u64);
        if at_us + EARLY_US_MAX < self.due_us {
            self.beyond += 1;
        }
        self.due_us = self.due_us.max(at_us) + SECOND_US;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(times_ms: &[u64]) -> Pace {
        let mut pace = Pace::default();
        times_ms.iter().for_each(|ms| pace.frame(ms * 1_000));
        pace
    }

    #[test]
    fn one_a_second_is_fine_for_ever() {
        let times: Vec<u64> = (0..100).map(|n| n * 1_000 + n % 7).collect();
        let pace = pace(&times);
        assert_eq!((pace.most, pace.beyond), (1, 0));
        assert_eq!(pace.gap_us_min, Some(994_000));
    }

    #[test]
    fn a_frame_that_was_held_up_is_forgiven_but_shown() {
        let pace = pace(&[0, 1_400, 2_000, 3_000]);
        assert_eq!((pace.most, pace.beyond, pace.gap_us_min), (2, 0, Some(600_000)));
    }

    #[test]
    fn two_a_second_are_beyond() {
        assert_eq!(pace(&[0, 400]).beyond, 1);
        let slightly_too_often: Vec<u64> = (0..20).map(|n| n * 900).collect();
        assert!(pace(&slightly_too_often).beyond > 0, "it adds up");
        assert_eq!(pace(&[0, 10, 20]).most, 3);
    }

    #[test]
    fn the_time_between_two_is_known_even_where_they_are_far_apart() {
        assert_eq!(pace(&[7]).gap_us_min, None);
        assert_eq!(pace(&[0, 5_000, 6_500]).gap_us_min, Some(1_500_000));
    }
}

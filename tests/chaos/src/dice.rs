//! Choices from a seed: the same seed makes the same choices. When things happen is up to the
//! machine, so a run is repeated in what it does, not to the millisecond.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A source of choices.
pub struct Dice(StdRng);

impl Dice {
    /// The choices of one chooser among those of a seed.
    pub fn new(seed: u64, chooser: u64) -> Self {
        // Far apart for neighbours, which generators of neighbouring seeds need not be.
        Self(StdRng::seed_from_u64(seed ^ chooser.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// A number below `count`, which is not zero.
    pub fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count)
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// One of these, if there are any.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        (!choices.is_empty()).then(|| &choices[self.below(choices.len())])
    }

    /// One of these with its weight.
    pub fn weighed<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        let total: u32 = choices.iter().map(|(weight, _)| weight).sum();
        let mut at = self.0.random_range(0..total);
        for (weight, choice) in choices {
            if at < *weight {
                return *choice;
            }
            at -= weight;
        }
        unreachable!("the weights add up to the total");
    }

    /// A time within these milliseconds.
    pub fn ms(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.0.random_range(from..=to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_choosers_differ() {
        let thrown = |seed, chooser| {
            let mut dice = Dice::new(seed, chooser);
            (0..20).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(thrown(7, 1), thrown(7, 1));
        assert_ne!(thrown(7, 1), thrown(7, 2));
        assert_ne!(thrown(7, 1), thrown(8, 1));
    }
}

//! Random numbers that are the same for the same seed, on every machine and in every version.
//!
//! ChaCha8 is fixed by its definition. Ranges and weights are computed here in whole numbers,
//! because a crate may change its distributions between versions, and floating point differs
//! between machines.

use std::ops::RangeInclusive;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

/// A probability in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerMille(pub u32);

/// A seeded random number generator.
#[derive(Debug, Clone)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The generator of one seed.
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u32::try_from(end).expect("callers count in 32 bits");
        let scaled = u64::from(self.0.next_u32()) * u64::from(end);
        (scaled >> 32) as usize
    }

    /// A number of `range`, both ends included.
    pub fn between(&mut self, range: RangeInclusive<i64>) -> i64 {
        let width = u64::try_from(range.end() - range.start()).expect("the range ascends") + 1;
        let scaled = u128::from(self.0.next_u64()) * u128::from(width);
        range.start() + (scaled >> 64) as i64
    }

    /// `true` with this probability.
    pub fn happens(&mut self, probability: PerMille) -> bool {
        self.below(1000) < probability.0 as usize
    }

    /// One of `items`, which is not empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// One of `items`, each as likely as its weight.
    pub fn weighted<T: Copy>(&mut self, items: &[(T, u32)]) -> T {
        let total: u32 = items.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total as usize) as u32;
        for &(item, weight) in items {
            if left < weight {
                return item;
            }
            left -= weight;
        }
        unreachable!("the number is below the sum of the weights")
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_in_every_version() {
        let mut rng = Rng::new(7);
        let numbers = [rng.below(1000), rng.below(1000), rng.below(1000)];
        assert_eq!(numbers, [172, 764, 916], "other numbers would change every demo");
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut rng = Rng::new(1);
        let numbers: Vec<i64> = (0..1000).map(|_| rng.between(-2..=2)).collect();
        assert_eq!(numbers.iter().min(), Some(&-2));
        assert_eq!(numbers.iter().max(), Some(&2));
    }

    #[test]
    fn weights_are_proportions() {
        let mut rng = Rng::new(1);
        let heads = (0..10_000).filter(|_| rng.weighted(&[(true, 3), (false, 1)])).count();
        assert!((7_300..7_700).contains(&heads), "{heads} of 10,000 instead of about 7,500");
    }
}

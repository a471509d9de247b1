//! Chance that repeats itself: the same seed rolls the same for ever.
//!
//! ChaCha8 is fixed by its definition. What is drawn from it is computed here in
//! whole numbers, because the distributions of a crate may change between its
//! versions and floating point between machines.

use std::ops::RangeInclusive;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A chance in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerMille(pub u32);

/// A source of chance.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of one seed.
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u32::try_from(end).expect("a story counts in 32 bits");
        let scaled = u64::from(self.0.next_u32()) * u64::from(end);
        (scaled >> 32) as usize
    }

    /// A number of `range`, both ends included.
    pub fn between(&mut self, range: RangeInclusive<i64>) -> i64 {
        let width = u64::try_from(range.end() - range.start()).expect("a range runs upwards") + 1;
        let scaled = u128::from(self.0.next_u64()) * u128::from(width);
        range.start() + (scaled >> 64) as i64
    }

    /// Whether a thing of this chance happens.
    pub fn happens(&mut self, chance: PerMille) -> bool {
        self.below(1000) < chance.0 as usize
    }

    /// One of `things`, which is not empty.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    /// One of `things`, each as likely as its weight.
    pub fn weighed<T: Copy>(&mut self, things: &[(T, u32)]) -> T {
        let total: u32 = things.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total as usize) as u32;
        for &(thing, weight) in things {
            if left < weight {
                return thing;
            }
            left -= weight;
        }
        unreachable!("the roll is below the sum of the weights")
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
    fn a_seed_rolls_the_same_for_ever() {
        let mut dice = Dice::new(7);
        let rolls = [dice.below(1000), dice.below(1000), dice.below(1000)];
        assert_eq!(
            rolls,
            [172, 764, 916],
            "written down once; other rolls would change every story"
        );
    }

    #[test]
    fn rolls_stay_in_their_range_and_reach_its_ends() {
        let mut dice = Dice::new(1);
        let rolls: Vec<i64> = (0..1000).map(|_| dice.between(-2..=2)).collect();
        assert_eq!(rolls.iter().min(), Some(&-2));
        assert_eq!(rolls.iter().max(), Some(&2));
    }

    #[test]
    fn weights_are_proportions() {
        let mut dice = Dice::new(1);
        let heads = (0..10_000).filter(|_| dice.weighed(&[(true, 3), (false, 1)])).count();
        assert!((7_300..7_700).contains(&heads), "{heads} of 10,000, where 7,500 are meant");
    }
}

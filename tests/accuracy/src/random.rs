//! Draws from the distributions that the models of machines and sources are made of.

use std::ops::RangeInclusive;

/// A seeded generator: the same seed gives the same corpus on every computer.
pub struct Random(fastrand::Rng);

impl Random {
    /// The generator of case `number` of the family or purpose `name`.
    pub fn of(name: &str, number: u64) -> Self {
        Self(fastrand::Rng::with_seed(hash(name) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.0.f64() < probability
    }

    /// A whole number of this range, each equally likely.
    pub(crate) fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.0.u64(range)
    }

    /// An octet of this range, each equally likely.
    pub(crate) fn octet(&mut self, range: RangeInclusive<u8>) -> u8 {
        self.0.u8(range)
    }

    /// Seconds until an event that comes once in `mean` seconds and has no memory.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 40 means")]
    pub(crate) fn waiting(&mut self, mean: f64) -> u64 {
        (-(1.0 - self.0.f64()).ln() * mean) as u64
    }

    /// One of these, each equally likely. The list is not empty.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.usize(..choices.len())]
    }

    /// Puts these in a random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}

/// FNV-1a: a hash that stays the same over platforms and releases.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

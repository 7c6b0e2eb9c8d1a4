//! Random numbers that nothing secret depends on: jitter and request ids.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// A sequence of numbers, drawn once per client and then counted up.
#[derive(Debug)]
pub(crate) struct Random {
    offset: u64,
    count: AtomicU64,
}

impl Random {
    /// A sequence of its own: the keys of std's hash maps are random where the platform has
    /// randomness.
    pub(crate) fn new() -> Self {
        Self::seeded(RandomState::new().hash_one(0_u8))
    }

    /// The same sequence for the same seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self {
            offset: scramble(seed),
            count: AtomicU64::new(0),
        }
    }

    /// The next number. Numbers of one sequence differ.
    pub(crate) fn next(&self) -> u64 {
        scramble(
            self.offset
                .wrapping_add(self.count.fetch_add(1, Ordering::Relaxed)),
        )
    }

    /// A number from zero to `most`, both included.
    pub(crate) fn up_to(&self, most: u64) -> u64 {
        let range = u128::from(most) + 1;
        // The high half of a product is even without a division.
        u64::try_from((u128::from(self.next()) * range) >> 64).unwrap_or(most)
    }
}

/// The finalizer of splitmix64: a bijection, so different counts stay different.
fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_sequence_and_ranges_hold() {
        let (one, two) = (Random::seeded(7), Random::seeded(7));
        for most in [0, 1, 9, u64::MAX] {
            let number = one.up_to(most);
            assert!(number <= most);
            assert_eq!(number, two.up_to(most));
        }
        assert_ne!(Random::new().next(), Random::new().next());
    }

    #[test]
    fn a_range_is_used_to_its_ends() {
        let random = Random::seeded(1);
        let drawn: std::collections::BTreeSet<u64> = (0..200).map(|_| random.up_to(4)).collect();
        assert_eq!(drawn, (0..=4).collect());
    }
}

//! Chance, in small amounts: what spreads things that would else come together.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// A sequence of fractions that looks random (SplitMix64). No secret may depend
/// on it.
#[derive(Debug)]
pub struct Jitter(AtomicU64);

/// Between two states of the sequence: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Jitter {
    /// Another sequence in each process.
    #[must_use]
    pub fn random() -> Self {
        Self::seeded(RandomState::new().hash_one(STEP))
    }

    /// The same sequence for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next fraction, 0 to below 1.
    pub fn fraction(&self) -> f64 {
        let state = self.0.fetch_add(STEP, Ordering::Relaxed);
        let mut mixed = state.wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // The 53 bits that a fraction has room for.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_the_sequence_and_it_fills_the_range() {
        let sequence = |seed| {
            let jitter = Jitter::seeded(seed);
            (0..1000).map(|_| jitter.fraction()).collect::<Vec<_>>()
        };
        let one = sequence(1);
        assert_eq!(one, sequence(1));
        assert_ne!(one, sequence(2));
        assert!(one.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        let low = one.iter().filter(|fraction| **fraction < 0.25).count();
        assert!((200..300).contains(&low), "{low} of 1000 in a quarter");
    }
}

//! Owns the sandbox's only source of chance: a small deterministic generator.
//!
//! Invariant: the same seed and labels give the same sequence on every machine,
//! so a fleet, its ids and a fault's luck can be repeated. It must not be used
//! for anything that has to be secret.

/// A SplitMix64 generator.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// A stream of its own for each list of labels, so that one account's fleet
    /// does not depend on how many others exist.
    pub(crate) fn labelled(seed: u64, labels: &[&str]) -> Self {
        const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut state = seed ^ 0xcbf2_9ce4_8422_2325;
        for label in labels {
            for byte in label.bytes().chain([0]) {
                state = (state ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
            }
        }
        Self(state)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which must not be 0. The slight bias towards
    /// small numbers does not matter here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    /// True with probability `share`: never at 0 or less, always at 1 or more.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        let unit = (self.word() >> 11) as f64 / (1_u64 << 53) as f64;
        unit < share
    }

    /// One of `items`, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.text(length, b"0123456789abcdef")
    }

    pub(crate) fn text(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length)
            .map(|_| char::from(*self.pick(alphabet)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_labels_give_the_same_sequence_and_others_do_not() {
        let sequence = |labels: &[&str]| {
            let mut random = Random::labelled(7, labels);
            [random.word(), random.word(), random.word()]
        };
        assert_eq!(sequence(&["a", "b"]), sequence(&["a", "b"]));
        assert_ne!(sequence(&["a", "b"]), sequence(&["ab"]));
        assert_ne!(sequence(&["a", "b"]), sequence(&["b", "a"]));
    }

    #[test]
    fn chance_keeps_its_bounds() {
        let mut random = Random::labelled(1, &[]);
        assert!((0..1000).all(|_| !random.chance(0.0)));
        assert!((0..1000).all(|_| random.chance(1.0)));
        let hits = (0..10_000).filter(|_| random.chance(0.3)).count();
        assert!((2_700..3_300).contains(&hits), "{hits} of 10000");
    }
}

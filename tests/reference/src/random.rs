//! Numbers that are the same in every run.

/// A generator of such numbers; its seed is not 0.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number less than this.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let number = self.0 >> 11;
        (number % bound as u64) as usize
    }

    /// One of these.
    pub fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Yes, so many times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

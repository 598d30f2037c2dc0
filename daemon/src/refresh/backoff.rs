//! How long a key whose refresh failed is left alone.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(5);
/// However many follow.
const LONGEST: Duration = Duration::from_secs(120);

/// The failures of one key in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    until: Duration,
}

impl Backoff {
    /// Another failure, at `now`. Doubles the wait, and spreads it by a quarter so
    /// that keys which failed together do not come back together.
    pub(super) fn failed(&mut self, now: Duration) {
        let wait = FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST);
        self.failures += 1;
        let spread = RandomState::new().hash_one(self.failures) % 256;
        self.until = now + wait.mul_f64(0.75 + spread as f64 / 1024.0);
    }

    /// Whether the key is still left alone.
    pub(super) fn holds_at(&self, now: Duration) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_a_limit() {
        let now = Duration::from_secs(1000);
        let mut backoff = Backoff::default();
        backoff.failed(now);
        assert!(backoff.holds_at(now + Duration::from_secs(3)));
        assert!(!backoff.holds_at(now + Duration::from_secs(5)));
        for _ in 0..20 {
            backoff.failed(now);
        }
        assert!(backoff.holds_at(now + Duration::from_secs(89)));
        assert!(!backoff.holds_at(now + LONGEST));
    }
}

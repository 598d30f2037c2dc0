//! How long a key whose load failed is left alone.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(5);
/// However many follow.
pub(super) const LONGEST: Duration = Duration::from_secs(120);

/// The failures of one key in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    until: Duration,
}

impl Backoff {
    /// Another failure, at `now`. Doubles the wait, and takes up to a quarter off
    /// it by `chance`, 0 to 1, so that keys which failed together do not come back
    /// together.
    pub(super) fn failed(&mut self, now: Duration, chance: f64) {
        let wait = FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.until = now + wait.mul_f64(1.0 - chance / 4.0);
    }

    /// Whether the key is still left alone.
    pub(super) fn holds_at(&self, now: Duration) -> bool {
        now < self.until
    }

    /// When it no longer is.
    pub(super) fn until(&self) -> Duration {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    /// The waits after each of so many failures.
    fn waits(failures: usize, chance: f64) -> Vec<f64> {
        let mut backoff = Backoff::default();
        let wait = |_| {
            backoff.failed(NOW, chance);
            (backoff.until() - NOW).as_secs_f64()
        };
        (0..failures).map(wait).collect()
    }

    #[test]
    fn the_wait_doubles_to_a_limit() {
        assert_eq!(
            waits(8, 0.0),
            [5.0, 10.0, 20.0, 40.0, 80.0, 120.0, 120.0, 120.0]
        );
        let last = waits(10_000, 0.0).pop();
        assert_eq!(last, Some(120.0), "however often it fails");
    }

    #[test]
    fn chance_takes_up_to_a_quarter_off_the_wait() {
        assert_eq!(waits(2, 1.0), [3.75, 7.5]);
        assert_eq!(waits(2, 0.5), [4.375, 8.75]);
    }

    #[test]
    fn it_holds_until_its_moment() {
        let mut backoff = Backoff::default();
        assert!(!backoff.holds_at(NOW));
        backoff.failed(NOW, 0.0);
        assert!(backoff.holds_at(NOW + Duration::from_millis(4999)));
        assert!(!backoff.holds_at(NOW + Duration::from_secs(5)));
    }
}

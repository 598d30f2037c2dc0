//! How far AWS's clock is from this machine's, as its last answer had it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use aws_ssm_proto::domain::ClockOffset;

/// Before the first answer.
const UNKNOWN: i64 = i64::MIN;

/// See the module.
#[derive(Debug)]
pub struct ClockCounter(AtomicI64);

impl Default for ClockCounter {
    fn default() -> Self {
        Self(AtomicI64::new(UNKNOWN))
    }
}

impl ClockCounter {
    /// AWS wrote this time into an answer that came at `now`.
    pub fn saw(&self, theirs: SystemTime, now: SystemTime) {
        let ahead = match theirs.duration_since(now) {
            Ok(ahead) => i64::try_from(ahead.as_millis()),
            Err(behind) => i64::try_from(behind.duration().as_millis()).map(|ms| -ms),
        };
        self.0.store(ahead.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// How far AWS's clock is ahead; `None` before it has answered.
    #[must_use]
    pub fn offset(&self) -> Option<ClockOffset> {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => None,
            ahead => Some(ClockOffset(ahead)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_last_answer_counts_in_both_directions() {
        let clock = ClockCounter::default();
        assert_eq!(clock.offset(), None);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10_000);
        clock.saw(now + Duration::from_secs(5), now);
        assert_eq!(clock.offset(), Some(ClockOffset(5_000)));
        clock.saw(now - Duration::from_millis(1_500), now);
        assert_eq!(clock.offset(), Some(ClockOffset(-1_500)));
    }
}

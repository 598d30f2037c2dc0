//! From the age of data to what is done with it: a pure function of the policy.
//!
//! ```text
//! 0 ────── ahead ────── ttl ────── stale threshold ──────►
//! │ serve  │ serve,     │ serve as │ a miss: load; while AWS is
//! │        │ refresh    │ stale,   │ unavailable the last data
//! │        │            │ refresh  │ is served, marked
//! ```

use std::time::Duration;

use aws_ssm_proto::domain::{DataState, Freshness};

/// How long data is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From this age on a read also refreshes.
    pub refresh_ahead: Duration,
    /// From this age on data is stale.
    pub ttl: Duration,
    /// From this age on data is expired.
    pub stale_threshold: Duration,
    /// Whether reads and workers refresh before data expires.
    pub background_refresh: bool,
}

/// What a read does with the data it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Answers from it.
    Serve {
        /// How it is marked.
        state: DataState,
        /// Whether a refresh is begun behind the answer.
        refresh: bool,
    },
    /// Loads first.
    Load,
}

impl Policy {
    /// Judges data of this age for a caller who asks for this freshness.
    #[must_use]
    pub fn judge(&self, age: Duration, asked: Freshness) -> Verdict {
        let serve = Verdict::Serve {
            state: self.state(age),
            refresh: self.background_refresh && age >= self.refresh_ahead,
        };
        match asked {
            Freshness::Fresh => Verdict::Load,
            Freshness::MaxAge(limit) if age > limit => Verdict::Load,
            Freshness::Configured if age >= self.stale_threshold => Verdict::Load,
            Freshness::Configured | Freshness::MaxAge(_) => serve,
        }
    }

    /// The same for data that is good for so many times as long.
    #[must_use]
    pub fn stretched(self, times: u32) -> Self {
        Self {
            refresh_ahead: self.refresh_ahead.saturating_mul(times),
            ttl: self.ttl.saturating_mul(times),
            stale_threshold: self.stale_threshold.saturating_mul(times),
            background_refresh: self.background_refresh,
        }
    }

    /// How data of this age is marked.
    #[must_use]
    pub fn state(&self, age: Duration) -> DataState {
        if age < self.ttl {
            DataState::Fresh
        } else if age < self.stale_threshold {
            DataState::Stale
        } else {
            DataState::LastKnown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const POLICY: Policy = Policy {
        refresh_ahead: Duration::from_secs(240),
        ttl: Duration::from_secs(300),
        stale_threshold: Duration::from_secs(360),
        background_refresh: true,
    };

    fn at(seconds: u64) -> Verdict {
        POLICY.judge(Duration::from_secs(seconds), Freshness::Configured)
    }

    #[test]
    fn the_timeline_turns_at_its_very_seconds() {
        let serve = |state, refresh| Verdict::Serve { state, refresh };
        assert_eq!(at(0), serve(DataState::Fresh, false));
        assert_eq!(at(239), serve(DataState::Fresh, false));
        assert_eq!(at(240), serve(DataState::Fresh, true));
        assert_eq!(at(299), serve(DataState::Fresh, true));
        assert_eq!(at(300), serve(DataState::Stale, true));
        assert_eq!(at(359), serve(DataState::Stale, true));
        assert_eq!(at(360), Verdict::Load);
    }

    #[test]
    fn a_caller_may_ask_for_younger_or_accept_older_data() {
        let judge = |age, asked| POLICY.judge(age, asked);
        assert_eq!(judge(Duration::ZERO, Freshness::Fresh), Verdict::Load);
        assert_eq!(judge(2 * MINUTE, Freshness::MaxAge(MINUTE)), Verdict::Load);
        assert_eq!(
            judge(20 * MINUTE, Freshness::MaxAge(30 * MINUTE)),
            Verdict::Serve {
                state: DataState::LastKnown,
                refresh: true
            }
        );
    }

    #[test]
    fn nothing_refreshes_behind_an_answer_when_that_is_switched_off() {
        let policy = Policy {
            background_refresh: false,
            ..POLICY
        };
        let verdict = policy.judge(5 * MINUTE, Freshness::Configured);
        assert_eq!(
            verdict,
            Verdict::Serve {
                state: DataState::Stale,
                refresh: false
            }
        );
    }
}

//! The circuit breaker: a state machine that is told the time.
//!
//! ```text
//! closed ──threshold failures in a row──► open ──time is up──► half-open
//!   ▲                                       ▲                    │   │
//!   │                                       └──────one failure───┘   │
//!   └───────────────────────────enough successes─────────────────────┘
//! ```
//!
//! Invariants: outcomes of calls that were admitted in an earlier state change
//! nothing; half-open, no more calls are in flight than successes are missing;
//! a breaker that fails its probes has been open since it first opened.

use std::time::Duration;

use tokio::time::Instant;

use super::ResilienceConfig;
use crate::aws::error::OpenBreaker;

/// Counts failures and refuses calls for a while when there are too many.
#[derive(Debug)]
pub(super) struct Breaker {
    threshold: u32,
    open_for: Duration,
    probes: u32,
    /// Counts the changes of state; see [`Pass`].
    epoch: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        since: Instant,
        until: Instant,
        last_error: String,
    },
    HalfOpen {
        since: Instant,
        last_error: String,
        in_flight: u32,
        successes: u32,
    },
}

/// Permission for one call, valid for the state it was given in.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(super) struct Pass {
    epoch: u64,
}

/// A change of state, to be logged.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Transition {
    Opened {
        failures: u32,
        retry_in: Duration,
        last_error: String,
    },
    HalfOpened,
    Closed,
}

/// What can be seen of a breaker from outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) state: &'static str,
    pub(super) failures: u32,
    pub(super) retry_in: Option<Duration>,
    pub(super) open_for: Option<Duration>,
    pub(super) last_error: Option<String>,
}

impl Breaker {
    pub(super) fn new(config: &ResilienceConfig) -> Self {
        Self {
            threshold: config.failure_threshold.max(1),
            open_for: config.open_for,
            probes: config.half_open_probes.max(1),
            epoch: 0,
            state: State::Closed { failures: 0 },
        }
    }

    /// Goes on with these settings. Probing begins anew, since how much of it is
    /// enough has changed.
    pub(super) fn retune(&mut self, config: &ResilienceConfig) {
        self.threshold = config.failure_threshold.max(1);
        self.open_for = config.open_for;
        self.probes = config.half_open_probes.max(1);
        if let State::HalfOpen {
            in_flight,
            successes,
            ..
        } = &mut self.state
        {
            (*in_flight, *successes) = (0, 0);
            self.epoch += 1;
        }
    }

    /// Asks for permission. Each permission is given back by exactly one of
    /// [`succeeded`](Self::succeeded), [`failed`](Self::failed) and
    /// [`abandoned`](Self::abandoned).
    pub(super) fn admit(
        &mut self,
        now: Instant,
    ) -> Result<(Pass, Option<Transition>), OpenBreaker> {
        match &mut self.state {
            State::Closed { .. } => Ok((self.pass(), None)),
            State::Open {
                since,
                until,
                last_error,
            } => {
                if now < *until {
                    return Err(OpenBreaker {
                        open_for: now.saturating_duration_since(*since),
                        retry_in: *until - now,
                        last_error: last_error.clone(),
                    });
                }
                let (since, last_error) = (*since, std::mem::take(last_error));
                Ok(self.half_open(since, last_error))
            }
            State::HalfOpen {
                since,
                last_error,
                in_flight,
                successes,
            } => {
                if *in_flight + *successes >= self.probes {
                    return Err(OpenBreaker {
                        open_for: now.saturating_duration_since(*since),
                        retry_in: Duration::ZERO,
                        last_error: last_error.clone(),
                    });
                }
                *in_flight += 1;
                Ok((self.pass(), None))
            }
        }
    }

    /// The service answered.
    pub(super) fn succeeded(&mut self, pass: Pass) -> Option<Transition> {
        if pass.epoch != self.epoch {
            return None;
        }
        match &mut self.state {
            State::Closed { failures } => *failures = 0,
            State::Open { .. } => {}
            State::HalfOpen {
                in_flight,
                successes,
                ..
            } => {
                *in_flight -= 1;
                *successes += 1;
                if *successes >= self.probes {
                    return Some(self.close());
                }
            }
        }
        None
    }

    /// The service is unwell.
    pub(super) fn failed(&mut self, pass: Pass, now: Instant, error: &str) -> Option<Transition> {
        if pass.epoch != self.epoch {
            return None;
        }
        match &mut self.state {
            State::Closed { failures } => {
                *failures += 1;
                let failures = *failures;
                (failures >= self.threshold).then(|| self.open(now, now, failures, error))
            }
            State::Open { .. } => None,
            State::HalfOpen { since, .. } => {
                let since = *since;
                Some(self.open(since, now, 1, error))
            }
        }
    }

    /// The call ended without showing how the service is.
    pub(super) fn abandoned(&mut self, pass: Pass) -> Option<Transition> {
        if pass.epoch == self.epoch
            && let State::HalfOpen { in_flight, .. } = &mut self.state
        {
            *in_flight -= 1;
        }
        None
    }

    pub(super) fn look(&self, now: Instant) -> Seen {
        let (state, since, last_error, retry_in) = match &self.state {
            State::Closed { failures } => {
                return Seen {
                    state: "closed",
                    failures: *failures,
                    retry_in: None,
                    open_for: None,
                    last_error: None,
                };
            }
            State::Open {
                since,
                until,
                last_error,
            } => {
                let retry_in = until.saturating_duration_since(now);
                ("open", since, last_error, retry_in)
            }
            State::HalfOpen {
                since, last_error, ..
            } => ("half-open", since, last_error, Duration::ZERO),
        };
        Seen {
            state,
            failures: self.threshold,
            retry_in: Some(retry_in),
            open_for: Some(now.saturating_duration_since(*since)),
            last_error: Some(last_error.clone()),
        }
    }

    fn open(&mut self, since: Instant, now: Instant, failures: u32, error: &str) -> Transition {
        self.epoch += 1;
        self.state = State::Open {
            since,
            until: now + self.open_for,
            last_error: error.to_owned(),
        };
        Transition::Opened {
            failures,
            retry_in: self.open_for,
            last_error: error.to_owned(),
        }
    }

    fn half_open(&mut self, since: Instant, last_error: String) -> (Pass, Option<Transition>) {
        self.epoch += 1;
        self.state = State::HalfOpen {
            since,
            last_error,
            in_flight: 1,
            successes: 0,
        };
        (self.pass(), Some(Transition::HalfOpened))
    }

    fn close(&mut self) -> Transition {
        self.epoch += 1;
        self.state = State::Closed { failures: 0 };
        Transition::Closed
    }

    fn pass(&self) -> Pass {
        Pass { epoch: self.epoch }
    }
}

#[cfg(test)]
mod tests;

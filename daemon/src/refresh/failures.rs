//! What could not be loaded lately, and why.
//!
//! Invariant: it holds no more than its limit; beyond it, what may be tried again
//! soonest is forgotten first.

use std::collections::HashMap;
use std::time::Duration;

use aws_ssm_proto::domain::{Error, ErrorKind};

use super::backoff::Backoff;
use super::queue::JobKey;

/// How many keys are remembered. A refresh takes longer to fail than this many
/// could begin within the longest backoff, whatever the number of workers.
pub(super) const MOST: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<JobKey, Failure>);

#[derive(Debug)]
struct Failure {
    backoff: Backoff,
    error: Error,
}

impl Failures {
    /// A load of this key failed.
    pub(super) fn failed(&mut self, key: JobKey, error: &Error, now: Duration, chance: f64) {
        if !self.0.contains_key(&key) {
            self.make_room(now);
        }
        let failure = self.0.entry(key).or_insert_with(|| Failure {
            backoff: Backoff::default(),
            error: error.clone(),
        });
        failure.backoff.failed(now, chance);
        failure.error = error.clone();
    }

    /// A load of this key succeeded.
    pub(super) fn succeeded(&mut self, key: &JobKey) {
        self.0.remove(key);
    }

    /// Whether the key is left alone.
    pub(super) fn hold(&self, key: &JobKey, now: Duration) -> bool {
        self.holding(key, now).is_some()
    }

    /// Why AWS was unavailable for this key, while it is left alone for that.
    pub(super) fn outage(&self, key: &JobKey, now: Duration) -> Option<Error> {
        let failure = self.holding(key, now)?;
        (failure.error.kind == ErrorKind::Unavailable).then(|| failure.error.clone())
    }

    /// Why the last load of this key failed, and how much longer it is left alone.
    pub(super) fn last(&self, key: &JobKey, now: Duration) -> Option<(Error, Duration)> {
        let failure = self.0.get(key)?;
        let held = failure.backoff.until().saturating_sub(now);
        Some((failure.error.clone(), held))
    }

    fn holding(&self, key: &JobKey, now: Duration) -> Option<&Failure> {
        let failure = self.0.get(key)?;
        failure.backoff.holds_at(now).then_some(failure)
    }

    fn make_room(&mut self, now: Duration) {
        if self.0.len() < MOST {
            return;
        }
        self.0.retain(|_, failure| failure.backoff.holds_at(now));
        if self.0.len() >= MOST {
            let soonest = self.0.iter().min_by_key(|(_, f)| f.backoff.until());
            if let Some(key) = soonest.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

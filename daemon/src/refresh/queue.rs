//! Which refreshes are to be done, which are under way, and which are put off.
//!
//! Invariants: a key is refreshed once at a time, however often it is asked for;
//! no more keys wait than the queue holds, and one that is turned away is counted;
//! one principal never holds the last worker, so that one whose calls hang does
//! not keep the others' data from being refreshed.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_ssm_proto::domain::Error;
use tokio::sync::Notify;

use super::failures::Failures;
use super::{Jitter, Job};
use crate::clock::Clock;
use crate::identity::Principal;
use crate::inventory::{Key, Kind};
use crate::metrics::Metrics;

/// More keys than this do not wait; the next read, or the next look at what is
/// kept warm, asks again. At the default limits of calls this many regions of a
/// thousand instances take some minutes.
pub(super) const QUEUE_LEN: usize = 256;

/// A resource in its place.
pub(super) type JobKey = (Kind, Key);

/// See the module. Clones are the same queue.
#[derive(Clone, Debug)]
pub struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Wakes a worker. Whoever takes a job and leaves another passes it on.
    work: Notify,
    /// Workers that one principal may hold.
    share: usize,
    metrics: Arc<Metrics>,
    clock: Clock,
    jitter: Jitter,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Job>,
    /// Those that wait, and those under way.
    pending: HashSet<JobKey>,
    /// Jobs under way, by whose they are.
    running: HashMap<Principal, usize>,
    failures: Failures,
    /// It turned a key away, and has not been half empty since.
    overflowing: bool,
}

impl Queue {
    /// An empty queue for so many workers.
    #[must_use]
    pub fn new(workers: usize, metrics: Arc<Metrics>, clock: Clock, jitter: Jitter) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            work: Notify::new(),
            share: workers.saturating_sub(1).max(1),
            metrics,
            clock,
            jitter,
        }))
    }

    /// Asks for a refresh; says whether one will happen. It will not when the
    /// queue is full or when this key failed too recently.
    pub fn offer(&self, job: Job) -> bool {
        let key = job.key();
        let now = self.0.clock.now();
        let mut state = self.lock();
        if state.pending.contains(&key) {
            return true;
        }
        if state.failures.hold(&key, now) {
            return false;
        }
        if state.waiting.len() >= QUEUE_LEN {
            self.turn_away(state);
            return false;
        }
        state.pending.insert(key);
        state.waiting.push_back(job);
        drop(state);
        self.0.work.notify_one();
        true
    }

    /// A load of this key ended well, whoever it was for.
    pub fn succeeded(&self, kind: Kind, key: &Key) {
        self.lock().failures.succeeded(&(kind, key.clone()));
    }

    /// A load of this key failed, whoever it was for: workers leave it alone for a
    /// while.
    pub fn failed(&self, kind: Kind, key: &Key, error: &Error) {
        let chance = self.0.jitter.fraction();
        let now = self.0.clock.now();
        let mut state = self.lock();
        let key = (kind, key.clone());
        state.failures.failed(key, error, now, chance);
    }

    /// Why AWS was unavailable when this key was loaded a moment ago; `None` once
    /// it is worth another try.
    #[must_use]
    pub fn outage(&self, kind: Kind, key: &Key) -> Option<Error> {
        let now = self.0.clock.now();
        self.lock().failures.outage(&(kind, key.clone()), now)
    }

    /// Why the last load of this key failed, and how long workers leave it alone for
    /// that; `None` when it did not fail.
    #[must_use]
    pub fn last_failure(&self, kind: Kind, key: &Key) -> Option<(Error, Duration)> {
        let now = self.0.clock.now();
        self.lock().failures.last(&(kind, key.clone()), now)
    }

    /// The next job that its principal has a worker for, as soon as there is one.
    pub(super) async fn next(&self) -> Taken {
        loop {
            if let Some(taken) = self.take() {
                return taken;
            }
            self.0.work.notified().await;
        }
    }

    fn take(&self) -> Option<Taken> {
        let mut state = self.lock();
        let at = state.eligible(self.0.share)?;
        let job = state.waiting.remove(at).expect("it was found there");
        let principal = job.identity.principal().clone();
        *state.running.entry(principal).or_default() += 1;
        if state.waiting.len() <= QUEUE_LEN / 2 {
            state.overflowing = false;
        }
        if state.eligible(self.0.share).is_some() {
            self.0.work.notify_one();
        }
        drop(state);
        Some(Taken {
            queue: self.clone(),
            job,
        })
    }

    fn turn_away(&self, mut state: MutexGuard<'_, State>) {
        let is_news = !std::mem::replace(&mut state.overflowing, true);
        drop(state);
        self.0.metrics.cache().refresh_dropped();
        if is_news {
            tracing::warn!(
                waiting = QUEUE_LEN,
                "the refresh queue is full; what is turned away is asked for again later"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }
}

impl State {
    /// The first that waits and whose principal has fewer than `share` under way.
    fn eligible(&self, share: usize) -> Option<usize> {
        let may_run = |job: &Job| {
            let running = self.running.get(job.identity.principal());
            running.is_none_or(|running| *running < share)
        };
        self.waiting.iter().position(may_run)
    }
}

/// A job under way; dropping it, even by a panic, ends that.
#[derive(Debug)]
pub(super) struct Taken {
    queue: Queue,
    pub(super) job: Job,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.pending.remove(&self.job.key());
        let principal = self.job.identity.principal();
        if let Some(running) = state.running.get_mut(principal) {
            *running -= 1;
            if *running == 0 {
                state.running.remove(principal);
            }
        }
        drop(state);
        // Another of this principal's may have waited for it.
        self.queue.0.work.notify_one();
    }
}

#[cfg(test)]
mod tests;

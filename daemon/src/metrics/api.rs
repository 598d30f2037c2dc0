//! Counters of one AWS operation.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::ApiStats;

use super::histogram::{Distribution, Histogram};
use crate::aws::Operation;

/// Counters of one AWS operation.
#[derive(Debug, Default)]
pub struct ApiCounters {
    successes: AtomicU64,
    failures: AtomicU64,
    retries: AtomicU64,
    throttles: AtomicU64,
    timeouts: AtomicU64,
    connection_failures: AtomicU64,
    server_errors: AtomicU64,
    response_bytes: AtomicU64,
    kept_bytes: AtomicU64,
    latency: Histogram,
    last_error: Mutex<Option<(String, SystemTime)>>,
}

impl ApiCounters {
    /// A call was answered; `took` covers all its attempts.
    pub fn succeeded(&self, took: Duration) {
        self.successes.fetch_add(1, Relaxed);
        self.latency.record(took);
    }

    /// A call failed for good.
    pub fn failed(&self, took: Duration, error: String, at: SystemTime) {
        self.failures.fetch_add(1, Relaxed);
        self.latency.record(took);
        *self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some((error, at));
    }

    /// An attempt beyond the first was begun.
    pub fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    /// AWS refused an attempt for the rate of calls.
    pub fn throttled(&self) {
        self.throttles.fetch_add(1, Relaxed);
    }

    /// An attempt had no answer in time.
    pub fn timed_out(&self) {
        self.timeouts.fetch_add(1, Relaxed);
    }

    /// The connection of an attempt failed.
    pub fn connection_failed(&self) {
        self.connection_failures.fetch_add(1, Relaxed);
    }

    /// AWS answered an attempt with a failure of its own.
    pub fn server_failed(&self) {
        self.server_errors.fetch_add(1, Relaxed);
    }

    /// The body of an answer came in.
    pub fn received(&self, bytes: usize) {
        self.response_bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// So much memory was kept of answers.
    pub fn kept(&self, bytes: usize) {
        self.kept_bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// How long calls took.
    pub(super) fn distribution(&self) -> Distribution {
        self.latency.distribution()
    }

    pub(super) fn stats(&self, operation: Operation) -> ApiStats {
        let (successes, failures) = (self.successes.load(Relaxed), self.failures.load(Relaxed));
        let last = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let (last_error, last_error_at) = last.unzip();
        ApiStats {
            operation: operation.action().to_owned(),
            calls: successes + failures,
            successes,
            failures,
            retries: self.retries.load(Relaxed),
            throttles: self.throttles.load(Relaxed),
            timeouts: self.timeouts.load(Relaxed),
            connection_failures: self.connection_failures.load(Relaxed),
            server_errors: self.server_errors.load(Relaxed),
            latency: self.latency.stats(),
            last_error,
            last_error_at,
            response_bytes: self.response_bytes.load(Relaxed),
            kept_bytes: self.kept_bytes.load(Relaxed),
        }
    }
}

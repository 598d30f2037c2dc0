//! Counters of the daemon's own methods.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_ssm_proto::domain::RpcStats;

use super::histogram::{Distribution, Histogram};

/// Counters of one method of the daemon.
#[derive(Debug, Default)]
pub struct RpcMethod {
    failures: AtomicU64,
    latency: Histogram,
}

impl RpcMethod {
    /// A call ended. Takes no lock.
    pub fn record(&self, took: Duration, ok: bool) {
        if !ok {
            self.failures.fetch_add(1, Relaxed);
        }
        self.latency.record(took);
    }
}

/// Methods by name. The lock is for finding them, not for counting.
#[derive(Debug, Default)]
pub(super) struct Methods(Mutex<BTreeMap<&'static str, Arc<RpcMethod>>>);

impl Methods {
    pub(super) fn method(&self, name: &'static str) -> Arc<RpcMethod> {
        let mut methods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(methods.entry(name).or_default())
    }

    /// Every method, by name, and how long its calls took.
    pub(super) fn stats(&self) -> Vec<(RpcStats, Distribution)> {
        let methods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let describe = |(name, method): (&&str, &Arc<RpcMethod>)| {
            let stats = RpcStats {
                method: (*name).to_owned(),
                calls: method.latency.count(),
                failures: method.failures.load(Relaxed),
                latency: method.latency.stats(),
            };
            (stats, method.latency.distribution())
        };
        methods.iter().map(describe).collect()
    }
}

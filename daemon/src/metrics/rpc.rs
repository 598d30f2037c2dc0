//! Counters of the daemon's own methods.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_ssm_proto::domain::RpcStats;

use super::histogram::Histogram;

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

    /// Methods that were called, by name.
    pub(super) fn stats(&self) -> Vec<RpcStats> {
        let methods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let called = methods.iter().filter(|(_, m)| m.latency.count() > 0);
        called
            .map(|(name, method)| RpcStats {
                method: (*name).to_owned(),
                calls: method.latency.count(),
                failures: method.failures.load(Relaxed),
                latency: method.latency.stats(),
            })
            .collect()
    }
}

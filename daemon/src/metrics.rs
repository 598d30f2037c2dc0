//! Owns every counter of the daemon.
//!
//! Invariants: recording takes no lock on the path of a warm answer; a counter
//! only grows; nothing here decides anything.

mod api;
mod cache;
mod clock;
mod histogram;
mod memory;
mod prometheus;
mod rpc;
mod summary;

use std::sync::Arc;

use aws_ssm_proto::domain::{ApiStats, CacheStats, MemoryStats, RpcStats};
use histogram::Distribution;

pub use api::ApiCounters;
pub use cache::CacheCounters;
pub use clock::ClockCounter;
pub use prometheus::{CONTENT_TYPE, exposition};
pub use rpc::RpcMethod;
pub use summary::{human, summary_line};

use crate::aws::Operation;

/// The counters since the daemon started.
#[derive(Debug, Default)]
pub struct Metrics {
    api: [ApiCounters; Operation::ALL.len()],
    cache: CacheCounters,
    clock: ClockCounter,
    rpc: rpc::Methods,
}

/// What [`Metrics`] itself knows of [`aws_ssm_proto::domain::Stats`]. What is
/// held rather than counted, such as entries and rows, is known elsewhere.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Snapshot {
    /// Operations that were called at least once.
    pub api: Vec<ApiStats>,
    /// Without entries, rows and bytes.
    pub cache: CacheStats,
    /// Without instance data.
    pub memory: MemoryStats,
    pub rpc: Vec<RpcStats>,
}

impl Metrics {
    /// Counters at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The counters of one AWS operation.
    #[must_use]
    pub fn api(&self, operation: Operation) -> &ApiCounters {
        &self.api[operation.index()]
    }

    /// The counters of the inventory cache.
    #[must_use]
    pub fn cache(&self) -> &CacheCounters {
        &self.cache
    }

    /// What is known of AWS's clock.
    #[must_use]
    pub fn clock(&self) -> &ClockCounter {
        &self.clock
    }

    /// The counters of one method of the daemon. Takes a lock: resolve it once,
    /// at start, and keep it.
    #[must_use]
    pub fn rpc(&self, method: &'static str) -> Arc<RpcMethod> {
        self.rpc.method(method)
    }

    /// All counters as they stand, each read for itself.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let api = self.operations().map(|(stats, _)| stats);
        let rpc = self.rpc.stats().into_iter().map(|(stats, _)| stats);
        Snapshot {
            api: api.filter(|operation| operation.calls > 0).collect(),
            cache: self.cache.stats(),
            memory: memory::read(),
            rpc: rpc.filter(|method| method.calls > 0).collect(),
        }
    }

    /// Every operation, called or not, and how long its calls took.
    fn operations(&self) -> impl Iterator<Item = (ApiStats, Distribution)> {
        Operation::ALL.into_iter().map(|operation| {
            let counters = self.api(operation);
            (counters.stats(operation), counters.distribution())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn only_operations_that_were_called_are_listed() {
        let metrics = Metrics::new();
        metrics
            .api(Operation::DescribeRegions)
            .succeeded(Duration::from_millis(80));
        let api = metrics.snapshot().api;
        assert_eq!(api.len(), 1);
        assert_eq!(api[0].operation, "ec2:DescribeRegions");
        assert_eq!((api[0].calls, api[0].successes), (1, 1));
    }

    #[test]
    fn a_failure_is_remembered_with_its_time() {
        let metrics = Metrics::new();
        let counters = metrics.api(Operation::DescribeInstances);
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
        counters.failed(Duration::from_secs(1), "Denied: no".into(), at);
        counters.retried();
        counters.throttled();
        counters.timed_out();
        counters.connection_failed();
        counters.server_failed();
        counters.received(1000);
        counters.kept(100);
        let stats = metrics.snapshot().api.remove(0);
        assert_eq!((stats.calls, stats.failures), (1, 1));
        assert_eq!((stats.retries, stats.throttles), (1, 1));
        assert_eq!((stats.timeouts, stats.connection_failures), (1, 1));
        assert_eq!(stats.server_errors, 1);
        assert_eq!((stats.response_bytes, stats.kept_bytes), (1000, 100));
        assert_eq!(stats.last_error.as_deref(), Some("Denied: no"));
        assert_eq!(stats.last_error_at, Some(at));
    }

    #[test]
    fn the_same_method_is_counted_in_one_place() {
        let metrics = Metrics::new();
        let (one, other) = (metrics.rpc("ListInstances"), metrics.rpc("ListInstances"));
        one.record(Duration::from_micros(150), true);
        other.record(Duration::from_micros(250), false);
        let rpc = metrics.snapshot().rpc;
        assert_eq!(rpc.len(), 1);
        assert_eq!((rpc[0].calls, rpc[0].failures), (2, 1));
        assert_eq!(rpc[0].latency.average, Duration::from_micros(200));
    }
}

//! Counters of the daemon since it started.

use std::time::{Duration, SystemTime};

/// How long something took, over all calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LatencyStats {
    pub average: Duration,
    pub min: Duration,
    pub max: Duration,
    pub p50: Duration,
    pub p99: Duration,
}

/// Calls of one AWS operation.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct ApiStats {
    /// Service and operation, as in `ec2:DescribeInstances`.
    pub operation: String,
    pub calls: u64,
    pub successes: u64,
    pub failures: u64,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Attempts that AWS refused for their rate.
    pub throttles: u64,
    /// Attempts that had no answer in time.
    pub timeouts: u64,
    /// Attempts whose connection failed.
    pub connection_failures: u64,
    /// Attempts that AWS answered with a failure of its own (5xx).
    pub server_errors: u64,
    pub latency: LatencyStats,
    pub last_error: Option<String>,
    pub last_error_at: Option<SystemTime>,
    /// Bytes of the answers.
    pub response_bytes: u64,
    /// Bytes that were kept of them.
    pub kept_bytes: u64,
}

/// What the inventory cache did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CacheStats {
    pub hits: u64,
    pub misses: u64,
    /// Answers from data beyond its time to live; they are hits too.
    pub stale_hits: u64,
    pub refreshes_begun: u64,
    pub refreshes_succeeded: u64,
    pub refreshes_failed: u64,
    /// Refreshes that were asked for while the queue was full.
    pub refreshes_dropped: u64,
    pub entries: u64,
    pub rows: u64,
    pub bytes: u64,
}

impl CacheStats {
    /// Hits out of all reads, 0 to 1; `None` before the first read.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        rate(self.hits, self.misses)
    }
}

/// What the AWS client pool did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PoolStats {
    pub size: u64,
    pub hits: u64,
    pub misses: u64,
    pub evicted_by_capacity: u64,
    pub evicted_by_age: u64,
}

impl PoolStats {
    /// Hits out of all uses, 0 to 1; `None` before the first use.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        rate(self.hits, self.misses)
    }
}

fn rate(hits: u64, misses: u64) -> Option<f64> {
    let total = hits + misses;
    (total > 0).then(|| hits as f64 / total as f64)
}

/// Memory of the daemon's process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MemoryStats {
    pub resident: u64,
    pub peak: u64,
    pub instance_data: u64,
}

/// Calls of one method of the daemon.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct RpcStats {
    pub method: String,
    pub calls: u64,
    pub failures: u64,
    pub latency: LatencyStats,
}

/// One circuit breaker.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct BreakerStats {
    pub account: String,
    pub region: String,
    pub service: String,
    /// `closed`, `open` or `half-open`.
    pub state: String,
    pub failures: u32,
    /// When it will be tried again.
    pub retry_in: Option<Duration>,
    /// How long it has not been closed.
    pub open_for: Option<Duration>,
    /// The last failure that it opened on, on one line.
    pub last_error: Option<String>,
}

/// Everything the daemon counts.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Stats {
    pub uptime: Duration,
    pub api: Vec<ApiStats>,
    pub cache: CacheStats,
    pub pool: PoolStats,
    pub memory: MemoryStats,
    pub rpc: Vec<RpcStats>,
    pub breakers: Vec<BreakerStats>,
    pub identities: u64,
    pub regions: u64,
}

/// The figures of the log's summary line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Summary {
    pub calls: u64,
    pub successes: u64,
    pub failures: u64,
    /// 0 to 1; `None` before the first call.
    pub success_rate: Option<f64>,
    pub avg_duration: Duration,
    /// 0 to 1; `None` before the first read.
    pub cache_hit_rate: Option<f64>,
}

impl Stats {
    /// The whole in six figures.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let sum = |of: fn(&ApiStats) -> u64| self.api.iter().map(of).sum::<u64>();
        let calls = sum(|op| op.calls);
        let spent: Duration = self
            .api
            .iter()
            .map(|op| op.latency.average.mul_f64(op.calls as f64))
            .sum();
        Summary {
            calls,
            successes: sum(|op| op.successes),
            failures: sum(|op| op.failures),
            success_rate: rate(sum(|op| op.successes), sum(|op| op.failures)),
            avg_duration: spent
                .checked_div(u32::try_from(calls).unwrap_or(u32::MAX))
                .unwrap_or_default(),
            cache_hit_rate: self.cache.hit_rate(),
        }
    }
}

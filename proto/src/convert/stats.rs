//! Counters.

use std::time::Duration;

use super::time::{from_ms, span_ms, span_us, to_ms};
use crate::domain::{
    ApiStats, BreakerStats, CacheStats, LatencyStats, MemoryStats, PoolStats, RpcStats, Stats,
};
use crate::wire;

/// Messages whose fields have the same names and types on both sides.
macro_rules! same_fields {
    ($name:ident { $($field:ident),+ }) => {
        impl From<$name> for wire::$name {
            fn from(stats: $name) -> Self {
                Self { $($field: stats.$field),+ }
            }
        }

        impl From<wire::$name> for $name {
            fn from(stats: wire::$name) -> Self {
                Self { $($field: stats.$field),+ }
            }
        }
    };
}

same_fields!(CacheStats {
    hits,
    misses,
    stale_hits,
    refreshes_begun,
    refreshes_succeeded,
    refreshes_failed,
    refreshes_dropped,
    entries,
    rows,
    bytes
});
same_fields!(PoolStats {
    size,
    hits,
    misses,
    evicted_by_capacity,
    evicted_by_age
});

impl From<LatencyStats> for wire::LatencyStats {
    fn from(latency: LatencyStats) -> Self {
        Self {
            average_us: span_us(latency.average),
            min_us: span_us(latency.min),
            max_us: span_us(latency.max),
            p50_us: span_us(latency.p50),
            p99_us: span_us(latency.p99),
        }
    }
}

impl From<wire::LatencyStats> for LatencyStats {
    fn from(latency: wire::LatencyStats) -> Self {
        Self {
            average: Duration::from_micros(latency.average_us),
            min: Duration::from_micros(latency.min_us),
            max: Duration::from_micros(latency.max_us),
            p50: Duration::from_micros(latency.p50_us),
            p99: Duration::from_micros(latency.p99_us),
        }
    }
}

impl From<ApiStats> for wire::ApiStats {
    fn from(stats: ApiStats) -> Self {
        Self {
            operation: stats.operation,
            calls: stats.calls,
            successes: stats.successes,
            failures: stats.failures,
            retries: stats.retries,
            throttles: stats.throttles,
            timeouts: stats.timeouts,
            connection_failures: stats.connection_failures,
            server_errors: stats.server_errors,
            latency: Some(stats.latency.into()),
            last_error: stats.last_error,
            last_error_at_ms: stats.last_error_at.map(to_ms),
            response_bytes: stats.response_bytes,
            kept_bytes: stats.kept_bytes,
        }
    }
}

impl From<wire::ApiStats> for ApiStats {
    fn from(stats: wire::ApiStats) -> Self {
        Self {
            operation: stats.operation,
            calls: stats.calls,
            successes: stats.successes,
            failures: stats.failures,
            retries: stats.retries,
            throttles: stats.throttles,
            timeouts: stats.timeouts,
            connection_failures: stats.connection_failures,
            server_errors: stats.server_errors,
            latency: stats.latency.unwrap_or_default().into(),
            last_error: stats.last_error,
            last_error_at: stats.last_error_at_ms.map(from_ms),
            response_bytes: stats.response_bytes,
            kept_bytes: stats.kept_bytes,
        }
    }
}

impl From<MemoryStats> for wire::MemoryStats {
    fn from(memory: MemoryStats) -> Self {
        Self {
            resident_bytes: memory.resident,
            peak_bytes: memory.peak,
            instance_data_bytes: memory.instance_data,
        }
    }
}

impl From<wire::MemoryStats> for MemoryStats {
    fn from(memory: wire::MemoryStats) -> Self {
        Self {
            resident: memory.resident_bytes,
            peak: memory.peak_bytes,
            instance_data: memory.instance_data_bytes,
        }
    }
}

impl From<RpcStats> for wire::RpcStats {
    fn from(stats: RpcStats) -> Self {
        Self {
            method: stats.method,
            calls: stats.calls,
            failures: stats.failures,
            latency: Some(stats.latency.into()),
        }
    }
}

impl From<wire::RpcStats> for RpcStats {
    fn from(stats: wire::RpcStats) -> Self {
        Self {
            method: stats.method,
            calls: stats.calls,
            failures: stats.failures,
            latency: stats.latency.unwrap_or_default().into(),
        }
    }
}

impl From<BreakerStats> for wire::BreakerStats {
    fn from(breaker: BreakerStats) -> Self {
        Self {
            account: breaker.account,
            region: breaker.region,
            service: breaker.service,
            state: breaker.state,
            failures: breaker.failures,
            retry_in_ms: breaker.retry_in.map(span_ms),
            open_for_ms: breaker.open_for.map(span_ms),
            last_error: breaker.last_error,
        }
    }
}

impl From<wire::BreakerStats> for BreakerStats {
    fn from(breaker: wire::BreakerStats) -> Self {
        Self {
            account: breaker.account,
            region: breaker.region,
            service: breaker.service,
            state: breaker.state,
            failures: breaker.failures,
            retry_in: breaker.retry_in_ms.map(Duration::from_millis),
            open_for: breaker.open_for_ms.map(Duration::from_millis),
            last_error: breaker.last_error,
        }
    }
}

impl From<Stats> for wire::StatsResponse {
    fn from(stats: Stats) -> Self {
        Self {
            uptime_ms: span_ms(stats.uptime),
            api: stats.api.into_iter().map(Into::into).collect(),
            cache: Some(stats.cache.into()),
            pool: Some(stats.pool.into()),
            memory: Some(stats.memory.into()),
            rpc: stats.rpc.into_iter().map(Into::into).collect(),
            breakers: stats.breakers.into_iter().map(Into::into).collect(),
            identities: stats.identities,
            regions: stats.regions,
        }
    }
}

impl From<wire::StatsResponse> for Stats {
    fn from(stats: wire::StatsResponse) -> Self {
        Self {
            uptime: Duration::from_millis(stats.uptime_ms),
            api: stats.api.into_iter().map(Into::into).collect(),
            cache: stats.cache.unwrap_or_default().into(),
            pool: stats.pool.unwrap_or_default().into(),
            memory: stats.memory.unwrap_or_default().into(),
            rpc: stats.rpc.into_iter().map(Into::into).collect(),
            breakers: stats.breakers.into_iter().map(Into::into).collect(),
            identities: stats.identities,
            regions: stats.regions,
        }
    }
}

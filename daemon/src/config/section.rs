//! The settings, by section, with their defaults.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What callers get who name none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefaultSection {
    /// The region when nothing else names one.
    pub region: Option<String>,
    /// The profile when nothing else names one.
    pub profile: Option<String>,
    /// The output format of those who ask for none; one of
    /// [`OUTPUT_FORMATS`](aws_ssm_proto::domain::OUTPUT_FORMATS).
    pub output: Option<String>,
}

/// Who shares an entry of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// Everybody who is the same principal to AWS.
    #[default]
    Principal,
    /// Only who uses the very same credentials.
    Credentials,
}

/// How long data is kept and when it is refreshed.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct CacheSection {
    pub enabled: bool,
    pub share: Share,
    pub ttl_minutes: f64,
    pub background_refresh: bool,
    pub refresh_workers: usize,
    /// 6, or 1.2 × the time to live if that is more, unless set.
    pub stale_threshold_minutes: Option<f64>,
    /// Part of the time to live.
    pub refresh_ahead: f64,
    pub keep_warm_minutes: f64,
    /// Whether what is known outlives the daemon.
    pub persist: bool,
    /// Absolute; the platform's directory for caches unless set.
    pub cache_dir: Option<PathBuf>,
}

impl Default for CacheSection {
    fn default() -> Self {
        Self {
            enabled: true,
            share: Share::default(),
            ttl_minutes: 5.0,
            background_refresh: true,
            refresh_workers: 3,
            stale_threshold_minutes: None,
            refresh_ahead: 0.8,
            keep_warm_minutes: 30.0,
            persist: true,
            cache_dir: None,
        }
    }
}

/// Pool, pages and memory.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PerformanceSection {
    pub client_pool_size: usize,
    pub client_pool_ttl_minutes: f64,
    /// 100 for the first page and growing, unless set.
    pub streaming_page_size: Option<u16>,
    pub streaming_max_items: usize,
    pub memory_limit_mb: u64,
    pub enable_metrics: bool,
    pub metrics_interval_seconds: f64,
}

impl Default for PerformanceSection {
    fn default() -> Self {
        Self {
            client_pool_size: 50,
            client_pool_ttl_minutes: 30.0,
            streaming_page_size: None,
            streaming_max_items: 10_000,
            memory_limit_mb: 50,
            enable_metrics: true,
            metrics_interval_seconds: 300.0,
        }
    }
}

/// Breaker, retries, limits.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ResilienceSection {
    pub failure_threshold: u32,
    pub open_seconds: f64,
    pub half_open_probes: u32,
    pub max_attempts: u32,
    pub attempt_timeout_seconds: f64,
    pub operation_timeout_seconds: f64,
    pub requests_per_second: f64,
    pub burst: u32,
}

impl Default for ResilienceSection {
    fn default() -> Self {
        Self {
            failure_threshold: 5,
            open_seconds: 60.0,
            half_open_probes: 3,
            max_attempts: 3,
            attempt_timeout_seconds: 10.0,
            operation_timeout_seconds: 60.0,
            requests_per_second: 20.0,
            burst: 100,
        }
    }
}

/// The process itself.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DaemonSection {
    /// 0: never.
    pub idle_timeout_minutes: f64,
    pub log_level: String,
    pub log_max_mb: u64,
    pub log_files: usize,
}

impl Default for DaemonSection {
    fn default() -> Self {
        Self {
            idle_timeout_minutes: 30.0,
            log_level: "info".to_owned(),
            log_max_mb: 10,
            log_files: 3,
        }
    }
}

/// What others may read of the daemon.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsSection {
    /// Where Prometheus may ask for the counters; nowhere unless set.
    pub prometheus_listen: Option<PrometheusListen>,
}

/// Where the counters can be read; never from another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrometheusListen {
    /// A socket file; the path is absolute.
    Unix(PathBuf),
    /// A port of the loopback interface; 0 is none.
    Tcp(SocketAddr),
}

impl fmt::Display for PrometheusListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

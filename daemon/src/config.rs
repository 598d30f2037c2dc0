//! The daemon's settings: defaults, then the file, then `AWS_SSM_*` variables, then
//! flags.
//!
//! They are read and checked as a whole before anything is bound, and again when a
//! caller asks for it; a file with a mistake is never used in part. What a caller may
//! choose travels in its request instead.

mod foreign;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod held;
mod mistake;
mod origin;
mod read;
pub(crate) mod section;
mod setting;
mod show;
mod template;
mod tree;
mod twice;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_ssm_proto::domain::Error;

pub(crate) use origin::Origin;
pub use section::{
    CacheSection, DaemonSection, DefaultSection, MetricsSection, PerformanceSection,
    PrometheusListen, ResilienceSection,
};

use crate::aws::PoolConfig;
use crate::inventory::freshness::Policy;
use crate::inventory::{InventoryConfig, LoadLimits};
use crate::persist::DiskConfig;
use crate::refresh::WorkersConfig;
use crate::resilience::ResilienceConfig;
use tree::Place;

/// Every setting, checked.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What callers get who name none.
    pub default: DefaultSection,
    /// How long data is kept and when it is refreshed.
    pub cache: CacheSection,
    /// Pool, pages and memory.
    pub performance: PerformanceSection,
    /// Breaker, retries, limits.
    pub resilience: ResilienceSection,
    /// The process itself.
    pub daemon: DaemonSection,
    /// What others may read of it.
    pub metrics: MetricsSection,
    /// Who runs the daemon; names the sessions of roles.
    pub user: String,
    /// What is set without effect, each in one line.
    pub warnings: Vec<String>,
    /// Where it was read from, and can be again.
    origin: Origin,
    /// Where each setting that is not at its default was set.
    sources: BTreeMap<&'static str, Source>,
}

/// Where a setting was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// In the file.
    File(Place),
    /// By its variable.
    Variable,
    /// By this flag.
    Flag(&'static str),
}

/// A stale threshold that is not set lies this far beyond the time to live.
const STALE_FACTOR: f64 = 1.2;
/// Pages that nobody waits for, and all but the first of a load that somebody
/// waits for; AWS gives no more on one.
const LARGEST_PAGE: u16 = 1000;

impl Config {
    /// Reads the file at `explicit`, or else the first of `usual` that is there,
    /// and then the variables.
    ///
    /// # Errors
    ///
    /// All that is wrong at once: an explicit file is missing; a file cannot be read,
    /// is no YAML, or holds a key that does not exist, twice, or with a value out of
    /// range; a variable has such a value.
    pub fn load(
        explicit: Option<&Path>,
        usual: &[PathBuf],
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        Origin::given(explicit, usual, variable)
            .load()
            .into_config()
    }

    /// The defaults, for a daemon that cannot use what it has read. It keeps nothing on
    /// disk: what it could not read may forbid that, or name another place.
    pub(crate) fn unread(origin: &Origin) -> Self {
        Self {
            origin: Origin {
                cache: None,
                ..origin.clone()
            },
            user: origin.user.clone(),
            ..Self::default()
        }
    }

    /// Where they were read from, and can be again.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// When the cache serves, refreshes and loads.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let ttl = minutes(self.cache.ttl_minutes);
        let default_threshold = ttl.mul_f64(STALE_FACTOR).max(Duration::from_secs(360));
        Policy {
            refresh_ahead: ttl.mul_f64(self.cache.refresh_ahead),
            ttl,
            stale_threshold: self
                .cache
                .stale_threshold_minutes
                .map_or(default_threshold, minutes),
            background_refresh: self.cache.background_refresh,
        }
    }

    /// What the inventory is made with.
    #[must_use]
    pub fn inventory(&self) -> InventoryConfig {
        let performance = &self.performance;
        let page = performance.streaming_page_size;
        InventoryConfig {
            policy: self.policy(),
            limits: LoadLimits {
                first_page: page.unwrap_or(100),
                later_pages: page.unwrap_or(LARGEST_PAGE),
                max_items: performance.streaming_max_items,
                call_timeout: seconds(self.resilience.operation_timeout_seconds),
            },
            max_bytes: performance.memory_limit_mb << 20,
            keep: self.cache.enabled,
            share_by_credentials: self.cache.share == section::Share::Credentials,
        }
    }

    /// What is kept on disk, and where.
    #[must_use]
    pub fn disk(&self) -> DiskConfig {
        let cache = &self.cache;
        let dir = cache.cache_dir.as_ref().or(self.origin.cache.as_ref());
        DiskConfig {
            cache_dir: dir.cloned(),
            keep: cache.enabled && cache.persist && cache.share == section::Share::Principal,
        }
    }

    /// How the workers work.
    #[must_use]
    pub fn workers(&self) -> WorkersConfig {
        let keep_warm = self.cache.enabled && self.cache.background_refresh;
        WorkersConfig {
            workers: self.cache.refresh_workers,
            keep_warm: keep_warm.then(|| minutes(self.cache.keep_warm_minutes)),
        }
    }

    /// How the client pool works.
    #[must_use]
    pub fn pool(&self) -> PoolConfig {
        PoolConfig {
            capacity: self.performance.client_pool_size,
            idle: minutes(self.performance.client_pool_ttl_minutes),
        }
    }

    /// How calls are limited and retried.
    #[must_use]
    pub fn resilience(&self) -> ResilienceConfig {
        let resilience = &self.resilience;
        ResilienceConfig {
            failure_threshold: resilience.failure_threshold,
            open_for: seconds(resilience.open_seconds),
            half_open_probes: resilience.half_open_probes,
            max_attempts: resilience.max_attempts,
            attempt_timeout: seconds(resilience.attempt_timeout_seconds),
            operation_timeout: seconds(resilience.operation_timeout_seconds),
            requests_per_second: resilience.requests_per_second,
            burst: resilience.burst,
        }
    }

    /// How long the daemon stays without callers; `None`: for ever.
    #[must_use]
    pub fn idle_timeout(&self) -> Option<Duration> {
        let timeout = minutes(self.daemon.idle_timeout_minutes);
        (!timeout.is_zero()).then_some(timeout)
    }

    /// How often the summary of the counters is logged; `None`: never.
    #[must_use]
    pub fn metrics_interval(&self) -> Option<Duration> {
        let interval = seconds(self.performance.metrics_interval_seconds);
        self.performance.enable_metrics.then_some(interval)
    }
}

fn minutes(minutes: f64) -> Duration {
    Duration::from_secs_f64(minutes * 60.0)
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[cfg(test)]
mod tests;

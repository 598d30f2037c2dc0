//! The daemon's settings: defaults, then the file, then `AWS_SSM_*` variables.
//!
//! They are read and checked once, before anything is bound, and fixed from then
//! on. What a caller may choose travels in its request instead.

mod file;
pub(crate) mod section;
mod setting;

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_ssm_proto::domain::{Error, ErrorKind};

pub use section::{
    CacheSection, DaemonSection, DefaultSection, MetricsSection, PerformanceSection,
    ResilienceSection,
};

use crate::aws::PoolConfig;
use crate::inventory::freshness::Policy;
use crate::inventory::{InventoryConfig, LoadLimits};
use crate::refresh::WorkersConfig;
use crate::resilience::ResilienceConfig;

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
}

/// The configuration of this process: the file that it names, or else the first
/// that is there of `AWS_SSM_HOME/config.yaml`, `~/.aws-ssm/config.yaml` and
/// `aws-ssm/config.yaml` in the platform's configuration directory.
///
/// # Errors
///
/// As [`Config::load`].
pub(crate) fn from_process_environment(explicit: Option<&Path>) -> Result<Config, Error> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let named = variable("AWS_SSM_CONFIG").map(PathBuf::from);
    let mut usual = Vec::new();
    match variable("AWS_SSM_HOME") {
        Some(home) => usual.push(Path::new(&home).join("config.yaml")),
        None => {
            usual
                .extend(variable("HOME").map(|home| Path::new(&home).join(".aws-ssm/config.yaml")));
            let platform = directories::ProjectDirs::from("", "", "aws-ssm");
            usual.extend(platform.map(|dirs| dirs.config_dir().join("config.yaml")));
        }
    }
    let mut config = Config::load(explicit.or(named.as_deref()), &usual, variable)?;
    config.user = variable("USER")
        .or_else(|| variable("LOGNAME"))
        .unwrap_or_else(|| rustix::process::geteuid().as_raw().to_string());
    Ok(config)
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
    /// An explicit file is missing; a file cannot be read, is no YAML, or holds a
    /// key that does not exist or a value out of range.
    pub fn load(
        explicit: Option<&Path>,
        usual: &[PathBuf],
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let mut config = Self::default();
        if let Some((path, text)) = file::read(explicit, usual)? {
            file::apply(&mut config, &path, &text)?;
            config.file = Some(path);
        }
        file::apply_variables(&mut config, variable)?;
        config.check_threshold()?;
        Ok(config)
    }

    fn check_threshold(&self) -> Result<(), Error> {
        let policy = self.policy();
        if policy.stale_threshold >= policy.ttl {
            return Ok(());
        }
        let what = "cache.stale_threshold_minutes is below cache.ttl_minutes";
        Err(Error::new(ErrorKind::Config, what)
            .why("data would expire before it is stale")
            .hint("raise the threshold, or leave it out"))
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
mod tests {
    use super::section::PrometheusListen;
    use super::*;

    fn parsed(text: &str) -> Result<Config, Error> {
        with_variables(text, &[])
    }

    fn with_variables(text: &str, variables: &[(&str, &str)]) -> Result<Config, Error> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("config.yaml");
        std::fs::write(&path, text).expect("written");
        let variable = |name: &str| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Config::load(Some(&path), &[], variable)
    }

    #[test]
    fn without_a_file_the_defaults_hold() {
        let config = Config::load(None, &["/nonexistent".into()], |_| None).expect("defaults");
        assert_eq!(config.file, None);
        let policy = config.policy();
        assert_eq!(policy.refresh_ahead, Duration::from_secs(240));
        assert_eq!(policy.ttl, Duration::from_secs(300));
        assert_eq!(policy.stale_threshold, Duration::from_secs(360));
        assert_eq!(config.idle_timeout(), Some(Duration::from_secs(1800)));
    }

    #[test]
    fn an_explicit_file_must_be_there() {
        let missing = Path::new("/nonexistent/config.yaml");
        assert!(Config::load(Some(missing), &[], |_| None).is_err());
    }

    #[test]
    fn a_page_size_set_by_hand_holds_throughout() {
        let config = parsed("performance:\n  streaming_page_size: 200\n").expect("fine");
        let limits = config.inventory().limits;
        assert_eq!((limits.first_page, limits.later_pages), (200, 200));
    }

    #[test]
    fn a_longer_ttl_moves_the_threshold() {
        let config = parsed("cache:\n  ttl_minutes: 10\n").expect("fine");
        assert_eq!(config.policy().stale_threshold, Duration::from_secs(720));
    }

    #[test]
    fn an_unknown_key_names_file_line_and_the_nearest_key() {
        let error = parsed("cache:\n  ttl_minute: 5\n").expect_err("unknown key");
        assert!(error.to_string().contains("config.yaml"), "{error}");
        assert!(error.to_string().contains("line 2"), "{error}");
        assert!(error.hint.contains("ttl_minutes"), "{error:?}");
    }

    #[test]
    fn a_section_written_twice_is_told_with_its_line() {
        let error = parsed("cache:\n  enabled: true\ncache:\n  ttl_minutes: 5\n");
        let error = error.expect_err("twice");
        assert!(
            error.what.contains("line 3: cache is written twice"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_yaml_is_told_in_one_line_of_the_readers_words() {
        for text in ["cache: [1\n", ": : :\n", "cache:\n\tttl_minutes: 5\n"] {
            let error = parsed(text).expect_err("no YAML");
            assert!(
                error.what.ends_with("config.yaml is no valid YAML"),
                "{error}"
            );
            assert!(!error.why.contains(['\n', '|', '<']), "{}", error.why);
        }
    }

    #[test]
    fn a_value_out_of_range_names_the_range() {
        let error = parsed("cache:\n  refresh_workers: 65\n").expect_err("too many");
        assert!(
            error.to_string().contains("cache.refresh_workers"),
            "{error}"
        );
        assert!(error.to_string().contains("1 to 64"), "{error}");
        let error = parsed("cache:\n  ttl_minutes: 5\n  stale_threshold_minutes: 4\n");
        assert!(error.is_err());
    }

    #[test]
    fn every_mistake_is_told_in_three_parts() {
        for text in [
            "cache:\n  ttl_minute: 5\n",
            "cache:\n  xylophone: 5\n",
            "cache:\n  ttl_minutes: 0\n",
            "cache:\n  ttl_minutes: soon\n",
            "cache: 5\n",
            "5\n",
            "cache: [\n",
        ] {
            let error = parsed(text).expect_err(text);
            for part in [&error.what, &error.why, &error.hint] {
                assert!(!part.is_empty(), "{text:?}: {error:?}");
            }
        }
    }

    #[test]
    fn counters_are_offered_on_this_machine_only() {
        let listen = |at: &str| {
            let text = format!("metrics:\n  prometheus_listen: {at:?}\n");
            parsed(&text).map(|config| config.metrics.prometheus_listen)
        };
        let tcp = |at: &str| Some(PrometheusListen::Tcp(at.parse().expect("an address")));
        assert_eq!(listen("127.0.0.1:9464"), Ok(tcp("127.0.0.1:9464")));
        assert_eq!(listen("[::1]:9464"), Ok(tcp("[::1]:9464")));
        let unix = PrometheusListen::Unix("/run/m.sock".into());
        assert_eq!(listen("unix:/run/m.sock"), Ok(Some(unix)));
        for wrong in [
            "0.0.0.0:9464",
            "127.0.0.1:0",
            "127.0.0.1",
            "9464",
            "localhost:9464",
            "unix:m.sock",
            "unix:",
            "",
        ] {
            let error = listen(wrong).expect_err(wrong);
            assert!(error.why.contains("loopback"), "{wrong}: {error:?}");
        }
    }

    #[test]
    fn a_cache_directory_means_the_same_from_everywhere() {
        let config = parsed("cache:\n  persist: false\n  cache_dir: /var/cache/x\n");
        let cache = config.expect("fine").cache;
        assert_eq!(cache.cache_dir.as_deref(), Some(Path::new("/var/cache/x")));
        assert!(!cache.persist);
        assert!(parsed("cache:\n  cache_dir: here\n").is_err());
    }

    #[test]
    fn a_variable_beats_the_file() {
        let config = with_variables(
            "cache:\n  refresh_workers: 4\n",
            &[("AWS_SSM_CACHE_REFRESH_WORKERS", "7")],
        )
        .expect("fine");
        assert_eq!(config.cache.refresh_workers, 7);
        let error = with_variables("", &[("AWS_SSM_CACHE_REFRESH_WORKERS", "many")]);
        let error = error.expect_err("no number");
        assert!(
            error.to_string().contains("AWS_SSM_CACHE_REFRESH_WORKERS"),
            "{error}"
        );
    }
}

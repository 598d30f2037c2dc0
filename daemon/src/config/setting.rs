//! Every setting there is: its name, its range, and where it goes.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::Value;

use super::Config;
use super::section::{PrometheusListen, Share};

/// One setting of the file and of the environment.
pub(super) struct Setting {
    /// Section and key, as in `cache.ttl_minutes`.
    pub(super) name: &'static str,
    /// Checks a value and puts it in its place, or says what it takes.
    pub(super) apply: fn(&mut Config, &Value) -> Result<(), String>,
}

const fn setting(
    name: &'static str,
    apply: fn(&mut Config, &Value) -> Result<(), String>,
) -> Setting {
    Setting { name, apply }
}

/// The table of the configuration guide, in its order.
pub(super) const SETTINGS: &[Setting] = &[
    setting("default.region", |c, v| {
        text(v).map(|v| c.default.region = Some(v))
    }),
    setting("default.profile", |c, v| {
        text(v).map(|v| c.default.profile = Some(v))
    }),
    setting("cache.enabled", |c, v| {
        switch(v).map(|v| c.cache.enabled = v)
    }),
    setting("cache.share", |c, v| share(v).map(|v| c.cache.share = v)),
    setting("cache.ttl_minutes", |c, v| {
        number(v, 0.1, 1440.0).map(|v| c.cache.ttl_minutes = v)
    }),
    setting("cache.background_refresh", |c, v| {
        switch(v).map(|v| c.cache.background_refresh = v)
    }),
    setting("cache.refresh_workers", |c, v| {
        whole(v, 1, 64).map(|v| c.cache.refresh_workers = v as usize)
    }),
    setting("cache.stale_threshold_minutes", |c, v| {
        number(v, 0.1, 10_080.0).map(|v| c.cache.stale_threshold_minutes = Some(v))
    }),
    setting("cache.refresh_ahead", |c, v| {
        number(v, 0.1, 1.0).map(|v| c.cache.refresh_ahead = v)
    }),
    setting("cache.keep_warm_minutes", |c, v| {
        number(v, 0.0, 10_080.0).map(|v| c.cache.keep_warm_minutes = v)
    }),
    setting("cache.persist", |c, v| {
        switch(v).map(|v| c.cache.persist = v)
    }),
    setting("cache.cache_dir", |c, v| {
        path(v).map(|v| c.cache.cache_dir = Some(v))
    }),
    setting("performance.client_pool_size", |c, v| {
        whole(v, 1, 1000).map(|v| c.performance.client_pool_size = v as usize)
    }),
    setting("performance.client_pool_ttl_minutes", |c, v| {
        number(v, 0.1, 1440.0).map(|v| c.performance.client_pool_ttl_minutes = v)
    }),
    setting("performance.streaming_page_size", |c, v| {
        whole(v, 5, 1000).map(|v| c.performance.streaming_page_size = Some(v as u16))
    }),
    setting("performance.streaming_max_items", |c, v| {
        whole(v, 1, 1_000_000).map(|v| c.performance.streaming_max_items = v as usize)
    }),
    setting("performance.memory_limit_mb", |c, v| {
        whole(v, 1, 4096).map(|v| c.performance.memory_limit_mb = v)
    }),
    setting("performance.enable_metrics", |c, v| {
        switch(v).map(|v| c.performance.enable_metrics = v)
    }),
    setting("performance.metrics_interval_seconds", |c, v| {
        number(v, 1.0, 86_400.0).map(|v| c.performance.metrics_interval_seconds = v)
    }),
    setting("resilience.failure_threshold", |c, v| {
        whole(v, 1, 1000).map(|v| c.resilience.failure_threshold = v as u32)
    }),
    setting("resilience.open_seconds", |c, v| {
        number(v, 0.1, 3600.0).map(|v| c.resilience.open_seconds = v)
    }),
    setting("resilience.half_open_probes", |c, v| {
        whole(v, 1, 100).map(|v| c.resilience.half_open_probes = v as u32)
    }),
    setting("resilience.max_attempts", |c, v| {
        whole(v, 1, 10).map(|v| c.resilience.max_attempts = v as u32)
    }),
    setting("resilience.attempt_timeout_seconds", |c, v| {
        number(v, 0.1, 600.0).map(|v| c.resilience.attempt_timeout_seconds = v)
    }),
    setting("resilience.operation_timeout_seconds", |c, v| {
        number(v, 0.1, 600.0).map(|v| c.resilience.operation_timeout_seconds = v)
    }),
    setting("resilience.requests_per_second", |c, v| {
        number(v, 0.1, 10_000.0).map(|v| c.resilience.requests_per_second = v)
    }),
    setting("resilience.burst", |c, v| {
        whole(v, 1, 100_000).map(|v| c.resilience.burst = v as u32)
    }),
    setting("daemon.idle_timeout_minutes", |c, v| {
        number(v, 0.0, 100_000.0).map(|v| c.daemon.idle_timeout_minutes = v)
    }),
    setting("daemon.log_level", |c, v| {
        level(v).map(|v| c.daemon.log_level = v)
    }),
    setting("daemon.log_max_mb", |c, v| {
        whole(v, 1, 1024).map(|v| c.daemon.log_max_mb = v)
    }),
    setting("daemon.log_files", |c, v| {
        whole(v, 1, 100).map(|v| c.daemon.log_files = v as usize)
    }),
    setting("metrics.prometheus_listen", |c, v| {
        prometheus(v).map(|v| c.metrics.prometheus_listen = Some(v))
    }),
];

/// The variable that sets it: `cache.ttl_minutes` is `AWS_SSM_CACHE_TTL_MINUTES`.
pub(super) fn variable(name: &str) -> String {
    format!("AWS_SSM_{}", name.replace('.', "_").to_uppercase())
}

fn number(value: &Value, min: f64, max: f64) -> Result<f64, String> {
    let number = value.as_f64().filter(|n| (min..=max).contains(n));
    number.ok_or_else(|| format!("it takes a number from {min} to {max}"))
}

fn whole(value: &Value, min: u64, max: u64) -> Result<u64, String> {
    let number = value.as_u64().filter(|n| (min..=max).contains(n));
    number.ok_or_else(|| format!("it takes a whole number from {min} to {max}"))
}

fn switch(value: &Value) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| "it takes true or false".to_owned())
}

fn text(value: &Value) -> Result<String, String> {
    let text = value.as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| "it takes a text".to_owned())
}

fn share(value: &Value) -> Result<Share, String> {
    match value.as_str() {
        Some("principal") => Ok(Share::Principal),
        Some("credentials") => Ok(Share::Credentials),
        _ => Err("it takes principal or credentials".to_owned()),
    }
}

fn level(value: &Value) -> Result<String, String> {
    const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
    let level = value.as_str().filter(|level| LEVELS.contains(level));
    level
        .map(str::to_owned)
        .ok_or_else(|| format!("it takes {}", LEVELS.join(", ")))
}

/// A path that means the same from everywhere: the daemon's working directory is
/// nobody's.
fn path(value: &Value) -> Result<PathBuf, String> {
    let path = value.as_str().map(PathBuf::from);
    path.filter(|path| path.is_absolute())
        .ok_or_else(|| "it takes an absolute path".to_owned())
}

fn prometheus(value: &Value) -> Result<PrometheusListen, String> {
    let takes = "it takes unix:PATH with an absolute path, or a loopback address and port \
                 as in 127.0.0.1:9464";
    let text = value.as_str().ok_or(takes)?;
    if let Some(path) = text.strip_prefix("unix:") {
        let path = self::path(&Value::from(path)).map_err(|_| takes)?;
        return Ok(PrometheusListen::Unix(path));
    }
    let address: SocketAddr = text.parse().map_err(|_| takes)?;
    if !address.ip().is_loopback() || address.port() == 0 {
        return Err(takes.to_owned());
    }
    Ok(PrometheusListen::Tcp(address))
}

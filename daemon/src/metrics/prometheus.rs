//! All counters as Prometheus reads them.
//!
//! Invariant: the number of series has an end that does not grow with callers.
//! Labels are operations, methods, services and states, which the program decides;
//! accounts and regions appear only with breakers that are not closed, and of those
//! only so many are listed. No identity is ever a label, and no error's text.

mod breakers;
mod text;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_ssm_proto::domain::{ApiStats, LatencyStats, RpcStats, Stats};

use super::Metrics;
use super::histogram::{BOUNDS_US, Distribution};
use text::{Kind, Text};

/// What the text is, for the header of an answer over HTTP.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The whole text. `stats` is what `metrics` has counted, with what is known
/// elsewhere; `build` names the program.
#[must_use]
pub fn exposition(stats: &Stats, metrics: &Metrics, build: &str, started: SystemTime) -> String {
    let mut text = Text::default();
    daemon(&mut text, stats, build, started);
    let operations: Vec<_> = metrics.operations().collect();
    api(&mut text, &operations);
    cache(&mut text, stats);
    pool(&mut text, stats);
    memory(&mut text, stats);
    rpc(&mut text, &metrics.rpc.stats());
    breakers::write(&mut text, &stats.breakers);
    text.finish()
}

fn daemon(text: &mut Text, stats: &Stats, build: &str, started: SystemTime) {
    text.family("aws_ssm_build_info", Kind::Gauge, "The program, always 1.");
    text.sample("", &[("version", build)], 1);
    text.one(
        "aws_ssm_start_time_seconds",
        Kind::Gauge,
        "When the daemon started, in seconds since 1970.",
        since_1970(started),
    );
    text.one(
        "aws_ssm_identities",
        Kind::Gauge,
        "Principals whose credentials are known.",
        stats.identities,
    );
    text.one(
        "aws_ssm_regions",
        Kind::Gauge,
        "Regions that the cache holds something of.",
        stats.regions,
    );
}

/// A counter of one operation: its name, what it counts, where it stands.
type ApiCounter = (&'static str, &'static str, fn(&ApiStats) -> u64);

const API_COUNTERS: [ApiCounter; 10] = [
    (
        "aws_ssm_api_calls_total",
        "Calls to AWS that ended, attempts not counted.",
        |op| op.calls,
    ),
    (
        "aws_ssm_api_successes_total",
        "Calls that AWS answered.",
        |op| op.successes,
    ),
    (
        "aws_ssm_api_failures_total",
        "Calls that failed for good.",
        |op| op.failures,
    ),
    (
        "aws_ssm_api_retries_total",
        "Attempts beyond the first of a call.",
        |op| op.retries,
    ),
    (
        "aws_ssm_api_throttles_total",
        "Attempts that AWS refused for their rate.",
        |op| op.throttles,
    ),
    (
        "aws_ssm_api_timeouts_total",
        "Attempts that had no answer in time.",
        |op| op.timeouts,
    ),
    (
        "aws_ssm_api_connection_failures_total",
        "Attempts whose connection failed.",
        |op| op.connection_failures,
    ),
    (
        "aws_ssm_api_server_errors_total",
        "Attempts that AWS answered with a failure of its own.",
        |op| op.server_errors,
    ),
    (
        "aws_ssm_api_response_bytes_total",
        "Bytes of answers.",
        |op| op.response_bytes,
    ),
    (
        "aws_ssm_api_kept_bytes_total",
        "Bytes of memory that were kept of answers.",
        |op| op.kept_bytes,
    ),
];

fn api(text: &mut Text, operations: &[(ApiStats, Distribution)]) {
    for (name, help, of) in API_COUNTERS {
        text.family(name, Kind::Counter, help);
        for (stats, _) in operations {
            text.sample("", &[("operation", &stats.operation)], of(stats));
        }
    }
    let latencies = operations.iter().map(|(stats, distribution)| Latency {
        label: ("operation", &stats.operation),
        figures: stats.latency,
        distribution,
    });
    let latencies: Vec<_> = latencies.collect();
    durations(
        text,
        "aws_ssm_api",
        "calls to AWS, retries included",
        &latencies,
    );
    text.family(
        "aws_ssm_api_last_error_time_seconds",
        Kind::Gauge,
        "When a call last failed, in seconds since 1970.",
    );
    for (stats, _) in operations {
        if let Some(at) = stats.last_error_at {
            text.sample("", &[("operation", &stats.operation)], since_1970(at));
        }
    }
}

fn cache(text: &mut Text, stats: &Stats) {
    let cache = &stats.cache;
    for (name, help, value) in [
        (
            "hits",
            "Answers from the cache, stale ones included.",
            cache.hits,
        ),
        (
            "stale_hits",
            "Answers from data beyond its time to live.",
            cache.stale_hits,
        ),
        ("misses", "Reads that had to wait for AWS.", cache.misses),
        (
            "refreshes_begun",
            "Refreshes that nobody waits for.",
            cache.refreshes_begun,
        ),
        (
            "refreshes_succeeded",
            "Refreshes that brought new data.",
            cache.refreshes_succeeded,
        ),
        (
            "refreshes_failed",
            "Refreshes that did not.",
            cache.refreshes_failed,
        ),
        (
            "refreshes_dropped",
            "Refreshes turned away by a full queue.",
            cache.refreshes_dropped,
        ),
    ] {
        text.one(
            &format!("aws_ssm_cache_{name}_total"),
            Kind::Counter,
            help,
            value,
        );
    }
    for (name, help, value) in [
        ("entries", "Entries that are held.", cache.entries),
        ("rows", "Instances, agents and regions in them.", cache.rows),
        ("bytes", "Bytes of memory they take.", cache.bytes),
    ] {
        text.one(&format!("aws_ssm_cache_{name}"), Kind::Gauge, help, value);
    }
}

fn pool(text: &mut Text, stats: &Stats) {
    let pool = &stats.pool;
    text.one(
        "aws_ssm_pool_size",
        Kind::Gauge,
        "AWS clients that are kept.",
        pool.size,
    );
    for (name, help, value) in [
        ("hits", "Uses of a client that was there.", pool.hits),
        ("misses", "Clients that were made.", pool.misses),
        (
            "evicted_by_capacity",
            "Clients dropped for want of room.",
            pool.evicted_by_capacity,
        ),
        (
            "evicted_by_age",
            "Clients dropped because nobody used them.",
            pool.evicted_by_age,
        ),
    ] {
        text.one(
            &format!("aws_ssm_pool_{name}_total"),
            Kind::Counter,
            help,
            value,
        );
    }
}

fn memory(text: &mut Text, stats: &Stats) {
    let memory = &stats.memory;
    for (name, help, value) in [
        ("resident", "Memory of the process.", memory.resident),
        ("peak", "The most it ever had.", memory.peak),
        (
            "instance_data",
            "What the cache takes of it.",
            memory.instance_data,
        ),
    ] {
        text.one(
            &format!("aws_ssm_memory_{name}_bytes"),
            Kind::Gauge,
            help,
            value,
        );
    }
}

fn rpc(text: &mut Text, methods: &[(RpcStats, Distribution)]) {
    for (name, help, of) in [
        (
            "aws_ssm_rpc_calls_total",
            "Calls of this daemon that ended.",
            (|method| method.calls) as fn(&RpcStats) -> u64,
        ),
        (
            "aws_ssm_rpc_failures_total",
            "Calls of this daemon that ended with an error.",
            |method| method.failures,
        ),
    ] {
        text.family(name, Kind::Counter, help);
        for (stats, _) in methods {
            text.sample("", &[("method", &stats.method)], of(stats));
        }
    }
    let latencies = methods.iter().map(|(stats, distribution)| Latency {
        label: ("method", &stats.method),
        figures: stats.latency,
        distribution,
    });
    let latencies: Vec<_> = latencies.collect();
    durations(text, "aws_ssm_rpc", "calls of this daemon", &latencies);
}

/// Its name, its title, and where it stands.
type LatencyFigure = (&'static str, &'static str, fn(&LatencyStats) -> Duration);

/// How long the calls of one operation or method took.
struct Latency<'a> {
    label: (&'static str, &'a str),
    figures: LatencyStats,
    distribution: &'a Distribution,
}

fn durations(text: &mut Text, prefix: &str, of_what: &str, latencies: &[Latency<'_>]) {
    let help = format!("Durations of {of_what}.");
    text.family(
        &format!("{prefix}_duration_seconds"),
        Kind::Histogram,
        &help,
    );
    for latency in latencies {
        buckets(text, latency.label, latency.distribution);
    }
    let figures: [LatencyFigure; 4] = [
        ("min", "The shortest", |latency| latency.min),
        ("max", "The longest", |latency| latency.max),
        ("p50", "The median", |latency| latency.p50),
        ("p99", "The 99th percentile", |latency| latency.p99),
    ];
    for (name, title, of) in figures {
        let help = format!("{title} of the durations of {of_what}, since the daemon started.");
        text.family(
            &format!("{prefix}_duration_{name}_seconds"),
            Kind::Gauge,
            &help,
        );
        for latency in latencies {
            if latency.distribution.counts.iter().any(|count| *count > 0) {
                text.sample("", &[latency.label], of(&latency.figures).as_secs_f64());
            }
        }
    }
}

fn buckets(text: &mut Text, label: (&str, &str), distribution: &Distribution) {
    let mut count = 0;
    for (bucket, within) in distribution.counts.iter().enumerate() {
        count += within;
        let bound = BOUNDS_US.get(bucket);
        let bound = bound.map_or_else(|| "+Inf".to_owned(), |us| (*us as f64 / 1e6).to_string());
        text.sample("_bucket", &[label, ("le", &bound)], count);
    }
    text.sample("_sum", &[label], distribution.sum.as_secs_f64());
    text.sample("_count", &[label], count);
}

fn since_1970(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as f64 / 1e3
}

#[cfg(test)]
mod tests;

//! Whether the daemon's counters are true: the local AWS has counted too.
//!
//! Holds while every attempt gets an answer: one that hangs arrives, and is neither
//! answered nor refused.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sandbox::Counts;

/// What arrived of one operation, at all accounts and regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Attempts {
    made: u64,
    refused: u64,
    bytes: u64,
}

/// Compares every figure about AWS in `daemon stats -o json` with what arrived.
///
/// # Errors
///
/// What differs, in words.
pub fn same_calls(stats: &Value, counts: &Counts) -> Result<(), String> {
    let mut arrived: BTreeMap<&str, Attempts> = BTreeMap::new();
    for count in counts {
        let attempts = arrived.entry(&count.operation).or_default();
        attempts.made += count.calls;
        attempts.refused += count.refused;
        attempts.bytes += count.bytes;
    }
    let mut counted = BTreeMap::new();
    for operation in stats["api"].as_array().into_iter().flatten() {
        let name = operation["operation"].as_str().unwrap_or_default();
        let name = name.split_once(':').map_or(name, |(_, name)| name);
        let figure = |name: &str| operation[name].as_u64().unwrap_or(u64::MAX);
        let [calls, successes, failures] = ["calls", "successes", "failures"].map(figure);
        if calls != successes + failures {
            return Err(format!("the calls do not add up: {operation}"));
        }
        let attempts = Attempts {
            made: calls + figure("retries"),
            // Each that was refused was tried again, or was the last.
            refused: failures + figure("retries"),
            bytes: figure("response_bytes"),
        };
        counted.insert(name, attempts);
    }
    match counted == arrived {
        true => Ok(()),
        false => Err(format!("counted: {counted:?}; arrived: {arrived:?}")),
    }
}

/// Looks for a figure in every section of `daemon stats -o json`.
///
/// # Errors
///
/// What is zero, or missing.
pub fn every_section_counts(stats: &Value) -> Result<(), String> {
    for (section, figures) in [
        (
            "summary",
            &[
                "uptime_seconds",
                "calls",
                "successes",
                "success_rate",
                "avg_duration_seconds",
                "cache_hit_rate",
                "identities",
                "regions",
            ][..],
        ),
        (
            "cache",
            &[
                "hits",
                "misses",
                "hit_rate",
                "refreshes_begun",
                "refreshes_succeeded",
                "entries",
                "rows",
                "bytes",
            ],
        ),
        (
            "memory",
            &["resident_bytes", "peak_bytes", "instance_data_bytes"],
        ),
        ("pool", &["size", "hits", "misses", "hit_rate"]),
    ] {
        positive(section, &stats[section], figures)?;
    }
    let durations = [
        "average_seconds",
        "min_seconds",
        "max_seconds",
        "p50_seconds",
        "p99_seconds",
    ];
    let api = [&["calls", "successes", "response_bytes"][..], &durations].concat();
    let rpc = [&["calls"][..], &durations].concat();
    for (section, figures) in [("api", &api[..]), ("rpc", &rpc), ("breakers", &[])] {
        let rows = stats[section].as_array().filter(|rows| !rows.is_empty());
        let rows = rows.ok_or_else(|| format!("{section} is empty"))?;
        rows.iter()
            .try_for_each(|row| positive(section, row, figures))?;
    }
    Ok(())
}

fn positive(section: &str, of: &Value, figures: &[&str]) -> Result<(), String> {
    let is_zero = |figure: &&&str| of[**figure].as_f64().is_none_or(|figure| figure <= 0.0);
    match figures.iter().find(is_zero) {
        Some(figure) => Err(format!("{section}: {figure} is {}", of[*figure])),
        None => Ok(()),
    }
}

//! The counters for people: what is read together stands together, tables fit 80
//! columns, and what never happened takes no room.

use std::time::Duration;

use aws_ssm_proto::domain::{ApiStats, BreakerStats, LatencyStats, RpcStats, Stats};

use super::super::super::unix;
use super::{cache, memory, number, pool, state, summary};
use crate::render::sheet::{Document, Sheet};
use crate::render::{Field, Value};

/// Breakers that are shown one by one.
const MOST_BREAKERS: usize = 20;

pub(super) fn document(stats: &Stats) -> Document<'_> {
    Document(vec![
        ("summary", summary(stats)),
        ("cache", cache(stats)),
        ("memory", memory(stats)),
        ("pool", pool(stats)),
        ("api", api(&stats.api)),
        ("api durations and bytes", api_sizes(&stats.api)),
        ("api attempts that failed", api_causes(&stats.api)),
        ("api last errors", api_errors(&stats.api)),
        ("rpc", rpc(&stats.rpc)),
        ("breakers", breaker_states(&stats.breakers)),
        ("breakers with failures", breakers(&stats.breakers)),
        ("breakers' last errors", breaker_errors(&stats.breakers)),
    ])
}

fn fields(labels: &[&'static str]) -> Vec<Field> {
    labels.iter().copied().map(Field::named).collect()
}

fn counts<'a, const N: usize>(about: &'a str, counts: [u64; N]) -> Vec<Value<'a>> {
    let mut row = vec![Value::Text(about)];
    row.extend(counts.map(Value::Number));
    row
}

fn api(operations: &[ApiStats]) -> Sheet<'_> {
    let labels = [
        "operation",
        "calls",
        "failures",
        "retries",
        "throttles",
        "average",
    ];
    let rows = operations.iter().map(|operation| {
        let mut row = counts(
            &operation.operation,
            [
                operation.calls,
                operation.failures,
                operation.retries,
                operation.throttles,
            ],
        );
        row.push(Value::Span(operation.latency.average));
        row
    });
    Sheet::list(fields(&labels), rows.collect())
}

fn api_sizes(operations: &[ApiStats]) -> Sheet<'_> {
    let labels = ["operation", "min", "p50", "p99", "max", "received", "kept"];
    let rows = operations.iter().map(|operation| {
        let LatencyStats {
            min, p50, p99, max, ..
        } = operation.latency;
        let mut row = vec![Value::Text(&operation.operation)];
        row.extend([min, p50, p99, max].map(Value::Span));
        row.extend([operation.response_bytes, operation.kept_bytes].map(Value::Size));
        row
    });
    Sheet::list(fields(&labels), rows.collect())
}

fn api_causes(operations: &[ApiStats]) -> Sheet<'_> {
    let labels = ["operation", "throttles", "timeouts", "connection", "server"];
    let rows = operations.iter().map(|operation| {
        let causes = [
            operation.throttles,
            operation.timeouts,
            operation.connection_failures,
            operation.server_errors,
        ];
        (causes, counts(&operation.operation, causes))
    });
    let failed = rows.filter(|(causes, _)| causes.iter().any(|count| *count > 0));
    Sheet::list(fields(&labels), failed.map(|(_, row)| row).collect())
}

/// Below each other, because an error's text is long and not to be cut.
fn api_errors(operations: &[ApiStats]) -> Sheet<'_> {
    let failed = operations.iter().filter_map(|operation| {
        let error = operation.last_error.as_deref()?;
        let at = operation.last_error_at.map(unix);
        Some((&operation.operation, error, at))
    });
    let lines = failed.flat_map(|(operation, error, at)| {
        [
            (named(operation), Value::of(at, Value::Time)),
            (Field::named(""), Value::Text(error)),
        ]
    });
    lines_or_nothing(lines.collect())
}

fn rpc(methods: &[RpcStats]) -> Sheet<'_> {
    let labels = [
        "method", "calls", "failures", "average", "p50", "p99", "max",
    ];
    let rows = methods.iter().map(|method| {
        let LatencyStats {
            average,
            p50,
            p99,
            max,
            ..
        } = method.latency;
        let mut row = counts(&method.method, [method.calls, method.failures]);
        row.extend([average, p50, p99, max].map(Value::Span));
        row
    });
    Sheet::list(fields(&labels), rows.collect())
}

fn breaker_states(breakers: &[BreakerStats]) -> Sheet<'_> {
    let states = ["closed", "half-open", "open"];
    let lines = states.map(|state| {
        let count = breakers.iter().filter(|breaker| breaker.state == state);
        number(state, count.count() as u64)
    });
    lines_or_nothing(match breakers {
        [] => Vec::new(),
        _ => lines.into(),
    })
}

/// Those worth looking at, the longest open first.
fn with_failures(breakers: &[BreakerStats]) -> impl Iterator<Item = &BreakerStats> {
    let mut failing: Vec<_> = breakers.iter().filter(|b| b.failures > 0).collect();
    failing.sort_by_key(|breaker| std::cmp::Reverse(breaker.open_for));
    failing.into_iter().take(MOST_BREAKERS)
}

fn breakers(breakers: &[BreakerStats]) -> Sheet<'_> {
    let labels = [
        "service", "region", "account", "state", "failures", "open-for", "retry-in",
    ];
    let span = |length: Option<Duration>| Value::of(length, Value::Span);
    let rows = with_failures(breakers).map(|breaker| {
        vec![
            Value::Text(&breaker.service),
            Value::Text(&breaker.region),
            Value::Text(&breaker.account),
            state(&breaker.state),
            Value::Number(breaker.failures.into()),
            span(breaker.open_for),
            span(breaker.retry_in),
        ]
    });
    Sheet::list(fields(&labels), rows.collect())
}

fn breaker_errors(breakers: &[BreakerStats]) -> Sheet<'_> {
    let lines = with_failures(breakers).filter_map(|breaker| {
        let error = breaker.last_error.as_deref()?;
        let place = format!("{} {}", breaker.service, breaker.region);
        Some((named(&place), Value::Text(error)))
    });
    lines_or_nothing(lines.collect())
}

fn named(label: &str) -> Field {
    Field {
        label: label.to_owned().into(),
        ..Field::named("")
    }
}

/// A heading without anything below it says nothing.
fn lines_or_nothing<'a>(lines: Vec<(Field, Value<'a>)>) -> Sheet<'a> {
    match lines.is_empty() {
        true => Sheet::list(Vec::new(), Vec::new()),
        false => Sheet::single(lines),
    }
}

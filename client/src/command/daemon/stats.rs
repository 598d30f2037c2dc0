//! `daemon stats`: every counter, the most telling first. This file has them as
//! programs get them, `stats/page.rs` as people do.

mod page;

use std::io;

use aws_ssm_proto::domain::{ApiStats, BreakerStats, LatencyStats, RpcStats, Stats};

use super::super::{Context, unix};
use crate::error::{Failure, usage};
use crate::render::colour::Tone;
use crate::render::sheet::{Document, Sheet};
use crate::render::sink::Sink;
use crate::render::{Field, Format, Look, Value};

/// Puts the counters into the sink; returns the columns there is no room for.
pub(super) fn put(
    stats: &Stats,
    sink: &mut Sink,
    format: Format,
    look: Look,
) -> io::Result<Vec<String>> {
    let document = match format {
        Format::Table => page::document(stats),
        _ => document(stats),
    };
    document.print(sink, format, look)
}

/// The counters are no list, so that there is nothing to choose columns of.
pub(super) fn check(ctx: &Context<'_>) -> Result<(), Failure> {
    if ctx.settings.columns.is_none() {
        return Ok(());
    }
    Err(usage("the counters have no columns to choose from")
        .why("they are no list of one kind of thing")
        .hint("take them apart with -o json, or leave --columns out")
        .into())
}

fn document(stats: &Stats) -> Document<'_> {
    Document(vec![
        ("summary", summary(stats)),
        ("cache", cache(stats)),
        ("memory", memory(stats)),
        ("pool", pool(stats)),
        ("api", api(&stats.api)),
        ("rpc", rpc(&stats.rpc)),
        ("breakers", breakers(&stats.breakers)),
    ])
}

fn number(name: &'static str, number: u64) -> (Field, Value<'static>) {
    (Field::named(name), Value::Number(number))
}

fn size(name: &'static str, key: &'static str, bytes: u64) -> (Field, Value<'static>) {
    (Field::named(name).key(key), Value::Size(bytes))
}

fn share(name: &'static str, share: Option<f64>) -> (Field, Value<'static>) {
    (Field::named(name), Value::of(share, Value::Share))
}

fn summary(stats: &Stats) -> Sheet<'static> {
    let summary = stats.summary();
    Sheet::single(vec![
        (
            Field::named("uptime").key("uptime_seconds"),
            Value::Span(stats.uptime),
        ),
        number("calls", summary.calls),
        number("successes", summary.successes),
        number("failures", summary.failures),
        share("success-rate", summary.success_rate),
        (
            Field::named("avg-duration").key("avg_duration_seconds"),
            Value::Span(summary.avg_duration),
        ),
        share("cache-hit-rate", summary.cache_hit_rate),
        number("identities", stats.identities),
        number("regions", stats.regions),
    ])
}

fn cache(stats: &Stats) -> Sheet<'static> {
    let cache = &stats.cache;
    Sheet::single(vec![
        number("hits", cache.hits),
        number("misses", cache.misses),
        number("stale-hits", cache.stale_hits),
        share("hit-rate", cache.hit_rate()),
        number("refreshes-begun", cache.refreshes_begun),
        number("refreshes-succeeded", cache.refreshes_succeeded),
        number("refreshes-failed", cache.refreshes_failed),
        number("refreshes-dropped", cache.refreshes_dropped),
        number("entries", cache.entries),
        number("rows", cache.rows),
        size("size", "bytes", cache.bytes),
    ])
}

fn memory(stats: &Stats) -> Sheet<'static> {
    let memory = &stats.memory;
    Sheet::single(vec![
        size("resident", "resident_bytes", memory.resident),
        size("peak", "peak_bytes", memory.peak),
        size("instance-data", "instance_data_bytes", memory.instance_data),
    ])
}

fn pool(stats: &Stats) -> Sheet<'static> {
    let pool = &stats.pool;
    Sheet::single(vec![
        number("size", pool.size),
        number("hits", pool.hits),
        number("misses", pool.misses),
        share("hit-rate", pool.hit_rate()),
        number("evicted-by-capacity", pool.evicted_by_capacity),
        number("evicted-by-age", pool.evicted_by_age),
    ])
}

const LATENCY: [(&str, &str); 5] = [
    ("average", "average_seconds"),
    ("min", "min_seconds"),
    ("max", "max_seconds"),
    ("p50", "p50_seconds"),
    ("p99", "p99_seconds"),
];

fn latency_fields() -> impl Iterator<Item = Field> {
    LATENCY
        .into_iter()
        .map(|(label, key)| Field::named(label).key(key))
}

fn latency(latency: &LatencyStats) -> [Value<'static>; 5] {
    let LatencyStats {
        average,
        min,
        max,
        p50,
        p99,
    } = *latency;
    [average, min, max, p50, p99].map(Value::Span)
}

fn api(operations: &[ApiStats]) -> Sheet<'_> {
    let mut fields: Vec<Field> = [
        "operation",
        "calls",
        "successes",
        "failures",
        "retries",
        "throttles",
        "timeouts",
        "connection-failures",
        "server-errors",
    ]
    .map(Field::named)
    .into();
    fields.extend(latency_fields());
    fields.push(Field::named("received").key("response_bytes"));
    fields.push(Field::named("kept").key("kept_bytes"));
    fields.push(Field::named("last-error"));
    fields.push(Field::named("last-error-at"));
    let rows = operations.iter().map(|operation| {
        let mut row = vec![Value::Text(&operation.operation)];
        row.extend(
            [
                operation.calls,
                operation.successes,
                operation.failures,
                operation.retries,
                operation.throttles,
                operation.timeouts,
                operation.connection_failures,
                operation.server_errors,
            ]
            .map(Value::Number),
        );
        row.extend(latency(&operation.latency));
        row.push(Value::Size(operation.response_bytes));
        row.push(Value::Size(operation.kept_bytes));
        row.push(Value::text(operation.last_error.as_deref()));
        row.push(Value::of(operation.last_error_at.map(unix), Value::Time));
        row
    });
    Sheet::list(fields, rows.collect())
}

fn rpc(methods: &[RpcStats]) -> Sheet<'_> {
    let mut fields: Vec<Field> = ["method", "calls", "failures"].map(Field::named).into();
    fields.extend(latency_fields());
    let rows = methods.iter().map(|method| {
        let mut row = vec![
            Value::Text(&method.method),
            Value::Number(method.calls),
            Value::Number(method.failures),
        ];
        row.extend(latency(&method.latency));
        row
    });
    Sheet::list(fields, rows.collect())
}

fn breakers(breakers: &[BreakerStats]) -> Sheet<'_> {
    let fields = vec![
        Field::named("service"),
        Field::named("region"),
        Field::named("account"),
        Field::named("state"),
        Field::named("failures"),
        Field::named("open-for").key("open_for_seconds"),
        Field::named("retry-in").key("retry_in_seconds"),
        Field::named("last-error"),
    ];
    let rows = breakers.iter().map(|breaker| {
        vec![
            Value::Text(&breaker.service),
            Value::Text(&breaker.region),
            Value::Text(&breaker.account),
            state(&breaker.state),
            Value::Number(breaker.failures.into()),
            Value::of(breaker.open_for, Value::Span),
            Value::of(breaker.retry_in, Value::Span),
            Value::text(breaker.last_error.as_deref()),
        ]
    });
    Sheet::list(fields, rows.collect())
}

fn state(state: &str) -> Value<'_> {
    match state {
        "closed" => Value::Word("closed", Tone::Good),
        "half-open" => Value::Word("half-open", Tone::Warning),
        "open" => Value::Word("open", Tone::Bad),
        other => Value::Text(other),
    }
}

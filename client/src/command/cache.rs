//! `cache`: what the daemon holds, loading it again, dropping it.

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{CacheEntry, Caller, DataState, Error, RegionSummary};

use super::report::whole_seconds;
use super::{Context, report, unix};
use crate::cli::CacheCommand;
use crate::error::{Failure, usage};
use crate::render::colour::Tone;
use crate::render::sheet::Sheet;
use crate::render::time::span;
use crate::render::{Field, Value};

pub(super) async fn run(command: &CacheCommand, ctx: &mut Context<'_>) -> Result<(), Failure> {
    match command {
        CacheCommand::Show => show(ctx).await,
        CacheCommand::Refresh => refresh(ctx).await,
        CacheCommand::Clear { all } => clear(*all, ctx).await,
    }
}

async fn show(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let regions = ctx.regions()?;
    let show = async |client: &Client| client.cache_of(&regions).await;
    let entries = ctx.link.ask(show).await?;
    let fields = vec![
        Field::named("region"),
        Field::named("resource"),
        Field::named("state"),
        Field::named("age").key("age_seconds"),
        Field::named("rows"),
        Field::named("size").key("bytes"),
        Field::named("refreshing"),
        Field::named("next").key("next_refresh_seconds"),
        Field::named("unused").key("unused_seconds"),
        Field::named("account"),
        Field::named("principal"),
        Field::named("last-error"),
    ];
    ctx.print(Sheet::list(fields, entries.iter().map(entry).collect()))?;
    for entry in &entries {
        if let Some(why) = explanation(entry) {
            ctx.notices.say(why);
        }
    }
    Ok(())
}

/// Why an entry is not younger, and what comes of it.
fn explanation(entry: &CacheEntry) -> Option<String> {
    let error = entry.last_error.as_deref()?;
    let next = match entry.next_refresh {
        _ if entry.refreshing => "it is being tried again".to_owned(),
        Some(next) if next.is_zero() => "the next read tries again".to_owned(),
        Some(next) => format!("it is not tried again for {}", span(whole_seconds(next))),
        None => "only a read that needs newer data tries again".to_owned(),
    };
    Some(format!(
        "{} {}: the last load failed: {error}; {next}",
        entry.region, entry.resource
    ))
}

fn entry(entry: &CacheEntry) -> Vec<Value<'_>> {
    vec![
        Value::Text(&entry.region),
        Value::Text(&entry.resource),
        state(entry.state),
        Value::Span(whole_seconds(entry.age)),
        Value::Number(entry.rows),
        Value::Size(entry.bytes),
        Value::Flag(entry.refreshing),
        Value::of(entry.next_refresh, |next| Value::Span(whole_seconds(next))),
        Value::Span(whole_seconds(entry.unused)),
        Value::Text(&entry.account),
        Value::Text(&entry.principal),
        Value::text(entry.last_error.as_deref()),
    ]
}

fn state(state: DataState) -> Value<'static> {
    let tone = match state {
        DataState::Fresh => Tone::Good,
        DataState::Stale => Tone::Warning,
        DataState::LastKnown => Tone::Bad,
    };
    Value::Word(state.as_str(), tone)
}

async fn refresh(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let mut caller = ctx.caller()?;
    let question = async |client: &Client, caller: &Caller| client.refresh_cache(caller).await;
    let regions = ctx.ask(&mut caller, question).await?;
    if let Some(failure) = report::whole_failure(&regions) {
        return Err(failure);
    }
    let fields = vec![
        Field::named("region"),
        Field::named("state"),
        Field::named("fetched-at"),
        Field::named("error"),
    ];
    ctx.print(Sheet::list(fields, regions.iter().map(refreshed).collect()))
}

fn refreshed(region: &RegionSummary) -> Vec<Value<'_>> {
    let error = region.error.as_ref();
    vec![
        Value::Text(&region.region),
        match error {
            Some(_) if region.state == DataState::Fresh => Value::Word("failed", Tone::Bad),
            _ => state(region.state),
        },
        Value::Time(unix(region.fetched_at)),
        Value::of(error, |error| Value::Owned(error.to_string())),
    ]
}

async fn clear(all: bool, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let named = !ctx.regions()?.is_empty();
    let entries = if all && named {
        return Err(everybodys_regions().into());
    } else if all {
        ctx.link
            .ask(async |client| client.clear_cache(None).await)
            .await?
    } else {
        let mut caller = ctx.caller()?;
        let question = async |client: &Client, caller: &Caller| match named {
            true => client.clear_cache_in_regions(caller).await,
            false => client.clear_cache(Some(caller)).await,
        };
        ctx.ask(&mut caller, question).await?
    };
    ctx.print(Sheet::single(vec![(
        Field::named("dropped-entries"),
        Value::Number(entries),
    )]))
}

/// On disk nothing tells whose entries are of which region.
fn everybodys_regions() -> Error {
    usage("cache clear takes --all or --region")
        .why("everybody's entries can only be dropped all together")
        .hint("leave out --all to drop your entries of these regions")
}

//! What was typed for a watch, and what of it makes no sense for one.

use std::time::Duration;

use aws_ssm_proto::domain::{Error, Freshness};

use super::super::super::Context;
use super::super::Plan;
use crate::cli::ListArgs;
use crate::error::usage;
use crate::render::Format;
use crate::settings::positive;

/// Between two looks when nobody says otherwise.
const INTERVAL: Duration = Duration::from_secs(30);
/// A look may cost calls of AWS, of which an account has only so many a second.
const SHORTEST: Duration = Duration::from_secs(5);

/// How often to look.
pub(super) fn interval(args: &ListArgs) -> Result<Duration, Error> {
    let Some(text) = &args.interval else {
        return Ok(INTERVAL);
    };
    let interval = positive("--interval", text)?;
    if interval < SHORTEST {
        return Err(usage("--interval is too short")
            .why("a look may cost calls of AWS, and an account has only so many a second")
            .hint("allow 5s or more, as in --interval 10s"));
    }
    Ok(interval)
}

/// Refuses what makes no sense, before anybody is asked.
pub(super) fn check(args: &ListArgs, ctx: &Context<'_>) -> Result<(), Error> {
    let old = ctx.settings.freshness != Freshness::Configured;
    let flags = [
        (
            args.limit.is_some(),
            "--limit",
            "rows would come and go with those before them",
            "choose with terms, or leave --limit out",
        ),
        (
            args.count,
            "--count",
            "a watch tells of instances, one by one",
            "leave out --count or --watch",
        ),
        (
            old,
            if ctx.args.fresh {
                "--fresh"
            } else {
                "--max-age"
            },
            "how old the data may get is what --interval says",
            "write it as in --watch --interval 10s",
        ),
    ];
    if let Some((_, flag, why, hint)) = flags.into_iter().find(|(given, ..)| *given) {
        return Err(refused(flag).why(why).hint(hint));
    }
    match (ctx.settings.format, &ctx.args.output) {
        (Some(Format::Table | Format::Jsonl), _) | (None, _) | (_, None) => {}
        (Some(_), Some(name)) => {
            return Err(refused(&format!("-o {name}"))
                .why("a watch goes on line by line, with changes among them")
                .hint("leave it out, or write -o jsonl for a program"));
        }
    }
    // Columns, tags and terms, as far as they can be judged here.
    Plan::new(args, &ctx.settings).map(drop)
}

fn refused(flag: &str) -> Error {
    usage(format!("{flag} does not go with --watch"))
}

/// The format that was named, or else the one of the settings, if it is one for a watch.
pub(super) async fn format(ctx: &mut Context<'_>) -> Result<Option<Format>, Error> {
    let named = ctx.settings.format;
    ctx.settle_format().await?;
    let settled = ctx
        .settings
        .format
        .filter(|format| *format == Format::Jsonl);
    Ok(named.or(settled))
}

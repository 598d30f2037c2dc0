//! `show`: everything known of an instance, and how old that is.

mod page;
mod row;

use aws_ssm_proto::domain::{
    Column, Error, InstanceInterfaces, InstanceRef, RegionSummary, ResolvedTargets,
};

use super::interfaces::UNKNOWN_SUBNETS;
use super::list::columns;
use super::target::Targets;
use super::{Context, report, unix};
use crate::error::Failure;
use crate::render::instance::asked_columns;
use crate::render::{Format, Printer};
use page::InstancePage;
use row::{ShowRow, Shown};

pub(super) async fn run(typed: &[String], ctx: &mut Context<'_>) -> Result<(), Failure> {
    // What was typed wrong is told before anybody is asked.
    let targets = Targets {
        typed,
        many: true,
        interfaces: false,
    };
    targets.check(ctx)?;
    if let Some(named) = &ctx.settings.columns {
        Shown::named(named)?;
    }
    let mut caller = ctx.caller()?;
    ctx.settle_format().await?;
    let format = ctx.settings.format.unwrap_or_default();
    let as_page = format.is_table() && ctx.settings.columns.is_none();
    let shown = match &ctx.settings.columns {
        Some(named) if format != Format::Ids => Shown::named(named)?,
        _ => match format {
            Format::Ids => Shown::without_interfaces(columns(format, None)?),
            // Everything, in whatever format.
            _ => Shown::with_interfaces(columns(Format::Json, None)?),
        },
    };
    let asked = asked_columns(&shown.columns);
    let targets = Targets {
        interfaces: shown.has_interfaces(),
        ..targets
    };
    let answer = targets.find(&asked, &mut caller, ctx).await?;
    if as_page {
        print_pages(ctx, &answer)?;
    } else {
        print_rows(ctx, &answer, &shown, format)?;
    }
    report::tell_of(&answer.regions(), ctx.notices);
    Ok(())
}

fn print_rows(
    ctx: &mut Context<'_>,
    answer: &ResolvedTargets,
    shown: &Shown,
    format: Format,
) -> Result<(), Failure> {
    let now = unix(ctx.now);
    let mut printer = Printer::new(format, shown.fields(), ctx.look(format));
    let rows = answer.instances().enumerate().map(|(place, instance)| {
        let interfaces = interfaces(answer, place, instance);
        ShowRow::new(shown, instance, interfaces, now)
    });
    printer.print(ctx.sink.buffer(), rows);
    let omitted = printer.end(&mut ctx.sink)?;
    let failures = failures(answer);
    if ctx.settings.meta {
        let mut meta = report::meta(&answer.regions());
        let agents = answer.agent_error.clone();
        meta.errors.extend(agents.map(|error| (None, error)));
        meta.errors.extend(failures);
        Printer::wrap(ctx.sink.buffer(), &meta, "rows");
    } else {
        if let Some(error) = &answer.agent_error {
            ctx.notices
                .say(format_args!("agent status is not known: {error}"));
        }
        for (region, error) in failures {
            let region = region.unwrap_or_default();
            ctx.notices
                .say(format_args!("{region}: interfaces: {error}"));
        }
    }
    ctx.say_omitted(&omitted);
    Ok(())
}

fn print_pages(ctx: &mut Context<'_>, answer: &ResolvedTargets) -> Result<(), Failure> {
    let look = ctx.look(Format::Table);
    let now = unix(ctx.now);
    for (place, instance) in answer.instances().enumerate() {
        if place > 0 {
            ctx.sink.buffer().push(b'\n');
        }
        let source = answer.sources.get(place);
        let page = InstancePage {
            instance,
            interfaces: interfaces(answer, place, instance),
            interfaces_error: source.and_then(|source| interfaces_error(answer, source)),
            subnets_error: source.and_then(|source| subnets_error(answer, source)),
            agent_error: answer.agent_error.as_ref(),
            source,
            now,
        };
        page.print(&mut ctx.sink, look)?;
    }
    Ok(())
}

/// Those of one instance of the answer; `None` if they cannot be had.
fn interfaces<'a>(
    answer: &'a ResolvedTargets,
    place: usize,
    instance: InstanceRef<'_>,
) -> Option<&'a InstanceInterfaces> {
    let region = &answer.sources.get(place)?.region;
    let mut all = answer.interfaces.iter();
    all.find(|of| Some(of.id.as_str()) == instance.id && of.region == *region)
}

/// Why there are no interfaces from where an instance is.
fn interfaces_error<'a>(answer: &'a ResolvedTargets, source: &RegionSummary) -> Option<&'a Error> {
    let mut regions = answer.interfaces_summary.regions.iter();
    let region = regions.find(|region| region.region == source.region)?;
    region.error.as_ref()
}

/// Why the subnets of its region are not known.
fn subnets_error<'a>(answer: &'a ResolvedTargets, source: &RegionSummary) -> Option<&'a Error> {
    let mut missing = answer.interfaces_summary.missing.iter();
    let failure = missing.find(|failure| failure.region == source.region)?;
    Some(&failure.error)
}

/// Whatever is missing of interfaces, and where.
fn failures(answer: &ResolvedTargets) -> Vec<(Option<String>, Error)> {
    let summary = &answer.interfaces_summary;
    let regions = summary.regions.iter().filter_map(|region| {
        let error = region.error.clone()?;
        Some((Some(region.region.clone()), error))
    });
    let subnets = summary.missing.iter().map(|failure| {
        let mut error = failure.error.clone();
        error.what = format!("{UNKNOWN_SUBNETS}: {}", error.what);
        (Some(failure.region.clone()), error)
    });
    regions.chain(subnets).collect()
}

/// The columns that `show` has beside those of a list.
const INTERFACES: &str = "interfaces";

/// Reads a column that a list has too.
fn list_column(name: &str) -> Result<Column, Error> {
    let columns = columns(Format::Json, Some(&[name.to_owned()]))?;
    Ok(columns.into_iter().next().expect("one for each name"))
}

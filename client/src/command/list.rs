//! `list`: instances, page by page.

mod changes;
mod health;
mod watch;

use aws_ssm_proto::Client;
use aws_ssm_proto::client::InstancePages;
use aws_ssm_proto::domain::{
    Caller, Column, Error, ListQuery, ListSummary, Sort, SortKey, TagFilter,
};

use super::{Context, report, unix};
use crate::cli::ListArgs;
use crate::error::{Failure, usage};
use crate::progress::Progress;
use crate::render::instance::{InstanceRow, asked_columns, default_columns, fields};
use crate::render::{Format, Printer, suggestion};
use crate::settings::Settings;

pub(super) async fn run(args: &ListArgs, ctx: &mut Context<'_>) -> Result<(), Failure> {
    if args.watch {
        return Box::pin(watch::run(args, ctx)).await;
    }
    // What was typed wrong is told before anybody is asked.
    let mut plan = Plan::new(args, &ctx.settings)?;
    let mut caller = ctx.caller()?;
    if ctx.settings.format.is_none() {
        ctx.settle_format().await?;
        plan = Plan::new(args, &ctx.settings)?;
    }
    let pages = ask(&plan, &mut caller, ctx).await?;
    if args.count {
        return count(pages, ctx).await;
    }
    let mut printer = Printer::new(plan.format, fields(&plan.columns), ctx.look(plan.format));
    let summary = print_pages(pages, &plan, &mut printer, ctx).await?;
    if let Some(failure) = report::whole_failure(&summary.regions) {
        return Err(failure);
    }
    let omitted = printer.end(&mut ctx.sink)?;
    if ctx.settings.meta {
        Printer::wrap(ctx.sink.buffer(), &report::meta(&summary.regions), "rows");
    }
    ctx.sink.flush()?;
    if printer.rows() == 0 && plan.format.is_table() {
        ctx.notices.say("no instance matches");
    }
    ctx.say_omitted(&omitted);
    report::tell_of(&summary.regions, ctx.notices);
    Ok(())
}

/// The answer as it begins to come. Who looks at a terminal is shown how far it is.
async fn ask(
    plan: &Plan,
    caller: &mut Caller,
    ctx: &mut Context<'_>,
) -> Result<InstancePages, Failure> {
    let progress = match ctx.settings.quiet || plan.query.sort == Sort::Unsorted {
        true => None,
        false => Progress::of_terminal(ctx.surroundings.variable),
    };
    let Some(progress) = progress else {
        let question = async |client: &Client, caller: &Caller| {
            let list = client.list_instances(caller, &plan.query);
            list.await
        };
        return Ok(ctx.ask(caller, question).await?);
    };
    let question = async |client: &Client, caller: &Caller| {
        let told = |so_far| progress.show(so_far);
        let pages = client.list_instances_attended(caller, &plan.query, told);
        let pages = pages.await;
        progress.erase();
        pages
    };
    tokio::select! {
        biased;
        pages = ctx.ask(caller, question) => Ok(pages?),
        ended = progress.interrupted() => Err(ended),
    }
}

async fn print_pages(
    mut pages: InstancePages,
    plan: &Plan,
    printer: &mut Printer,
    ctx: &mut Context<'_>,
) -> Result<ListSummary, Failure> {
    let now = unix(ctx.now);
    let mut summary = None;
    while let Some(page) = pages.next().await? {
        let rows = page.rows().map(|instance| InstanceRow {
            columns: &plan.columns,
            instance,
            now,
        });
        printer.print(ctx.sink.buffer(), rows);
        if plan.at_once {
            ctx.sink.flush()?;
        } else if !ctx.settings.meta {
            ctx.sink.relieve()?;
        }
        if page.summary.is_some() {
            summary = page.summary;
            break;
        }
    }
    Ok(report::complete(summary)?)
}

/// Only the number, which is the same in every format.
async fn count(mut pages: InstancePages, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let mut summary = None;
    while let Some(page) = pages.next().await? {
        summary = page.summary.or(summary);
    }
    let summary = report::complete(summary)?;
    if let Some(failure) = report::whole_failure(&summary.regions) {
        return Err(failure);
    }
    let number = format!("{}\n", summary.matched);
    ctx.sink.buffer().extend_from_slice(number.as_bytes());
    if ctx.settings.meta {
        Printer::wrap(ctx.sink.buffer(), &report::meta(&summary.regions), "count");
    }
    ctx.sink.flush()?;
    report::tell_of(&summary.regions, ctx.notices);
    Ok(())
}

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    format: Format,
    columns: Vec<Column>,
    query: ListQuery,
    /// Each page is printed as it arrives.
    at_once: bool,
}

impl Plan {
    fn new(args: &ListArgs, settings: &Settings) -> Result<Self, Error> {
        let format = settings.format.unwrap_or_default();
        let columns = columns(format, settings.columns.as_deref())?;
        let sort = args.sort.as_deref().map_or(Ok(Sort::Standard), sort)?;
        Ok(Self {
            query: ListQuery {
                tags: args
                    .tag
                    .iter()
                    .map(|text| tag(text))
                    .collect::<Result<_, _>>()?,
                terms: args.terms.clone(),
                all_states: args.all,
                columns: asked_columns(&columns),
                limit: args.limit.as_deref().map(limit).transpose()?,
                count_only: args.count,
                // Who names a column wants to see it filled.
                wait_for_agents: settings.columns.is_some(),
                freshness: settings.freshness,
                sort: sort.clone(),
            },
            at_once: sort == Sort::Unsorted && format.is_lines(),
            format,
            columns,
        })
    }
}

/// The columns that are printed.
pub(super) fn columns(format: Format, named: Option<&[String]>) -> Result<Vec<Column>, Error> {
    match named {
        // What `ids` prints has no columns to choose.
        Some(names) if format != Format::Ids => names.iter().map(|name| column(name)).collect(),
        _ => Ok(default_columns(format)),
    }
}

fn column(name: &str) -> Result<Column, Error> {
    Column::parse(name).map_err(|unknown| {
        let names: Vec<String> = Column::all().map(|column| column.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let why = match name {
            "tag:" => "a tag column needs its key, as in tag:Team".to_owned(),
            _ => format!("there are {} and tag:KEY", names.join(", ")),
        };
        let hint = match unknown.nearest {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => suggestion("", &["name", "id", "tag:KEY"]),
        };
        usage(unknown.to_string()).why(why).hint(hint)
    })
}

fn sort(text: &str) -> Result<Sort, Error> {
    if text == "none" {
        return Ok(Sort::Unsorted);
    }
    let keys = text.split(',').map(|key| sort_key(key.trim()));
    keys.collect::<Result<_, _>>().map(Sort::By)
}

fn sort_key(text: &str) -> Result<SortKey, Error> {
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text, false),
    };
    if name == "none" {
        return Err(usage("--sort none stands alone")
            .why("rows cannot be unsorted and sorted")
            .hint("write --sort none, or leave none out"));
    }
    Ok(match column(name)? {
        // The older the instance, the earlier it was launched.
        Column::Age => SortKey {
            column: Column::Launched,
            descending: !descending,
        },
        column => SortKey { column, descending },
    })
}

pub(super) fn tag(text: &str) -> Result<TagFilter, Error> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok(TagFilter {
            key: key.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err(usage("--tag takes a key and a value")
            .why(format!("{text:?} has no key before an equals sign"))
            .hint("write it as in --tag Team=web")),
    }
}

fn limit(text: &str) -> Result<u64, Error> {
    match text.parse() {
        Ok(limit) if limit > 0 => Ok(limit),
        _ => Err(usage("--limit takes a number from 1 up")
            .why(format!("{text:?} is none"))
            .hint("write it as in --limit 20; without --limit all rows are printed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::GlobalArgs;

    fn plan(args: ListArgs, global: GlobalArgs) -> Result<Plan, Error> {
        Plan::new(&args, &Settings::new(&global)?)
    }

    fn sorted(text: &str) -> Result<Sort, Error> {
        let args = ListArgs {
            sort: Some(text.into()),
            ..ListArgs::default()
        };
        plan(args, GlobalArgs::default()).map(|plan| plan.query.sort)
    }

    #[test]
    fn a_minus_turns_a_sort_key_round() {
        let key = |column, descending| SortKey { column, descending };
        assert_eq!(
            sorted("-state,name").expect("a sort"),
            Sort::By(vec![key(Column::State, true), key(Column::Name, false)])
        );
        assert_eq!(
            sorted("age").expect("a sort"),
            Sort::By(vec![key(Column::Launched, true)])
        );
        assert_eq!(sorted("none").expect("a sort"), Sort::Unsorted);
        assert!(sorted("name,none").is_err());
    }

    #[test]
    fn unknown_columns_are_told_the_nearest() {
        let error = sorted("privat-ip").expect_err("no column");
        assert_eq!(error.hint, "did you mean private-ip?");
        let global = GlobalArgs {
            columns: Some("id,stat".into()),
            ..GlobalArgs::default()
        };
        let error = plan(ListArgs::default(), global).expect_err("no column");
        assert_eq!(error.hint, "did you mean state?");
        assert!(error.why.contains("agent-version"));
    }

    #[test]
    fn a_tag_needs_an_equals_sign_and_a_key() {
        for wrong in ["Team", "=web", ""] {
            assert!(tag(wrong).is_err(), "{wrong:?}");
        }
        let filter = tag("Path=a=b").expect("a filter");
        assert_eq!(
            (filter.key.as_str(), filter.value.as_str()),
            ("Path", "a=b")
        );
        assert_eq!(tag("Team=").expect("a filter").value, "");
    }

    #[test]
    fn no_rows_at_all_is_no_limit() {
        for wrong in ["0", "-1", "ten", ""] {
            assert!(limit(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(limit("20").expect("a limit"), 20);
    }

    #[test]
    fn an_age_is_asked_for_as_a_launch_time() {
        let global = GlobalArgs {
            columns: Some("id,age,launched".into()),
            ..GlobalArgs::default()
        };
        let plan = plan(ListArgs::default(), global).expect("a plan");
        assert_eq!(plan.query.columns, [Column::Id, Column::Launched]);
        assert_eq!(plan.columns.len(), 3);
    }

    #[test]
    fn pages_are_printed_at_once_only_unsorted_and_in_lines() {
        let at_once = |sort: &str, output: &str| {
            let args = ListArgs {
                sort: Some(sort.into()),
                ..ListArgs::default()
            };
            let global = GlobalArgs {
                output: Some(output.into()),
                ..GlobalArgs::default()
            };
            plan(args, global).expect("a plan").at_once
        };
        assert!(at_once("none", "jsonl"));
        assert!(at_once("none", "ids"));
        assert!(!at_once("none", "table"));
        assert!(!at_once("name", "jsonl"));
    }
}

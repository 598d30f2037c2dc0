//! `interfaces`: how instances are connected.

use aws_ssm_proto::Client;
use aws_ssm_proto::client::InterfacePages;
use aws_ssm_proto::domain::{
    Caller, Column, Error, ErrorKind, InstanceInterfaces, InterfacesQuery, InterfacesSummary,
};

use super::list::tag;
use super::target::Targets;
use super::{Context, report};
use crate::cli::InterfacesArgs;
use crate::error::{Failure, usage};
use crate::render::instance::state;
use crate::render::interface::{self, Columns, InterfaceRow, columns, print};
use crate::render::page::Page;
use crate::render::{Look, Meta, Printer};
use crate::settings::Settings;

pub(super) async fn run(args: &InterfacesArgs, ctx: &mut Context<'_>) -> Result<(), Failure> {
    // What was typed wrong is told before anybody is asked.
    let query = query(args, &ctx.settings)?;
    if let Some(named) = &ctx.settings.columns {
        columns(crate::render::Format::default(), Some(named))?;
    }
    let mut caller = ctx.caller()?;
    ctx.settle_format().await?;
    let format = ctx.settings.format.unwrap_or_default();
    let columns = columns(format, ctx.settings.columns.as_deref())?;
    let pages = match ask(&query, &mut caller, ctx).await {
        // On a terminal somebody can be asked which.
        Err(error) if error.kind == ErrorKind::Ambiguous => {
            let targets = Targets {
                typed: &query.targets,
                many: true,
                interfaces: false,
            };
            let found = targets.find(&[Column::Id], &mut caller, ctx).await?;
            let ids = found.instances().filter_map(|instance| instance.id);
            let query = InterfacesQuery {
                targets: ids.map(str::to_owned).collect(),
                ..query.clone()
            };
            ask(&query, &mut caller, ctx).await?
        }
        answer => answer?,
    };
    let (printed, summary) = if format.is_table() {
        let look = ctx.look(format);
        tables(pages, &columns, look, ctx).await?
    } else {
        let fields = Columns::new(&columns).fields();
        let printer = Printer::new(format, fields, ctx.look(format));
        rows(pages, &columns, printer, ctx).await?
    };
    if let Some(failure) = report::whole_failure(&summary.regions) {
        return Err(failure);
    }
    if ctx.settings.meta {
        Printer::wrap(ctx.sink.buffer(), &meta(&summary), "rows");
    }
    ctx.sink.flush()?;
    if printed == 0 && format.is_table() {
        ctx.notices.say("no instance matches");
    }
    if !ctx.settings.meta {
        report::tell_missing(UNKNOWN_SUBNETS, &summary.missing, ctx.notices);
    }
    report::tell_of(&summary.regions, ctx.notices);
    Ok(())
}

async fn ask(
    query: &InterfacesQuery,
    caller: &mut Caller,
    ctx: &mut Context<'_>,
) -> Result<InterfacePages, Error> {
    let question = async |client: &Client, caller: &Caller| {
        let interfaces = client.interfaces(caller, query);
        interfaces.await
    };
    ctx.ask(caller, question).await
}

pub(super) const UNKNOWN_SUBNETS: &str = "the blocks of subnets are not known";

/// What is known of the rows, what is missing of them included.
fn meta(summary: &InterfacesSummary) -> Meta {
    let mut meta = report::meta(&summary.regions);
    let missing = summary.missing.iter();
    meta.errors
        .extend(missing.map(|failure| (Some(failure.region.clone()), failure.error.clone())));
    meta
}

/// A row for each interface.
async fn rows(
    mut pages: InterfacePages,
    columns: &[interface::Column],
    mut printer: Printer,
    ctx: &mut Context<'_>,
) -> Result<(u64, InterfacesSummary), Failure> {
    let mut summary = None;
    while let Some((instances, last)) = pages.next().await? {
        for instance in &instances {
            let rows = InterfaceRow::all(columns, instance);
            printer.print(ctx.sink.buffer(), rows);
        }
        if !ctx.settings.meta {
            ctx.sink.relieve()?;
        }
        summary = last.or(summary);
    }
    let summary = report::complete(summary)?;
    printer.end(&mut ctx.sink)?;
    Ok((printer.rows(), summary))
}

/// A table for each instance, under what it is called.
async fn tables(
    mut pages: InterfacePages,
    columns: &[interface::Column],
    look: Look,
    ctx: &mut Context<'_>,
) -> Result<(u64, InterfacesSummary), Failure> {
    let (mut printed, mut summary) = (0, None);
    while let Some((instances, last)) = pages.next().await? {
        for instance in &instances {
            if printed > 0 {
                ctx.sink.buffer().push(b'\n');
            }
            printed += 1;
            table(instance, columns, look, ctx)?;
            ctx.sink.relieve()?;
        }
        summary = last.or(summary);
    }
    Ok((printed, report::complete(summary)?))
}

fn table(
    instance: &InstanceInterfaces,
    columns: &[interface::Column],
    look: Look,
    ctx: &mut Context<'_>,
) -> Result<(), Failure> {
    let name = instance.name.as_deref();
    let mut page = Page::new(ctx.sink.buffer(), look);
    let parts = [name, Some(&instance.id), Some(&instance.region)];
    page.title(parts.into_iter().flatten(), instance.state.map(state));
    if instance.interfaces.is_empty() {
        page.line("it has no interfaces");
        return Ok(());
    }
    Ok(print(&mut ctx.sink, look, "", columns, instance)?)
}

fn query(args: &InterfacesArgs, settings: &Settings) -> Result<InterfacesQuery, Error> {
    let ids = args.instance_id.iter().map(|id| instance_id(id));
    let mut targets: Vec<String> = args.target.iter().cloned().collect();
    targets.extend(ids.collect::<Result<Vec<_>, _>>()?);
    let tags = args.tag.iter().map(|text| tag(text));
    Ok(InterfacesQuery {
        targets,
        tags: tags.collect::<Result<_, _>>()?,
        node_names: args.node_name.clone(),
        all_states: args.all,
        freshness: settings.freshness,
    })
}

fn instance_id(text: &str) -> Result<String, Error> {
    let id = text.trim();
    match id.starts_with("i-") {
        true => Ok(id.to_owned()),
        false => Err(usage("--instance-id takes an instance's id")
            .why(format!("{text:?} does not begin with i-"))
            .hint("name the instance without a flag: aws-ssm interfaces NAME")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::GlobalArgs;

    fn settings() -> Settings {
        Settings::new(&GlobalArgs::default()).expect("the defaults are right")
    }

    #[test]
    fn a_target_and_ids_name_instances() {
        let args = InterfacesArgs {
            target: Some("web-1".into()),
            instance_id: vec![" i-1".into()],
            all: true,
            ..InterfacesArgs::default()
        };
        let query = query(&args, &settings()).expect("right");
        assert_eq!(query.targets, ["web-1", "i-1"]);
        assert!(query.all_states);
    }

    #[test]
    fn an_id_that_is_none_is_told() {
        let args = InterfacesArgs {
            instance_id: vec!["web-1".into()],
            ..InterfacesArgs::default()
        };
        let error = query(&args, &settings()).expect_err("no id");
        assert!(error.why.contains("web-1"));
    }
}

//! `resolve`: the id of the instance that a target names.

use super::list::columns;
use super::target::Targets;
use super::{Context, report, unix};
use crate::error::Failure;
use crate::render::instance::{InstanceRow, asked_columns, fields};
use crate::render::{Format, Printer};

pub(super) async fn run(target: Option<&String>, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let targets = Targets {
        typed: target.map_or(&[], std::slice::from_ref),
        many: false,
        interfaces: false,
    };
    targets.check(ctx)?;
    let format = ctx.settings.format.unwrap_or(Format::Ids);
    let columns = match &ctx.settings.columns {
        Some(named) => columns(format, Some(named))?,
        None => columns(Format::Ids, None)?,
    };
    let mut caller = ctx.caller()?;
    let asked = asked_columns(&columns);
    let answer = targets.find(&asked, &mut caller, ctx).await?;
    let mut printer = Printer::new(format, fields(&columns), ctx.look(format));
    let now = unix(ctx.now);
    let rows = answer.instances().map(|instance| InstanceRow {
        columns: &columns,
        instance,
        now,
    });
    printer.print(ctx.sink.buffer(), rows);
    let omitted = printer.end(&mut ctx.sink)?;
    if ctx.settings.meta {
        Printer::wrap(ctx.sink.buffer(), &report::meta(&answer.regions()), "rows");
    }
    ctx.say_omitted(&omitted);
    report::tell_of(&answer.regions(), ctx.notices);
    Ok(())
}

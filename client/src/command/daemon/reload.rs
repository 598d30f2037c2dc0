//! `daemon reload`: has the running daemon read its settings again.

use aws_ssm_proto::domain::SettingChange;
use aws_ssm_proto::endpoint::Endpoint;

use super::super::Context;
use super::needed;
use crate::error::Failure;
use crate::render::colour::Tone;
use crate::render::sheet::Sheet;
use crate::render::{Field, Value};

pub(super) async fn run(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let reload = needed(ctx).await?.reload_config().await?;
    for warning in &reload.warnings {
        ctx.notices.warn(warning);
    }
    // It has read its own file and variables, not those of this terminal.
    let endpoint = Endpoint::from_process_environment()?;
    ctx.link.compare_settings(&endpoint);
    if reload.changes.is_empty() && ctx.format()?.is_table() {
        ctx.notices.say("no setting has changed");
        return Ok(());
    }
    let fields = ["setting", "before", "after", "holds"].map(Field::named);
    let rows = reload.changes.iter().map(row).collect();
    ctx.print(Sheet::list(fields.into(), rows))?;
    ctx.sink.flush()?;
    if reload.changes.iter().any(|change| !change.applied) {
        ctx.notices
            .warn("not all of it holds yet: run `aws-ssm daemon restart`");
    }
    Ok(())
}

fn row(change: &SettingChange) -> Vec<Value<'_>> {
    vec![
        Value::Text(&change.name),
        Value::Text(&change.before),
        Value::Text(&change.after),
        match change.applied {
            true => Value::Word("now", Tone::Good),
            false => Value::Word("after a restart", Tone::Warning),
        },
    ]
}

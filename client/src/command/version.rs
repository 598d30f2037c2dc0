//! `version`: of this program, and of a daemon if one runs; with `--no-daemon`, of the
//! program that would be started.

use aws_ssm_proto::domain::Hello;

use super::Context;
use crate::connect::running;
use crate::error::Failure;
use crate::render::sheet::Sheet;
use crate::render::{Field, Value};

pub(super) async fn run(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let daemon = match ctx.link.leaves_daemon_alone() {
        true => Some(ctx.link.ask(async |client| client.hello().await).await?),
        false => daemon(ctx).await,
    };
    let daemon = daemon.as_ref().map(|hello| hello.build.as_str());
    ctx.print(Sheet::single(vec![
        (
            Field::named("aws-ssm"),
            Value::Text(env!("CARGO_PKG_VERSION")),
        ),
        (Field::named("aws-ssmd"), Value::text(daemon)),
    ]))
}

/// A daemon that cannot be asked is no reason not to tell our own version.
async fn daemon(ctx: &Context<'_>) -> Option<Hello> {
    let asked = async {
        match running(ctx.link.deadline()).await? {
            Some(client) => client.hello().await.map(Some),
            None => Ok(None),
        }
    };
    asked.await.unwrap_or_else(|error| {
        ctx.notices.warn(error);
        None
    })
}

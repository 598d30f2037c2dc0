//! `regions`: those of the caller's account.

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::Caller;

use super::Context;
use crate::error::Failure;
use crate::render::sheet::Sheet;
use crate::render::{Field, Value};

pub(super) async fn run(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let mut caller = ctx.caller()?;
    let freshness = ctx.settings.freshness;
    let question = async |client: &Client, caller: &Caller| {
        let regions = client.regions(caller, freshness);
        regions.await
    };
    let regions = ctx.ask(&mut caller, question).await?;
    let rows = regions.iter().map(|region| {
        vec![
            Value::Text(&region.name),
            Value::Text(&region.opt_in_status),
            Value::Text(&region.endpoint),
        ]
    });
    let fields = vec![
        Field::named("region").whole(),
        Field::named("opt-in").key("opt_in_status"),
        Field::named("endpoint"),
    ];
    ctx.print(Sheet::list(fields, rows.collect()))
}

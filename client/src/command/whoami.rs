//! `whoami`: whose credentials the caller's settings lead to.

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::Caller;

use super::{Context, unix};
use crate::error::Failure;
use crate::render::sheet::Sheet;
use crate::render::{Field, Value};

pub(super) async fn run(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let mut caller = ctx.caller()?;
    let question = async |client: &Client, caller: &Caller| client.whoami(caller).await;
    let identity = ctx.ask(&mut caller, question).await?;
    let expires = identity.expires_at.map(unix);
    ctx.print(Sheet::single(vec![
        (Field::named("account"), Value::Text(&identity.account)),
        (Field::named("arn"), Value::Text(&identity.arn)),
        (Field::named("user-id"), Value::Text(&identity.user_id)),
        (Field::named("source"), Value::Text(&identity.source)),
        (Field::named("expires-at"), Value::of(expires, Value::Time)),
        (Field::named("regions"), Value::List(&identity.regions)),
    ]))
}

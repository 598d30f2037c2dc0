//! Owns the STS query API.

mod assume;

use super::form::Form;
use super::handle::{Answer, Context};
use super::refusal::Refusal;
use super::xml::Xml;

pub(crate) use assume::assume_role_with_web_identity;

pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(crate) fn answer(
    context: Context<'_>,
    operation: &str,
    form: &Form,
) -> Result<Answer, Refusal> {
    match operation {
        "GetCallerIdentity" => Ok(caller_identity(context)),
        "AssumeRole" => assume::assume_role(context, form),
        "AssumeRoleWithWebIdentity" => {
            assume_role_with_web_identity(context.world, form, context.request_id, context.now)
        }
        unknown => Err(Refusal::client(
            "InvalidAction",
            format!("Could not find operation {unknown} for version 2011-06-15"),
        )),
    }
}

fn caller_identity(context: Context<'_>) -> Answer {
    let principal = &context.caller.principal;
    let body = document("GetCallerIdentity", context.request_id, |xml| {
        xml.text("Arn", &principal.arn);
        xml.text("UserId", &principal.user_id);
        xml.text("Account", &principal.account);
    });
    Answer { body, rows: 1 }
}

fn document(operation: &str, request_id: &str, result: impl FnOnce(&mut Xml)) -> String {
    Xml::document(&format!("{operation}Response"), NAMESPACE, |xml| {
        xml.node(&format!("{operation}Result"), result);
        xml.node("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    })
}

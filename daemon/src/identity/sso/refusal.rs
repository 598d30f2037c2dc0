//! Why somebody who signs in through IAM Identity Center gets no credentials, each
//! with the command that mends it.

use std::io;
use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_ssm_proto::domain::{Error, ErrorKind};

use crate::aws::ApiError;
use crate::identity::plan::SsoPlan;
use crate::identity::plan::refusal::shell_word;

fn credentials(what: String, plan: &SsoPlan) -> Error {
    let profile = shell_word(&plan.profile);
    Error::new(ErrorKind::Credentials, what).hint(format!("run aws sso login --profile {profile}"))
}

/// The token has ended, and takes the person to be renewed.
pub(super) fn expired(plan: &SsoPlan, ended: SystemTime) -> Error {
    let at = DateTime::from(ended).fmt(Format::DateTime);
    let at = at.unwrap_or_else(|_| "long ago".to_owned());
    credentials(
        format!("the sign-in of profile {} has expired", plan.profile),
        plan,
    )
    .why(format!("its token ended at {at}, and was not renewed"))
}

/// The token is said not to hold, although it has not ended.
pub(super) fn signed_out(plan: &SsoPlan, error: &ApiError) -> Error {
    credentials(
        format!("the sign-in of profile {} does not hold", plan.profile),
        plan,
    )
    .why(error.reason())
}

pub(super) fn not_signed_in(plan: &SsoPlan) -> Error {
    credentials(format!("profile {} is not signed in", plan.profile), plan).why(format!(
        "there is no token at {}",
        plan.token_file.display()
    ))
}

pub(super) fn unreadable(plan: &SsoPlan, error: &io::Error) -> Error {
    credentials(
        format!("the sign-in of profile {} cannot be read", plan.profile),
        plan,
    )
    .why(format!("{}: {error}", plan.token_file.display()))
}

pub(super) fn no_such_role(plan: &SsoPlan, error: &ApiError) -> Error {
    let SsoPlan {
        profile,
        role_name,
        account_id,
        ..
    } = plan;
    let what = format!("profile {profile} may not use {role_name} in account {account_id}");
    Error::new(ErrorKind::Permission, what)
        .why(error.reason())
        .hint("have the permission set assigned, or correct sso_account_id and sso_role_name")
}

pub(super) fn stopping(plan: &SsoPlan) -> Error {
    let what = format!("the sign-in of profile {} was not renewed", plan.profile);
    Error::new(ErrorKind::Daemon, what)
        .why("the daemon was told to stop meanwhile")
        .hint("try again")
}

pub(super) fn too_slow(plan: &SsoPlan) -> Error {
    let what = format!(
        "the sign-in of profile {} was not renewed in time",
        plan.profile
    );
    Error::new(ErrorKind::Unavailable, what)
        .why("IAM Identity Center has not answered yet")
        .hint("check this machine's network, and run it again")
}

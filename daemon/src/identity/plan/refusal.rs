//! Why settings lead to no credentials, each with what to do about it.

use std::path::Path;

use aws_ssm_proto::domain::{Challenge, Error, ErrorKind, Question, nearest};

use super::Origin;
use crate::identity::profile::{FileKind, Profile};
use crate::identity::settings::Settings;

fn credentials(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credentials, what)
}

fn config(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, what)
}

/// A profile asks for something that this version does not do. The `aws`
/// command does, and can hand the result over.
pub(super) fn not_yet(profile: Profile<'_>, settings: &Settings<'_>, what: &str) -> Error {
    let asked = settings
        .profile
        .map_or(profile.name(), |asked| asked.name());
    let export = export_from(asked);
    let hint = if settings.is_explicit {
        format!("run {export} and call again without --profile")
    } else {
        format!("run {export} and call again")
    };
    credentials(format!("profile {} {what}", profile.name()))
        .why("aws-ssm does not do that yet; it takes the keys that the aws command exports")
        .hint(hint)
}

/// A text as a shell takes it for one word.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@/+".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn export_from(profile: &str) -> String {
    let name = shell_word(profile);
    format!(r#"eval "$(aws configure export-credentials --profile {name} --format env)""#)
}

pub(super) fn no_credentials(settings: &Settings<'_>) -> Error {
    let hint = "run `aws configure`, export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \
                or name a profile with --profile";
    let Some(profile) = settings.profile else {
        let config = settings.caller.config_file.display();
        let file = settings.caller.credentials_file.display();
        let why = format!(
            "no keys and no web identity are exported, and neither {config} nor {file} \
             has a profile default"
        );
        return credentials("no AWS credentials were found")
            .why(why)
            .hint(hint);
    };
    let name = profile.name();
    let why = if settings.is_explicit {
        "it has no keys, no role and no token; an explicit profile sets exported keys aside"
    } else {
        "it has no keys, no role and no token, and no keys are exported"
    };
    credentials(format!("profile {name} leads to no credentials"))
        .why(why)
        .hint(hint)
}

pub(super) fn half_exported(missing: &str) -> Error {
    let given = match missing {
        "AWS_ACCESS_KEY_ID" => "AWS_SECRET_ACCESS_KEY",
        _ => "AWS_ACCESS_KEY_ID",
    };
    credentials("half a key pair is exported")
        .why(format!("{given} is set, {missing} is not"))
        .hint(format!("export {missing} as well, or unset {given}"))
}

pub(super) fn half_pair(profile: Profile<'_>, missing: &str) -> Error {
    let given = match missing {
        "aws_access_key_id" => "aws_secret_access_key",
        _ => "aws_access_key_id",
    };
    let name = profile.name();
    credentials(format!("profile {name} holds half a key pair"))
        .why(format!(
            "{} is set, and the same file has no {missing} for it",
            placed(profile, given)
        ))
        .hint(format!(
            "set {missing} beside it: aws configure --profile {name}"
        ))
}

/// A property with the line it stands on.
fn placed(profile: Profile<'_>, property: &str) -> String {
    match profile.place(property) {
        Some((FileKind::Config, line)) => format!("{property} (config, line {line})"),
        Some((FileKind::Credentials, line)) => format!("{property} (credentials, line {line})"),
        None => property.to_owned(),
    }
}

pub(super) fn long_command(profile: Profile<'_>, limit: usize) -> Error {
    config(format!(
        "profile {} names no usable credential process",
        profile.name()
    ))
    .why(format!(
        "{} is longer than {limit} bytes",
        placed(profile, "credential_process")
    ))
    .hint("put the command into a script, and name that")
}

/// The call is repeated with its environment; only programs that do not know how see
/// this.
pub(super) fn unknown_environment(profile: Profile<'_>) -> Error {
    let what = format!("profile {} runs a credential process", profile.name());
    credentials(what)
        .why("it would see the environment of the caller, who has not told it apart from others")
        .hint("use the command aws-ssm, or send what the challenge asks for")
        .challenge(Challenge {
            id: String::new(),
            question: Question::EnvironmentDigest,
        })
}

pub(super) fn two_sources(profile: Profile<'_>) -> Error {
    let why = format!(
        "{} and {} are both set",
        placed(profile, "source_profile"),
        placed(profile, "credential_source")
    );
    config(format!(
        "profile {} has two sources for its role",
        profile.name()
    ))
    .why(why)
    .hint("drop one of them")
}

pub(super) fn no_source(profile: Profile<'_>) -> Error {
    config(format!(
        "profile {} has no source for its role",
        profile.name()
    ))
    .why(format!(
        "{} needs credentials that may assume it",
        placed(profile, "role_arn")
    ))
    .hint("set source_profile to a profile with keys, or credential_source = Environment")
}

pub(super) fn unknown_source(profile: Profile<'_>, source: &str) -> Error {
    config(format!("profile {} names no known source", profile.name()))
        .why(format!(
            "{} is {source:?}",
            placed(profile, "credential_source")
        ))
        .hint("write Environment, Ec2InstanceMetadata or EcsContainer")
}

pub(super) fn nothing_exported(profile: Profile<'_>) -> Error {
    credentials(format!("profile {} needs exported keys", profile.name()))
        .why("its credential_source is Environment, and no keys are exported")
        .hint("export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
}

pub(super) fn half_sign_in(profile: Profile<'_>, missing: &str) -> Error {
    let name = profile.name();
    let given = ["sso_account_id", "sso_role_name"]
        .into_iter()
        .find(|given| profile.get(given).is_some())
        .unwrap_or("sso_session");
    config(format!(
        "profile {name} does not say all that IAM Identity Center needs"
    ))
    .why(format!(
        "{} is set, {missing} is not",
        placed(profile, given)
    ))
    .hint(format!(
        "set {missing} beside it: aws configure sso --profile {}",
        shell_word(name)
    ))
}

pub(super) fn no_such_session(profile: Profile<'_>, name: &str, settings: &Settings<'_>) -> Error {
    let file = settings.caller.config_file.display();
    let near = nearest(name, settings.profiles.sso_sessions());
    let hint = match near {
        Some(near) => format!("did you mean {near}?"),
        None => format!("write that section into {file}: aws configure sso-session"),
    };
    config(format!(
        "profile {} signs in to a session that does not exist",
        profile.name()
    ))
    .why(format!("{file} has no section [sso-session {name}]"))
    .hint(hint)
    .candidates(near.map(str::to_owned).into_iter().collect())
}

pub(super) fn bare_session(profile: Profile<'_>, name: &str, missing: &str) -> Error {
    config(format!(
        "the session that profile {} signs in to is not complete",
        profile.name()
    ))
    .why(format!("the section [sso-session {name}] has no {missing}"))
    .hint(format!("set {missing} in it: aws configure sso-session"))
}

pub(super) fn contradicts_session(profile: Profile<'_>, name: &str, property: &str) -> Error {
    config(format!(
        "profile {} contradicts the session it signs in to",
        profile.name()
    ))
    .why(format!(
        "{} is another than that of [sso-session {name}]",
        placed(profile, property)
    ))
    .hint(format!("drop {property} from the profile"))
}

pub(super) fn metadata_is_off(profile: Profile<'_>) -> Error {
    let name = profile.name();
    credentials(format!("profile {name} needs the role of this instance"))
        .why("its credential_source is Ec2InstanceMetadata, and AWS_EC2_METADATA_DISABLED is set")
        .hint("unset AWS_EC2_METADATA_DISABLED, or name another profile")
}

pub(super) fn no_metadata_endpoint(source: &str, url: &str) -> Error {
    config(format!("{source} names no metadata service"))
        .why(format!("it is {url:?}"))
        .hint("write it as http://169.254.169.254 is, or leave it out")
}

pub(super) fn no_container(profile: Profile<'_>) -> Error {
    let name = profile.name();
    credentials(format!("profile {name} needs the role of a container"))
        .why(
            "its credential_source is EcsContainer, and neither \
             AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
        )
        .hint("run it in a container that has a role, or name another profile")
}

pub(super) fn relative_container_token(path: &Path) -> Error {
    credentials("no usable token file of a container is exported")
        .why(format!(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is the relative path {path:?}"
        ))
        .hint("write the whole path, beginning with /")
}

pub(super) fn no_such_source(parent: Profile<'_>, name: &str, settings: &Settings<'_>) -> Error {
    let near = nearest(name, settings.profiles.names());
    let hint = match near {
        Some(near) => format!("did you mean {near}?"),
        None => format!("make it with `aws configure --profile {name}`, or name another"),
    };
    let what = format!(
        "profile {} builds on a profile that does not exist",
        parent.name()
    );
    config(what)
        .why(format!("{} is {name:?}", placed(parent, "source_profile")))
        .hint(hint)
        .candidates(near.map(str::to_owned).into_iter().collect())
}

pub(super) fn empty_source(parent: Profile<'_>, name: &str) -> Error {
    credentials(format!("profile {name} leads to no credentials"))
        .why(format!("profile {} builds on it", parent.name()))
        .hint(format!("give it keys: aws configure --profile {name}"))
}

pub(super) fn source_loop(visited: &[&str], name: &str) -> Error {
    let way = visited.join(" -> ");
    config(format!(
        "the source profiles of {} run in a circle",
        visited[0]
    ))
    .why(format!("{way} -> {name}"))
    .hint("let one of them hold keys, or build on a profile that does")
}

pub(super) fn long_chain(visited: &[&str], limit: usize) -> Error {
    config(format!(
        "the role chain of profile {} is too long",
        visited[0]
    ))
    .why(format!("it goes through more than {limit} profiles"))
    .hint("let it build on a profile nearer to the keys")
}

pub(super) fn web_identity_without_role(origin: &Origin) -> Error {
    let why = match origin {
        Origin::Profile(name) => {
            return config(format!("profile {name} has a web identity but no role"))
                .why("web_identity_token_file is set, role_arn is not")
                .hint("set role_arn to the role that the token may assume");
        }
        _ => "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not",
    };
    credentials("a web identity is exported but no role")
        .why(why)
        .hint("export AWS_ROLE_ARN, the role that the token may assume")
}

pub(super) fn relative_token_file(path: &str, origin: &Origin) -> Error {
    let (error, source) = match origin {
        Origin::Profile(name) => (
            config(format!("profile {name} names no usable token file")),
            "web_identity_token_file",
        ),
        _ => (
            credentials("no usable web identity token file is exported"),
            "AWS_WEB_IDENTITY_TOKEN_FILE",
        ),
    };
    error
        .why(format!("{source} is the relative path {path:?}"))
        .hint("write the whole path, beginning with / or ~/")
}

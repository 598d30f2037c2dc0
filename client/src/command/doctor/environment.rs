//! The variables of this terminal that decide something. Values are shown of those
//! alone that can be no secret.

use std::ffi::OsString;

use aws_ssm_proto::domain::CALLER_VARIABLES;

use super::check::{Check, Name};

const AWS: Name = Name::new("environment", "aws-variables");
const UNUSED: Name = Name::new("environment", "unused-variables");
const OURS: Name = Name::new("environment", "aws-ssm-variables");
const PRECEDENCE: Name = Name::new("environment", "precedence");

/// They count, and the client reads them itself.
const FILES: [&str; 2] = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];

/// Variables whose values help and are no secret.
const SHOWN: [&str; 9] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// `variables` are those of this process; `explicit`: a profile was named by a flag.
pub(super) fn checks(
    variables: impl Iterator<Item = (OsString, OsString)>,
    explicit: bool,
) -> Vec<Check> {
    let mut set: Vec<(String, String)> = variables
        .map(|(name, value)| [name, value].map(|text| text.to_string_lossy().into_owned()))
        .filter(|[name, value]| name.starts_with("AWS_") && !value.is_empty())
        .map(|[name, value]| (name, value))
        .collect();
    set.sort();
    let (ours, theirs): (Vec<_>, Vec<_>) = set
        .into_iter()
        .partition(|(name, _)| name.starts_with("AWS_SSM_"));
    let (used, unused): (Vec<_>, Vec<_>) = theirs.into_iter().partition(|(name, _)| is_used(name));
    let mut checks = vec![AWS.ok(list(used.iter().map(|(name, value)| shown(name, value))))];
    if !unused.is_empty() {
        let names = list(unused.into_iter().map(|(name, _)| name));
        checks.push(UNUSED.ok(format!("{names}: aws-ssm does not read them")));
    }
    if !ours.is_empty() {
        let values = ours.iter().map(|(name, value)| format!("{name}={value}"));
        checks.push(OURS.ok(list(values)));
    }
    checks.extend(precedence(&used, explicit));
    checks
}

fn is_used(name: &str) -> bool {
    CALLER_VARIABLES.contains(&name) || FILES.contains(&name)
}

fn shown(name: &str, value: &str) -> String {
    if SHOWN.contains(&name) {
        return format!("{name}={value}");
    }
    match name.starts_with("AWS_ENDPOINT_URL") {
        true => format!("{name}={}", without_password(value)),
        false => format!("{name} (set)"),
    }
}

/// The part of a URL that says where, and not as whom.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}://{host}")
}

fn list(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.collect();
    match texts.is_empty() {
        true => "none is set".to_owned(),
        false => texts.join(", "),
    }
}

/// Exported keys beat the profile of a variable, which surprises most who have both.
fn precedence(used: &[(String, String)], explicit: bool) -> Option<Check> {
    let has = |wanted: &str| used.iter().any(|(name, _)| name == wanted);
    let keys = has("AWS_ACCESS_KEY_ID") || has("AWS_SECRET_ACCESS_KEY");
    let profile = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
    let profile = profile.into_iter().find(|name| has(name))?;
    if !keys || explicit {
        return None;
    }
    Some(
        PRECEDENCE
            .warning(format!("exported keys are used, and not {profile}"))
            .why("as with the aws command, keys in the environment beat a profile named there")
            .mend(
                "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; \
                 or name the profile with --profile",
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::check::Status;
    use super::*;

    fn with(set: &[(&str, &str)], explicit: bool) -> Vec<Check> {
        let variables = set.iter().map(|(name, value)| (name.into(), value.into()));
        checks(variables, explicit)
    }

    #[test]
    fn no_value_is_shown_that_could_be_a_secret() {
        let set = [
            ("AWS_ACCESS_KEY_ID", "hunter1"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_SESSION_TOKEN", "hunter3"),
            (
                "AWS_ENDPOINT_URL",
                "http://me:hunter4@host:1/hunter5?hunter6",
            ),
            ("AWS_SOMETHING_NEW", "hunter7"),
            ("AWS_REGION", "eu-west-1"),
        ];
        let shown = format!("{:?}", with(&set, false));
        assert!(!shown.contains("hunter"), "{shown}");
        for expected in [
            "AWS_SECRET_ACCESS_KEY (set)",
            "AWS_ENDPOINT_URL=http://host:1",
            "AWS_REGION=eu-west-1",
            "AWS_SOMETHING_NEW: aws-ssm does not read them",
        ] {
            assert!(shown.contains(expected), "{expected}: {shown}");
        }
    }

    #[test]
    fn keys_that_beat_a_profile_are_pointed_out_unless_a_flag_names_it() {
        let set = [("AWS_PROFILE", "dev"), ("AWS_ACCESS_KEY_ID", "k")];
        let warned = |checks: &[Check]| checks.iter().any(|c| c.status == Status::Warning);
        let both = with(&set, false);
        assert!(warned(&both), "{both:?}");
        assert!(both.last().expect("a check").mend.contains("unset"));
        assert!(!warned(&with(&set, true)));
        assert!(!warned(&with(&set[..1], false)));
    }
}

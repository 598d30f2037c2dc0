//! Profile files and a caller's settings of any bytes.

use aws_ssm_proto::domain::{CALLER_VARIABLES, Caller, Error};
use zeroize::Zeroizing;

use super::plan::CredentialPlan;
use super::profile::{FileKind, ProfileFile, Profiles};
use super::settings::{DefaultSettings, Settings};
use crate::fuzzing::told;

/// Stands between the two files and the caller's settings.
const BETWEEN: &str = "----\n";
/// Is in no name that a message shows; wherever it is found, a secret was told.
const MARK: &str = "wJalrXUtnFEMI";

/// Finds credentials as for a caller: a configuration file, a credentials file and
/// settings such as `profile=work` or `AWS_REGION=eu-west-1`, each after the other.
/// Where a secret key has the mark, it is looked for in all that is told.
pub fn profiles(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.splitn(3, BETWEEN);
    let mut next = || parts.next().unwrap_or_default();
    let files = [(next(), FileKind::Config), (next(), FileKind::Credentials)];
    let caller = caller(next());
    let is_marked = text
        .lines()
        .filter(|line| line.contains(MARK))
        .all(is_secret);
    let [config, credentials] = files.map(|(text, kind)| ProfileFile::parse(text.as_bytes(), kind));
    let said = match (config, credentials) {
        (Ok(config), Ok(credentials)) => said(&caller, Profiles::new(&config, &credentials))
            .unwrap_or_else(|error| {
                told(&error);
                format!("{error:?}")
            }),
        (Err(error), _) | (_, Err(error)) => error.to_string(),
    };
    assert!(!is_marked || !said.contains(MARK), "{said}");
}

/// A line that gives a secret and nothing else.
fn is_secret(line: &str) -> bool {
    let names = [
        "aws_secret_access_key = ",
        "aws_session_token = ",
        "external_id = ",
    ];
    let value = names.iter().find_map(|name| line.strip_prefix(name));
    value.is_some_and(|value| value.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// What is told of a caller for whom there are credentials.
fn said(caller: &Caller, profiles: Profiles<'_>) -> Result<String, Error> {
    let defaults = DefaultSettings {
        region: None,
        profile: None,
        session_name: DefaultSettings::session_name_for("user"),
        is_instance: true,
    };
    let settings = Settings::resolve(caller, profiles, &defaults)?;
    let plan = CredentialPlan::make(&settings, &defaults)?;
    let regions = settings.regions(&defaults)?;
    assert!(!regions.home().is_empty());
    Ok(format!(
        "{plan} {plan:?} {:?} {settings:?} {regions:?}",
        plan.token_file()
    ))
}

fn caller(text: &str) -> Caller {
    let mut caller = Caller::default();
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let value = value.to_owned();
        match name {
            "profile" => caller.profile = Some(value),
            "region" => caller.regions.push(value),
            "role" => caller.role_arn = Some(value),
            "endpoint" => caller.endpoint_url = Some(value),
            _ if CALLER_VARIABLES.contains(&name) => {
                caller
                    .environment
                    .insert(name.to_owned(), Zeroizing::new(value));
            }
            _ => {}
        }
    }
    caller
}

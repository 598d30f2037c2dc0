//! Which credentials a caller's settings lead to, and how they are obtained.
//!
//! A pure function: it reads no file, asks nobody and prompts nobody. The order
//! is that of the `aws` command. An explicit `--profile` beats exported keys;
//! exported keys beat the profile of a variable; within a profile come a role
//! on top of other credentials, web identity, single sign-on, the credentials
//! file's keys, a console login, a credential process, and the configuration
//! file's keys. Last comes what the container or the machine has.

mod metadata;
pub(super) mod refusal;
mod role;
mod source;
mod sso;
mod web_identity;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_ssm_proto::domain::{EnvironmentDigest, Error, ErrorKind};
use zeroize::Zeroizing;

use super::profile::{FileKind, Profile};
use super::settings::{DefaultSettings, Settings};
use crate::aws::sts::AssumeRole;
pub use metadata::{ContainerPlan, ContainerToken, InstancePlan};
pub use source::SourcePlan;
pub use sso::SsoPlan;

/// What leads to credentials.
#[derive(Clone, Debug)]
pub enum CredentialPlan {
    /// Keys that are at hand.
    Static(StaticKeys),
    /// A role, assumed with other credentials.
    AssumeRole(Box<RolePlan>),
    /// A role, assumed with a token that an identity provider wrote to a file.
    WebIdentity(WebIdentityPlan),
    /// What a program prints that the caller runs.
    Process(ProcessPlan),
    /// What something other than STS hands out.
    Source(SourcePlan),
}

/// Keys that are at hand.
#[derive(Clone)]
pub struct StaticKeys {
    /// The keys; zeroized with the last clone.
    pub credentials: Credentials,
    /// Where they were found.
    pub origin: Origin,
}

impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticKeys")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// A role, assumed with other credentials.
#[derive(Clone)]
pub struct RolePlan {
    /// Whose credentials assume it.
    pub source: CredentialPlan,
    /// The role's ARN.
    pub role_arn: String,
    /// The secret that some trust policies demand.
    pub external_id: Option<Zeroizing<String>>,
    /// Appears in the principal's ARN.
    pub session_name: String,
    /// The role's own default if `None`.
    pub duration: Option<Duration>,
    /// Whose code must come with it.
    pub mfa: Option<MfaDevice>,
    /// What asks for the role.
    pub origin: Origin,
}

/// A device that shows codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MfaDevice {
    /// Its serial number or ARN.
    pub serial: String,
    /// The profile that wants it.
    pub profile: String,
}

impl RolePlan {
    /// What STS is asked for, but for a code.
    #[must_use]
    pub fn request(&self) -> AssumeRole {
        AssumeRole {
            role_arn: self.role_arn.clone(),
            session_name: self.session_name.clone(),
            external_id: self.external_id.clone(),
            duration: self.duration,
            mfa: None,
        }
    }
}

impl fmt::Debug for RolePlan {
    /// Without the external id, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RolePlan")
            .field("source", &self.source)
            .field("role_arn", &self.role_arn)
            .field("session_name", &self.session_name)
            .field("duration", &self.duration)
            .field("mfa", &self.mfa)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// A role, assumed with a token from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentityPlan {
    /// Absolute; read again for each use.
    pub token_file: PathBuf,
    /// The role's ARN.
    pub role_arn: String,
    /// Appears in the principal's ARN.
    pub session_name: String,
    /// What names the token file.
    pub origin: Origin,
}

/// A program that prints credentials.
#[derive(Clone)]
pub struct ProcessPlan {
    /// The profile that names it.
    pub profile: String,
    /// As the profile has it; may hold secrets.
    pub command: Zeroizing<String>,
    /// What it would see where the caller runs it.
    pub environment: EnvironmentDigest,
}

impl fmt::Debug for ProcessPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPlan")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// Where a setting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The caller's variables.
    Environment,
    /// A profile.
    Profile(String),
    /// A flag of this call.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Flag => f.write_str("command line"),
        }
    }
}

impl fmt::Display for CredentialPlan {
    /// Where the credentials come from, for people: `environment`,
    /// `profile prod`, `role … assumed from profile prod`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(keys) => keys.origin.fmt(f),
            Self::AssumeRole(role) => {
                let RolePlan {
                    source,
                    role_arn,
                    origin,
                    mfa,
                    ..
                } = role.as_ref();
                let with = mfa.as_ref().map_or("", |_| " with MFA");
                match origin {
                    Origin::Flag => write!(f, "role {role_arn} assumed from {source}"),
                    _ => write!(f, "{origin} (role {role_arn} assumed{with} from {source})"),
                }
            }
            Self::WebIdentity(web) => {
                write!(f, "{} (role {} by web identity)", web.origin, web.role_arn)
            }
            Self::Source(source) => source.fmt(f),
            Self::Process(process) => {
                write!(f, "profile {} (credential process)", process.profile)
            }
        }
    }
}

impl CredentialPlan {
    /// The credentials that these settings lead to.
    ///
    /// # Errors
    ///
    /// `Credentials` if there are none, only half a pair, or some that this
    /// version cannot obtain; `Config` if a profile contradicts itself or names
    /// one that does not exist; `Usage` if `--role-arn` is no role's ARN.
    pub fn make(settings: &Settings<'_>, defaults: &DefaultSettings) -> Result<Self, Error> {
        let planner = Planner { settings, defaults };
        let plan = planner.without_flag()?;
        match &settings.caller.role_arn {
            Some(role_arn) => planner.role_on_top(plan, role_arn),
            None => Ok(plan),
        }
    }

    /// The token file whose content decides the credentials, if one does.
    #[must_use]
    pub fn token_file(&self) -> Option<&PathBuf> {
        match self {
            Self::Static(_) | Self::Process(_) => None,
            Self::AssumeRole(role) => role.source.token_file(),
            Self::WebIdentity(web) => Some(&web.token_file),
            Self::Source(source) => source.token_file(),
        }
    }

    /// What a credential process would see, if one decides the credentials.
    #[must_use]
    pub fn environment(&self) -> Option<EnvironmentDigest> {
        match self {
            Self::Process(process) => Some(process.environment),
            Self::AssumeRole(role) => role.source.environment(),
            _ => None,
        }
    }
}

/// A credential process is named in a few hundred bytes; this refuses nonsense, which
/// has to travel in the headers of an answer.
const LONGEST_COMMAND: usize = 8 << 10;

struct Planner<'a> {
    settings: &'a Settings<'a>,
    defaults: &'a DefaultSettings,
}

impl<'a> Planner<'a> {
    fn without_flag(&self) -> Result<CredentialPlan, Error> {
        if !self.settings.is_explicit
            && let Some(keys) = self.exported_keys()?
        {
            return Ok(keys);
        }
        let profile = self.settings.profile;
        if let Some(profile) = profile
            && role::is_wanted(profile)
        {
            return self.role(profile, &mut vec![profile.name()]);
        }
        let variables_count = !self.settings.is_explicit;
        let found = self.in_profile(profile, variables_count)?;
        found.map_or_else(|| self.of_machine(), Ok)
    }

    /// The keys in the caller's variables.
    fn exported_keys(&self) -> Result<Option<CredentialPlan>, Error> {
        let variable = |name| self.settings.variable(name);
        let id = variable("AWS_ACCESS_KEY_ID");
        let secret = variable("AWS_SECRET_ACCESS_KEY");
        match (id, secret) {
            (None, None) => Ok(None),
            (Some(id), Some(secret)) => {
                let token = variable("AWS_SESSION_TOKEN");
                Ok(Some(keys(id, secret, token, Origin::Environment)))
            }
            (Some(_), None) => Err(refusal::half_exported("AWS_SECRET_ACCESS_KEY")),
            (None, Some(_)) => Err(refusal::half_exported("AWS_ACCESS_KEY_ID")),
        }
    }

    /// The credentials that a profile itself holds or names, apart from roles on
    /// top of others.
    fn in_profile(
        &self,
        profile: Option<Profile<'a>>,
        variables_count: bool,
    ) -> Result<Option<CredentialPlan>, Error> {
        if let Some(web) = self.web_identity(profile, variables_count)? {
            return Ok(Some(web));
        }
        let Some(profile) = profile else {
            return Ok(None);
        };
        let set = |property| profile.get(property).is_some();
        let refuse = |what: &str| Err(refusal::not_yet(profile, self.settings, what));
        if sso::is_wanted(profile) {
            return self.sso(profile).map(Some);
        }
        if let Some(keys) = keys_in(profile, FileKind::Credentials)? {
            return Ok(Some(keys));
        }
        if set("login_session") {
            return refuse("uses a console login");
        }
        if let Some(command) = profile.get("credential_process") {
            return self.process(profile, command).map(Some);
        }
        match keys_in(profile, FileKind::Config)? {
            None if set("aws_secret_access_key") => {
                Err(refusal::half_pair(profile, "aws_access_key_id"))
            }
            found => Ok(found),
        }
    }

    /// The program that a profile names. It would see the caller's environment, so
    /// that belongs to what decides the credentials.
    fn process(&self, profile: Profile<'a>, command: &str) -> Result<CredentialPlan, Error> {
        if command.len() > LONGEST_COMMAND {
            return Err(refusal::long_command(profile, LONGEST_COMMAND));
        }
        let environment = self.settings.caller.environment_digest;
        Ok(CredentialPlan::Process(ProcessPlan {
            profile: profile.name().to_owned(),
            command: Zeroizing::new(command.to_owned()),
            environment: environment.ok_or_else(|| refusal::unknown_environment(profile))?,
        }))
    }
}

/// The keys that a profile has in one of the files. An id and a secret of
/// different files do not belong together, and a secret alone does not count
/// while the other file has a pair.
fn keys_in(profile: Profile<'_>, file: FileKind) -> Result<Option<CredentialPlan>, Error> {
    let get = |property| profile.in_file(file, property);
    match (get("aws_access_key_id"), get("aws_secret_access_key")) {
        (None, _) => Ok(None),
        (Some(id), Some(secret)) => {
            let token = get("aws_session_token").or_else(|| get("aws_security_token"));
            let origin = Origin::Profile(profile.name().to_owned());
            Ok(Some(keys(id, secret, token, origin)))
        }
        (Some(_), None) => Err(refusal::half_pair(profile, "aws_secret_access_key")),
    }
}

fn keys(id: &str, secret: &str, token: Option<&str>, origin: Origin) -> CredentialPlan {
    let token = token.map(str::to_owned);
    let credentials = Credentials::new(id, secret, token, None, "caller");
    CredentialPlan::Static(StaticKeys {
        credentials,
        origin,
    })
}

/// Refuses what STS could not make sense of.
fn check_role_arn(role_arn: &str, origin: &Origin) -> Result<(), Error> {
    let parts: Vec<&str> = role_arn.splitn(6, ':').collect();
    if let ["arn", partition, "iam", _, account, resource] = parts.as_slice()
        && !partition.is_empty()
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && resource
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty())
    {
        return Ok(());
    }
    let (kind, source) = match origin {
        Origin::Flag => (ErrorKind::Usage, "--role-arn".to_owned()),
        Origin::Environment => (ErrorKind::Usage, "AWS_ROLE_ARN".to_owned()),
        Origin::Profile(name) => (ErrorKind::Config, format!("the role_arn of profile {name}")),
    };
    Err(
        Error::new(kind, format!("{source} is no role's ARN: {role_arn:?}"))
            .why("a role's ARN is written as arn:aws:iam::123456789012:role/NAME is")
            .hint("`aws iam get-role --role-name NAME` shows it"),
    )
}

#[cfg(test)]
mod tests;

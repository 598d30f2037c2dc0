//! Roles on top of other credentials: `--role-arn`, and profiles with
//! `role_arn` and either `source_profile` or `credential_source`.
//!
//! Every chain ends: a profile comes up once at most, and its length is bounded.

use std::time::Duration;

use aws_ssm_proto::domain::Error;
use zeroize::Zeroizing;

use super::{CredentialPlan, MfaDevice, Origin, Planner, RolePlan, check_role_arn, refusal};
use crate::identity::profile::Profile;

/// More roles than this in a row is a mistake; each costs a call to STS.
const MAX_CHAIN: usize = 16;

/// Whether a profile asks for a role on top of other credentials. One with a
/// web identity token needs none below it.
pub(super) fn is_wanted(profile: Profile<'_>) -> bool {
    profile.get("role_arn").is_some() && profile.get("web_identity_token_file").is_none()
}

fn has_keys(profile: Profile<'_>) -> bool {
    let keys = ["aws_access_key_id", "aws_secret_access_key"];
    keys.iter().any(|key| profile.get(key).is_some())
}

impl<'a> Planner<'a> {
    /// The role of `--role-arn`.
    pub(super) fn role_on_top(
        &self,
        source: CredentialPlan,
        role_arn: &str,
    ) -> Result<CredentialPlan, Error> {
        check_role_arn(role_arn, &Origin::Flag)?;
        let named = self.settings.variable("AWS_ROLE_SESSION_NAME");
        Ok(CredentialPlan::AssumeRole(Box::new(RolePlan {
            source,
            role_arn: role_arn.to_owned(),
            external_id: None,
            session_name: self.session_name(named),
            duration: None,
            mfa: None,
            origin: Origin::Flag,
        })))
    }

    /// The role that a profile asks for; `visited` are the profiles on the way
    /// to it, itself included.
    pub(super) fn role(
        &self,
        profile: Profile<'a>,
        visited: &mut Vec<&'a str>,
    ) -> Result<CredentialPlan, Error> {
        if visited.len() > MAX_CHAIN {
            return Err(refusal::long_chain(visited, MAX_CHAIN));
        }
        let origin = Origin::Profile(profile.name().to_owned());
        let role_arn = profile.get("role_arn").unwrap_or_default();
        check_role_arn(role_arn, &origin)?;
        let source = match (
            profile.get("source_profile"),
            profile.get("credential_source"),
        ) {
            (Some(name), None) => self.source_profile(profile, name, visited)?,
            (None, Some(source)) => self.credential_source(profile, source)?,
            (Some(_), Some(_)) => return Err(refusal::two_sources(profile)),
            (None, None) => return Err(refusal::no_source(profile)),
        };
        let seconds = profile
            .get("duration_seconds")
            .and_then(|text| text.parse().ok());
        Ok(CredentialPlan::AssumeRole(Box::new(RolePlan {
            source,
            role_arn: role_arn.to_owned(),
            external_id: profile
                .get("external_id")
                .map(|id| Zeroizing::new(id.to_owned())),
            session_name: self.session_name(profile.get("role_session_name")),
            duration: seconds.map(Duration::from_secs),
            mfa: profile.get("mfa_serial").map(|serial| MfaDevice {
                serial: serial.to_owned(),
                profile: profile.name().to_owned(),
            }),
            origin,
        })))
    }

    /// A profile may name itself if it holds keys: these then assume its role.
    fn source_profile(
        &self,
        parent: Profile<'a>,
        name: &'a str,
        visited: &mut Vec<&'a str>,
    ) -> Result<CredentialPlan, Error> {
        let source = self.settings.profiles.get(name);
        let source = source.ok_or_else(|| refusal::no_such_source(parent, name, self.settings))?;
        let names_itself = name == parent.name() && has_keys(source);
        if visited.contains(&name) && !names_itself {
            return Err(refusal::source_loop(visited, name));
        }
        visited.push(name);
        if is_wanted(source) && !has_keys(source) {
            return self.role(source, visited);
        }
        let found = self.in_profile(Some(source), false)?;
        found.ok_or_else(|| refusal::empty_source(parent, name))
    }

    fn credential_source(
        &self,
        profile: Profile<'a>,
        source: &str,
    ) -> Result<CredentialPlan, Error> {
        match source.to_ascii_lowercase().as_str() {
            "environment" => {
                let keys = self.exported_keys()?;
                keys.ok_or_else(|| refusal::nothing_exported(profile))
            }
            "ec2instancemetadata" => self.of_instance(profile),
            "ecscontainer" => self.of_container(profile),
            _ => Err(refusal::unknown_source(profile, source)),
        }
    }

    pub(super) fn session_name(&self, named: Option<&str>) -> String {
        named.unwrap_or(&self.defaults.session_name).to_owned()
    }
}

//! Roles of people who sign in through IAM Identity Center.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_ssm_proto::domain::Error;

use super::{CredentialPlan, Planner, SourcePlan, refusal};
use crate::aws::Service;
use crate::identity::endpoints::Endpoints;
use crate::identity::profile::Profile;
use crate::identity::region;

/// A role for the holder of a token that `aws sso login` has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoPlan {
    /// The profile that asks for it; `aws sso login` takes it by this name.
    pub profile: String,
    /// Where portal and sign-in are.
    pub region: String,
    /// The account's number.
    pub account_id: String,
    /// The permission set's name.
    pub role_name: String,
    /// Absolute; what `aws sso login` writes, read again for each use.
    pub token_file: PathBuf,
    /// Only tokens of an `sso-session` are renewed without the person.
    pub is_session: bool,
    /// Instead of the region's own portal.
    pub portal: Option<Arc<str>>,
    /// Instead of the region's own sign-in.
    pub sign_in: Option<Arc<str>>,
}

impl fmt::Display for SsoPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            profile,
            role_name,
            account_id,
            ..
        } = self;
        write!(
            f,
            "profile {profile} ({role_name} in {account_id} by IAM Identity Center)"
        )
    }
}

/// Whether a profile signs in through IAM Identity Center.
pub(super) fn is_wanted(profile: Profile<'_>) -> bool {
    ["sso_account_id", "sso_role_name"]
        .iter()
        .any(|property| profile.get(property).is_some())
}

/// Where a person signs in.
struct SignIn<'a> {
    /// What names the token's file: the session, or the address without one.
    named: &'a str,
    region: &'a str,
    is_session: bool,
}

impl<'a> Planner<'a> {
    pub(super) fn sso(&self, profile: Profile<'a>) -> Result<CredentialPlan, Error> {
        let sign_in = match profile.get("sso_session") {
            Some(session) => self.session(profile, session)?,
            None => SignIn {
                named: required(profile, "sso_start_url")?,
                region: required(profile, "sso_region")?,
                is_session: false,
            },
        };
        region::check(sign_in.region, &format!("profile {}", profile.name()))?;
        let endpoint = |service| {
            let settings = self.settings;
            Endpoints::of_source(settings.caller, profile, settings.profiles, service)
        };
        Ok(CredentialPlan::Source(SourcePlan::Sso(Box::new(SsoPlan {
            profile: profile.name().to_owned(),
            region: sign_in.region.to_owned(),
            account_id: required(profile, "sso_account_id")?.to_owned(),
            role_name: required(profile, "sso_role_name")?.to_owned(),
            token_file: token_file(&self.settings.caller.home, sign_in.named),
            is_session: sign_in.is_session,
            portal: endpoint(Service::Sso)?,
            sign_in: endpoint(Service::SsoOidc)?,
        }))))
    }

    /// What the session's section says. The profile may repeat it, not contradict it.
    fn session(&self, profile: Profile<'a>, name: &'a str) -> Result<SignIn<'a>, Error> {
        let profiles = self.settings.profiles;
        let find = |property: &str| -> Result<&'a str, Error> {
            let Some(found) = profiles.sso_session(name, property) else {
                return Err(refusal::no_such_session(profile, name, self.settings));
            };
            let found = found.ok_or_else(|| refusal::bare_session(profile, name, property))?;
            match profile.get(property) {
                Some(own) if own != found => {
                    Err(refusal::contradicts_session(profile, name, property))
                }
                _ => Ok(found),
            }
        };
        find("sso_start_url")?;
        Ok(SignIn {
            named: name,
            region: find("sso_region")?,
            is_session: true,
        })
    }
}

fn required<'a>(profile: Profile<'a>, property: &str) -> Result<&'a str, Error> {
    let found = profile.get(property);
    found.ok_or_else(|| refusal::half_sign_in(profile, property))
}

/// Where the `aws` command keeps the token of a session, or of an address.
fn token_file(home: &Path, named: &str) -> PathBuf {
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, named.as_bytes());
    let name: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    home.join(".aws/sso/cache").join(format!("{name}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names are those that `printf NAME | sha1sum` gives.
    #[test]
    fn the_token_is_where_the_aws_command_writes_it() {
        let cases = [
            ("corp", "ee0bfd2552fbd840c02cc48b6e823320543c450f"),
            (
                "https://example.awsapps.com/start",
                "e8be5486177c5b5392bd9aa76563515b29358e6e",
            ),
        ];
        for (named, sum) in cases {
            let expected = format!("/home/ada/.aws/sso/cache/{sum}.json");
            assert_eq!(
                token_file(Path::new("/home/ada"), named),
                Path::new(&expected)
            );
        }
    }
}

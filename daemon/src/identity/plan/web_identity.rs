//! Roles assumed with a token that an identity provider writes to a file.

use std::path::{Path, PathBuf};

use aws_ssm_proto::domain::Error;

use super::{CredentialPlan, Origin, Planner, WebIdentityPlan, check_role_arn, refusal};
use crate::identity::profile::Profile;

impl<'a> Planner<'a> {
    /// Each of the three settings comes from its variable, if variables count,
    /// else from the profile.
    pub(super) fn web_identity(
        &self,
        profile: Option<Profile<'a>>,
        variables_count: bool,
    ) -> Result<Option<CredentialPlan>, Error> {
        let find = |variable: &str, property: &str| {
            let exported = self.settings.variable(variable).filter(|_| variables_count);
            let of_variable = exported.map(|value| (value, Origin::Environment));
            of_variable.or_else(|| {
                let profile = profile?;
                let origin = Origin::Profile(profile.name().to_owned());
                Some((profile.get(property)?, origin))
            })
        };
        let token = find("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
        let Some((token_file, origin)) = token else {
            return Ok(None);
        };
        let Some((role_arn, role_origin)) = find("AWS_ROLE_ARN", "role_arn") else {
            return Err(refusal::web_identity_without_role(&origin));
        };
        check_role_arn(role_arn, &role_origin)?;
        let session_name = find("AWS_ROLE_SESSION_NAME", "role_session_name");
        Ok(Some(CredentialPlan::WebIdentity(WebIdentityPlan {
            token_file: self.absolute(token_file, &origin)?,
            role_arn: role_arn.to_owned(),
            session_name: self.session_name(session_name.map(|(name, _)| name)),
            origin,
        })))
    }

    /// The daemon has no working directory of the caller's to start from.
    fn absolute(&self, path: &str, origin: &Origin) -> Result<PathBuf, Error> {
        let home = &self.settings.caller.home;
        let expanded = match path.strip_prefix('~') {
            Some("") => home.clone(),
            Some(rest) if rest.starts_with('/') => home.join(&rest[1..]),
            _ => Path::new(path).to_owned(),
        };
        if expanded.is_absolute() {
            return Ok(expanded);
        }
        Err(refusal::relative_token_file(path, origin))
    }
}

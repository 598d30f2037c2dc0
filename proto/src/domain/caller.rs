//! Who asks: the AWS settings of one terminal.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::EnvironmentDigest;

/// The environment variables a client sends and a daemon accepts; no others
/// travel. `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` are not here
/// because the client resolves them to the paths in [`Caller`].
pub const CALLER_VARIABLES: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_EC2",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Everything that decides whose credentials are used and where AWS is reached.
///
/// Holds secrets: its `Debug` names variables, never their values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// `--profile`. Beats exported keys, which beat `AWS_PROFILE`.
    pub profile: Option<String>,
    /// `--region`, in order; empty when the other settings decide.
    pub regions: Vec<String>,
    /// `--endpoint-url`. Beats every other endpoint setting.
    pub endpoint_url: Option<String>,
    /// `--role-arn`. Assumed on top of the credentials the rest leads to.
    pub role_arn: Option<String>,
    /// Those of [`CALLER_VARIABLES`] that are set and not empty.
    pub environment: BTreeMap<String, Zeroizing<String>>,
    /// The shared configuration file, absolute, whether it exists or not.
    pub config_file: PathBuf,
    /// The shared credentials file, absolute, whether it exists or not.
    pub credentials_file: PathBuf,
    /// Expands `~` in paths that profiles name.
    pub home: PathBuf,
    /// Stands for all that a credential process would see of the caller's terminal;
    /// sent once the daemon has asked for it, because few profiles need it.
    pub environment_digest: Option<EnvironmentDigest>,
}

impl Caller {
    /// The value of one of [`CALLER_VARIABLES`].
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(|value| value.as_str())
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("profile", &self.profile)
            .field("regions", &self.regions)
            .field("endpoint_url", &self.endpoint_url)
            .field("role_arn", &self.role_arn)
            .field("environment", &self.environment.keys())
            .field("config_file", &self.config_file)
            .field("credentials_file", &self.credentials_file)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiler holds it: only types that overwrite what they held pass.
    #[test]
    fn what_a_caller_carries_is_overwritten_when_it_is_dropped() {
        fn is_overwritten<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let mut caller = Caller::default();
        let secret = Zeroizing::new("hunter2".to_owned());
        caller
            .environment
            .insert("AWS_SESSION_TOKEN".into(), secret);
        caller.environment.values().for_each(is_overwritten);
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut caller = Caller::default();
        caller.environment.insert(
            "AWS_SECRET_ACCESS_KEY".into(),
            Zeroizing::new("hunter2".into()),
        );
        let shown = format!("{caller:?}");
        assert!(shown.contains("AWS_SECRET_ACCESS_KEY"));
        assert!(!shown.contains("hunter2"));
    }
}

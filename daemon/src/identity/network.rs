//! The network that a caller's settings describe.
//!
//! Lower-case variables beat upper-case ones, and `AWS_CA_BUNDLE` the profile's
//! `ca_bundle`, as for the `aws` command.

use std::path::PathBuf;

use aws_ssm_proto::domain::{Caller, Error, ErrorKind};

use super::files::Stamp;
use super::profile::Profile;
use crate::aws::network::{CaBundle, Network, Proxy};
use crate::aws::route::{Route, Variant};

/// How AWS is reached with these settings. Without a CA bundle no file is looked at.
///
/// # Errors
///
/// `Usage` for a variable, `Config` for a property that cannot be used, or whose file
/// is not there.
pub fn resolve(caller: &Caller, profile: Option<Profile<'_>>) -> Result<Route, Error> {
    let settings = Settings { caller, profile };
    let variant = Variant {
        fips: settings.choice("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?,
        dual_stack: settings.choice("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?,
    };
    let no_proxy = settings.either("no_proxy", "NO_PROXY");
    let network = Network::new(
        settings.proxy("http_proxy", "HTTP_PROXY")?,
        settings.proxy("https_proxy", "HTTPS_PROXY")?,
        no_proxy.map_or("", |(_, list)| list),
        settings.ca_bundle()?,
    );
    Ok(Route { variant, network })
}

struct Settings<'a> {
    caller: &'a Caller,
    profile: Option<Profile<'a>>,
}

impl<'a> Settings<'a> {
    fn variable(&self, name: &'static str) -> Option<(&'static str, &'a str)> {
        let value = self.caller.variable(name)?;
        (!value.is_empty()).then_some((name, value))
    }

    fn either(&self, lower: &'static str, upper: &'static str) -> Option<(&'static str, &'a str)> {
        self.variable(lower).or_else(|| self.variable(upper))
    }

    fn proxy(&self, lower: &'static str, upper: &'static str) -> Result<Option<Proxy>, Error> {
        let found = self.either(lower, upper);
        found.map(|(name, url)| Proxy::parse(url, name)).transpose()
    }

    /// A variable's value, else a property's, and what it is called.
    fn setting(&self, variable: &'static str, property: &str) -> Option<(Found, &'a str)> {
        if let Some((name, value)) = self.variable(variable) {
            let what = name.to_owned();
            let kind = ErrorKind::Usage;
            return Some((Found { kind, what }, value));
        }
        let profile = self.profile?;
        let value = profile.get(property)?;
        let what = format!("{property} of profile {}", profile.name());
        let kind = ErrorKind::Config;
        Some((Found { kind, what }, value))
    }

    fn choice(&self, variable: &'static str, property: &str) -> Result<bool, Error> {
        let Some((found, value)) = self.setting(variable, property) else {
            return Ok(false);
        };
        match value.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(found
                .error("is neither true nor false")
                .why(format!("it is {value:?}"))
                .hint("write true or false")),
        }
    }

    fn ca_bundle(&self) -> Result<Option<CaBundle>, Error> {
        let Some((found, text)) = self.setting("AWS_CA_BUNDLE", "ca_bundle") else {
            return Ok(None);
        };
        let path = match text.strip_prefix("~/") {
            Some(rest) => self.caller.home.join(rest),
            None => PathBuf::from(text),
        };
        if !path.is_absolute() {
            return Err(found
                .error("names no file that can be found")
                .why(format!("{text:?} is a relative path"))
                .hint("write the whole path, beginning with / or ~/"));
        }
        let refuse = |why: &str| {
            Error::new(
                ErrorKind::Config,
                format!("the CA bundle {} cannot be used", path.display()),
            )
            .why(format!("{} names it, but {why}", found.what))
            .hint("name a file of certificates in PEM, or nothing")
        };
        match Stamp::of(&path) {
            Ok(Some(stamp)) => Ok(Some(CaBundle { path, stamp })),
            Ok(None) => Err(refuse("there is no such file")),
            Err(error) => Err(refuse(&error.to_string())),
        }
    }
}

/// A setting, and of which kind a mistake in it is.
struct Found {
    kind: ErrorKind,
    what: String,
}

impl Found {
    fn error(&self, what: &str) -> Error {
        Error::new(self.kind, format!("{} {what}", self.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::profile::{FileKind, ProfileFile, Profiles};
    use crate::identity::testing::variables;

    fn of(caller: &Caller, lines: &str) -> Result<Route, Error> {
        let config = format!("[default]\n{lines}");
        let config = ProfileFile::parse(config.as_bytes(), FileKind::Config).unwrap();
        let none = ProfileFile::default();
        resolve(caller, Profiles::new(&config, &none).get("default"))
    }

    fn refused(caller: &Caller, lines: &str, kind: ErrorKind) -> Error {
        let error = of(caller, lines).unwrap_err();
        assert_eq!(error.kind, kind, "{error:?}");
        assert!(!error.what.is_empty() && !error.why.is_empty() && !error.hint.is_empty());
        error
    }

    #[test]
    fn without_settings_the_network_is_plain() {
        assert_eq!(of(&Caller::default(), "").unwrap(), Route::default());
        let caller = variables(&[("NO_PROXY", "*"), ("AWS_USE_FIPS_ENDPOINT", "False")]);
        assert_eq!(of(&caller, "").unwrap(), Route::default());
    }

    #[test]
    fn lower_case_beats_upper_case() {
        let caller = variables(&[
            ("https_proxy", "lower:1"),
            ("HTTPS_PROXY", "upper:1"),
            ("HTTP_PROXY", "plain:1"),
            ("no_proxy", "a"),
            ("NO_PROXY", "*"),
        ]);
        let network = of(&caller, "").unwrap().network;
        let proxy = |uri: &str| {
            network
                .proxy(&uri.parse().unwrap())
                .map(ToString::to_string)
        };
        assert_eq!(proxy("https://b").as_deref(), Some("http://lower:1"));
        assert_eq!(proxy("http://b").as_deref(), Some("http://plain:1"));
        assert_eq!(proxy("https://a"), None);
        refused(
            &variables(&[("HTTPS_PROXY", "socks5://a")]),
            "",
            ErrorKind::Usage,
        );
    }

    #[test]
    fn a_variable_decides_before_the_profile() {
        let file = "use_fips_endpoint = true\nuse_dualstack_endpoint = TRUE\n";
        let both = Variant {
            fips: true,
            dual_stack: true,
        };
        assert_eq!(of(&Caller::default(), file).unwrap().variant, both);
        let caller = variables(&[("AWS_USE_FIPS_ENDPOINT", "false")]);
        assert!(!of(&caller, file).unwrap().variant.fips);
        let caller = variables(&[("AWS_USE_DUALSTACK_ENDPOINT", "yes")]);
        let error = refused(&caller, "", ErrorKind::Usage);
        assert!(
            error.what.contains("AWS_USE_DUALSTACK_ENDPOINT"),
            "{error:?}"
        );
        let error = refused(
            &Caller::default(),
            "use_fips_endpoint = ture",
            ErrorKind::Config,
        );
        assert!(error.what.contains("profile default"), "{error:?}");
    }

    #[test]
    fn a_bundle_is_a_file_and_its_state() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("ca.pem"), "one").unwrap();
        let mut caller = Caller {
            home: home.path().to_owned(),
            ..Caller::default()
        };
        let bundle = |caller: &Caller| of(caller, "ca_bundle = ~/ca.pem").unwrap().network;
        let first = bundle(&caller);
        assert_eq!(first, bundle(&caller));
        std::fs::write(home.path().join("ca.pem"), "other").unwrap();
        assert_ne!(first, bundle(&caller), "another content is another network");
        let error = refused(&caller, "ca_bundle = ~/none", ErrorKind::Config);
        assert!(error.what.contains("/none") && error.why.contains("profile default"));
        refused(&caller, "ca_bundle = ca.pem", ErrorKind::Config);
        caller.environment = variables(&[("AWS_CA_BUNDLE", "/nonesuch")]).environment;
        let error = refused(&caller, "ca_bundle = ~/ca.pem", ErrorKind::Config);
        assert!(error.why.starts_with("AWS_CA_BUNDLE names it"), "{error:?}");
    }
}

//! Where each service is reached, if not at AWS's own endpoints.
//!
//! The order is that of the AWS SDKs: `--endpoint-url`, then the service's
//! variable, the common variable, the profile's `services` section, and the
//! profile's common setting. The flag holds even where the caller has asked that
//! configured endpoints be ignored.

use std::sync::Arc;

use aws_ssm_proto::domain::{Caller, Error, ErrorKind};
use http::Uri;

use super::profile::{Profile, Profiles};
use crate::aws::{Service, Variant};

/// The endpoints a caller has set; `None` where AWS's own is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Endpoints {
    ec2: Option<Arc<str>>,
    ssm: Option<Arc<str>>,
    sts: Option<Arc<str>>,
    variant: Variant,
}

impl Endpoints {
    /// The endpoints that these settings lead to.
    ///
    /// # Errors
    ///
    /// `Usage` for a flag or variable that is no URL, `Config` for a profile's
    /// setting that is none, and for a `services` section that does not exist.
    pub fn resolve(
        caller: &Caller,
        profile: Option<Profile<'_>>,
        profiles: Profiles<'_>,
        variant: Variant,
    ) -> Result<Self, Error> {
        let settings = Settings {
            caller,
            profile,
            profiles,
            ignored: are_ignored(caller, profile),
        };
        Ok(Self {
            ec2: settings.endpoint(Service::Ec2)?,
            ssm: settings.endpoint(Service::Ssm)?,
            sts: settings.endpoint(Service::Sts)?,
            variant,
        })
    }

    /// Which of AWS's own endpoints are used where none is set.
    #[must_use]
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// The endpoint set for a service that credentials come from. The flag does not
    /// count: it says where AWS is asked with them.
    ///
    /// # Errors
    ///
    /// As [`Endpoints::resolve`].
    pub fn of_source(
        caller: &Caller,
        profile: Profile<'_>,
        profiles: Profiles<'_>,
        service: Service,
    ) -> Result<Option<Arc<str>>, Error> {
        let settings = Settings {
            caller,
            profile: Some(profile),
            profiles,
            ignored: are_ignored(caller, Some(profile)),
        };
        settings.configured(service)
    }

    /// The endpoint set for one service; only those of EC2, Systems Manager and STS
    /// are kept here.
    #[must_use]
    pub fn get(&self, service: Service) -> Option<&str> {
        match service {
            Service::Ec2 => self.ec2.as_deref(),
            Service::Ssm => self.ssm.as_deref(),
            Service::Sts => self.sts.as_deref(),
            Service::Sso | Service::SsoOidc => None,
        }
    }
}

/// The variable decides if it is set, else the profile.
fn are_ignored(caller: &Caller, profile: Option<Profile<'_>>) -> bool {
    let variable = caller.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    let setting = variable.or_else(|| profile?.get("ignore_configured_endpoint_urls"));
    setting.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

struct Settings<'a> {
    caller: &'a Caller,
    profile: Option<Profile<'a>>,
    profiles: Profiles<'a>,
    ignored: bool,
}

impl Settings<'_> {
    fn endpoint(&self, service: Service) -> Result<Option<Arc<str>>, Error> {
        if let Some(url) = &self.caller.endpoint_url {
            return parse(url, ErrorKind::Usage, "--endpoint-url").map(Some);
        }
        self.configured(service)
    }

    fn configured(&self, service: Service) -> Result<Option<Arc<str>>, Error> {
        if self.ignored {
            return Ok(None);
        }
        if let Some(found) = self.in_variables(service)? {
            return Ok(Some(found));
        }
        match self.profile {
            Some(profile) => self.in_profile(profile, service),
            None => Ok(None),
        }
    }

    fn in_variables(&self, service: Service) -> Result<Option<Arc<str>>, Error> {
        let own = match service {
            Service::Ec2 => "AWS_ENDPOINT_URL_EC2",
            Service::Ssm => "AWS_ENDPOINT_URL_SSM",
            Service::Sts => "AWS_ENDPOINT_URL_STS",
            Service::Sso => "AWS_ENDPOINT_URL_SSO",
            Service::SsoOidc => "AWS_ENDPOINT_URL_SSO_OIDC",
        };
        for name in [own, "AWS_ENDPOINT_URL"] {
            if let Some(url) = self.caller.variable(name).filter(|url| !url.is_empty()) {
                return parse(url, ErrorKind::Usage, name).map(Some);
            }
        }
        Ok(None)
    }

    fn in_profile(
        &self,
        profile: Profile<'_>,
        service: Service,
    ) -> Result<Option<Arc<str>>, Error> {
        let mut url = None;
        if let Some(section) = profile.get("services") {
            url = self
                .profiles
                .service(section, section_key(service), "endpoint_url")
                .ok_or_else(|| no_services(profile.name(), section, self.caller))?;
        }
        let Some(url) = url.or_else(|| profile.get("endpoint_url")) else {
            return Ok(None);
        };
        let source = format!("the endpoint_url of profile {}", profile.name());
        parse(url, ErrorKind::Config, &source).map(Some)
    }
}

/// What a `services` section calls a service.
fn section_key(service: Service) -> &'static str {
    match service {
        Service::SsoOidc => "sso_oidc",
        other => other.as_str(),
    }
}

fn no_services(profile: &str, section: &str, caller: &Caller) -> Error {
    let what = format!("profile {profile} names services that do not exist");
    let file = caller.config_file.display();
    Error::new(ErrorKind::Config, what)
        .why(format!("there is no section [services {section}]"))
        .hint(format!(
            "write that section into {file}, or drop `services` from the profile"
        ))
}

/// An `http` or `https` URL of a host, without the slash at its end, so that
/// two ways to write one endpoint are one.
fn parse(url: &str, kind: ErrorKind, source: &str) -> Result<Arc<str>, Error> {
    let refuse = |why: String| {
        let error = Error::new(kind, format!("{source} is no endpoint: {url:?}"));
        Err(error
            .why(why)
            .hint("an endpoint is written as http://127.0.0.1:4566 is"))
    };
    match url.parse::<Uri>() {
        Err(error) => refuse(error.to_string()),
        Ok(uri) => match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https"), Some(host)) if !host.is_empty() => {
                Ok(url.trim_end_matches('/').into())
            }
            (Some("http" | "https") | None, _) if uri.scheme().is_some() => {
                refuse("it names no host".to_owned())
            }
            _ => refuse("it does not begin with http:// or https://".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::profile::{FileKind, ProfileFile};
    use crate::identity::testing::variables;

    const ALL: [Service; 3] = [Service::Ec2, Service::Ssm, Service::Sts];

    fn resolve(caller: &Caller, config: &str) -> Result<Endpoints, Error> {
        let config = ProfileFile::parse(config.as_bytes(), FileKind::Config).unwrap();
        let none = ProfileFile::default();
        let profiles = Profiles::new(&config, &none);
        Endpoints::resolve(
            caller,
            profiles.get("default"),
            profiles,
            Variant::default(),
        )
    }

    fn found(caller: &Caller, config: &str) -> [Option<String>; 3] {
        let endpoints = resolve(caller, config).unwrap();
        ALL.map(|service| endpoints.get(service).map(str::to_owned))
    }

    const FILE: &str = "[default]\nendpoint_url = http://common\nservices = local\n\
                        [services local]\nssm =\n  endpoint_url = http://section\n";

    #[test]
    fn nothing_set_means_aws_itself() {
        assert_eq!(found(&Caller::default(), ""), [None, None, None]);
    }

    #[test]
    fn the_services_section_beats_the_profile() {
        let expected = ["http://common", "http://section", "http://common"];
        let expected = expected.map(|url| Some(url.to_owned()));
        assert_eq!(found(&Caller::default(), FILE), expected);
    }

    #[test]
    fn variables_beat_the_file_and_the_own_one_beats_the_common() {
        let caller = variables(&[
            ("AWS_ENDPOINT_URL", "http://all"),
            ("AWS_ENDPOINT_URL_STS", "https://own/"),
        ]);
        let expected = ["http://all", "http://all", "https://own"];
        let expected = expected.map(|url| Some(url.to_owned()));
        assert_eq!(found(&caller, FILE), expected);
    }

    #[test]
    fn the_flag_beats_all_even_when_endpoints_are_ignored() {
        let mut caller = variables(&[
            ("AWS_ENDPOINT_URL_EC2", "http://own"),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
        ]);
        assert_eq!(found(&caller, FILE), [None, None, None]);
        caller.endpoint_url = Some("http://flag:1".into());
        let flag = || Some("http://flag:1".to_owned());
        assert_eq!(found(&caller, FILE), [flag(), flag(), flag()]);
    }

    #[test]
    fn a_profile_ignores_endpoints_unless_the_variable_says_otherwise() {
        let file = "[default]\nendpoint_url = http://a\nignore_configured_endpoint_urls = TRUE\n";
        assert_eq!(found(&Caller::default(), file)[0], None);
        let caller = variables(&[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false")]);
        assert_eq!(found(&caller, file)[0].as_deref(), Some("http://a"));
    }

    #[test]
    fn what_is_no_url_is_refused_with_its_source() {
        for url in [
            "localhost:4566",
            "ftp://a",
            "http://",
            "/path",
            "http://a b",
        ] {
            let caller = Caller {
                endpoint_url: Some(url.into()),
                ..Caller::default()
            };
            let error = resolve(&caller, "").unwrap_err();
            assert_eq!(error.kind, ErrorKind::Usage, "{url}");
            assert!(error.what.starts_with("--endpoint-url is no endpoint"));
            assert!(!error.why.is_empty());
        }
        let error = resolve(&Caller::default(), "[default]\nendpoint_url = x\n").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.what.contains("profile default"));
    }

    #[test]
    fn a_missing_services_section_is_an_error() {
        let error = resolve(&Caller::default(), "[default]\nservices = x\n").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
        assert_eq!(error.why, "there is no section [services x]");
    }
}

//! Credentials that the machine or the container itself has.
//!
//! They are the last that is looked for, and an instance is asked of its own accord
//! only where there is one: nobody waits on a laptop for an address that nobody has.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use aws_ssm_proto::domain::{Error, ErrorKind};
use http::Uri;
use zeroize::Zeroizing;

use super::{CredentialPlan, Origin, Planner, SourcePlan, refusal};
use crate::identity::profile::Profile;

/// Where every instance finds its metadata.
const INSTANCE: &str = "http://169.254.169.254";
const INSTANCE_IPV6: &str = "http://[fd00:ec2::254]";
/// Where ECS has the credentials of its containers.
const CONTAINERS: &str = "http://169.254.170.2";
/// Whom a token may be shown over plain HTTP, beside the loopback: ECS, and EKS at
/// both of its addresses.
const TRUSTED: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

/// The role of the instance this runs on.
#[derive(Clone, Debug)]
pub struct InstancePlan {
    /// Scheme, host and port, without a slash at the end.
    pub endpoint: String,
    /// What asks for it.
    pub origin: Origin,
    /// What to say if there is no role: nobody has asked for it by name.
    pub otherwise: Option<Error>,
}

/// The role of the container this runs in.
#[derive(Clone)]
pub struct ContainerPlan {
    /// Whole.
    pub url: String,
    /// What it must be shown.
    pub token: Option<ContainerToken>,
    /// What asks for it.
    pub origin: Origin,
}

/// What a container shows to get its credentials.
#[derive(Clone)]
pub enum ContainerToken {
    /// The token itself.
    Given(Zeroizing<String>),
    /// In this file, read again for each use.
    File(PathBuf),
}

impl fmt::Debug for ContainerPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContainerPlan")
            .field("url", &self.url)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for InstancePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Profile(name) => write!(f, "profile {name} (role of this instance)"),
            _ => f.write_str("role of this instance"),
        }
    }
}

impl fmt::Display for ContainerPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Profile(name) => write!(f, "profile {name} (role of this container)"),
            _ => f.write_str("role of this container"),
        }
    }
}

impl<'a> Planner<'a> {
    /// What container or instance have, where nothing else is configured.
    pub(super) fn of_machine(&self) -> Result<CredentialPlan, Error> {
        if let Some(container) = self.container(Origin::Environment)? {
            return Ok(container);
        }
        let otherwise = refusal::no_credentials(self.settings);
        let is_moved = self.endpoint_setting(None).is_some();
        if self.metadata_is_off() || !(self.defaults.is_instance || is_moved) {
            return Err(otherwise);
        }
        self.instance(None, Origin::Environment, Some(otherwise))
    }

    /// `credential_source = Ec2InstanceMetadata`.
    pub(super) fn of_instance(&self, profile: Profile<'a>) -> Result<CredentialPlan, Error> {
        if self.metadata_is_off() {
            return Err(refusal::metadata_is_off(profile));
        }
        let origin = Origin::Profile(profile.name().to_owned());
        self.instance(Some(profile), origin, None)
    }

    /// `credential_source = EcsContainer`.
    pub(super) fn of_container(&self, profile: Profile<'a>) -> Result<CredentialPlan, Error> {
        let found = self.container(Origin::Profile(profile.name().to_owned()))?;
        found.ok_or_else(|| refusal::no_container(profile))
    }

    fn metadata_is_off(&self) -> bool {
        let off = self.settings.variable("AWS_EC2_METADATA_DISABLED");
        off.is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn endpoint_setting(&self, profile: Option<Profile<'a>>) -> Option<(&'a str, &'static str)> {
        const VARIABLE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
        const PROPERTY: &str = "ec2_metadata_service_endpoint";
        let profile = profile.or(self.settings.profile);
        let exported = self.settings.variable(VARIABLE).map(|url| (url, VARIABLE));
        exported.or_else(|| Some((profile?.get(PROPERTY)?, PROPERTY)))
    }

    fn instance(
        &self,
        profile: Option<Profile<'a>>,
        origin: Origin,
        otherwise: Option<Error>,
    ) -> Result<CredentialPlan, Error> {
        let endpoint = match self.endpoint_setting(profile) {
            Some((url, source)) => {
                let is_plain = |uri: &Uri| uri.scheme_str() == Some("http");
                let usable = url.parse().ok().filter(is_plain);
                let usable = usable.filter(|uri: &Uri| uri.host().is_some());
                usable.ok_or_else(|| refusal::no_metadata_endpoint(source, url))?;
                url.trim_end_matches('/')
            }
            None if self.wants_ipv6(profile) => INSTANCE_IPV6,
            None => INSTANCE,
        };
        let plan = InstancePlan {
            endpoint: endpoint.to_owned(),
            origin,
            otherwise,
        };
        Ok(CredentialPlan::Source(SourcePlan::Instance(Box::new(plan))))
    }

    fn wants_ipv6(&self, profile: Option<Profile<'a>>) -> bool {
        let exported = self
            .settings
            .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
        let profile = profile.or(self.settings.profile);
        let mode = exported.or_else(|| profile?.get("ec2_metadata_service_endpoint_mode"));
        mode.is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"))
    }

    fn container(&self, origin: Origin) -> Result<Option<CredentialPlan>, Error> {
        let variable = |name| self.settings.variable(name);
        let relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        let url = match (relative, variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
            (Some(path), _) => format!("{CONTAINERS}/{}", path.trim_start_matches('/')),
            (None, Some(url)) => url.to_owned(),
            (None, None) => return Ok(None),
        };
        check_host(&url)?;
        let file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(PathBuf::from);
        let token = match file {
            Some(path) if path.is_absolute() => Some(ContainerToken::File(path)),
            Some(path) => return Err(refusal::relative_container_token(&path)),
            None => variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
                .map(|token| ContainerToken::Given(Zeroizing::new(token.to_owned()))),
        };
        let plan = ContainerPlan { url, token, origin };
        Ok(Some(CredentialPlan::Source(SourcePlan::Container(
            Box::new(plan),
        ))))
    }
}

/// Credentials are asked for, and a token shown, over plain HTTP only where nobody on
/// the way can listen.
fn check_host(url: &str) -> Result<(), Error> {
    let refuse = |why: &str| {
        Error::new(
            ErrorKind::Credentials,
            "the container's credentials cannot be asked for",
        )
        .why(format!("AWS_CONTAINER_CREDENTIALS_FULL_URI {why}"))
        .hint("unset it, or let it name the loopback, an address of ECS or EKS, or an https URL")
    };
    let uri: Uri = url.parse().map_err(|_| refuse("is no URL"))?;
    let host = uri.host().ok_or_else(|| refuse("names no host"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_trusted(host) => Ok(()),
        Some("http") => Err(refuse(&format!("names {host} over plain HTTP"))),
        _ => Err(refuse("begins neither with http:// nor with https://")),
    }
}

fn is_trusted(host: &str) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    host == "localhost"
        || address.is_some_and(|address| {
            address.is_loopback() || TRUSTED.iter().any(|known| known.parse() == Ok(address))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_only_where_nobody_can_listen() {
        for url in [
            "http://127.0.0.1:80/x",
            "http://localhost/x",
            "http://[::1]/x",
            "http://169.254.170.2/x",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "https://credentials.example.com/x",
        ] {
            check_host(url).unwrap_or_else(|error| panic!("{url}: {error:?}"));
        }
        for url in [
            "http://169.254.169.254/x",
            "http://10.0.0.1/x",
            "http://localhost.example.com/x",
            "http://credentials.example.com/x",
            "ftp://127.0.0.1/x",
            "/x",
            "not a url",
        ] {
            let error = check_host(url).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Credentials, "{url}");
        }
    }
}

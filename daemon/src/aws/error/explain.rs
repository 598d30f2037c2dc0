//! Says a failed call to a person: what, why, and what to do.

use aws_ssm_proto::domain::{Error, ErrorKind, nearest};

use super::regions::REGIONS;
use super::{ApiError, ConnectionFault, Detail, ErrorClass, OpenBreaker, codes};
use crate::aws::{Operation, Service};
use crate::metrics::human;

pub(super) fn explain(error: ApiError) -> Error {
    let said = match &error.detail {
        Detail::Said(said) => return (**said).clone(),
        Detail::Breaker(open) => breaker(&error, open),
        Detail::Connection(fault) => connection(&error, *fault),
        Detail::None | Detail::Hurried => by_class(&error),
    };
    if said.why.is_empty() {
        said.why(error.reason())
    } else {
        said
    }
}

fn by_class(error: &ApiError) -> Error {
    let place = place(error);
    match error.class {
        ErrorClass::Throttled => unavailable(format!(
            "AWS is throttling {} in {}",
            error.operation, error.region
        ))
        .hint("wait a minute and run it again; resilience.requests_per_second lowers the rate"),
        ErrorClass::Unavailable => unavailable(format!("{place} is failing"))
            .hint("run it again in a minute; https://health.aws.amazon.com shows known trouble"),
        ErrorClass::Timeout | ErrorClass::BreakerOpen => timeout(error, &place),
        ErrorClass::Denied => denied(error),
        ErrorClass::BadCredentials => bad_credentials(error),
        ErrorClass::Expired => expired(error),
        ErrorClass::Invalid => invalid(error, &place),
        ErrorClass::Nonsense => {
            let endpoint = error.endpoint.as_deref().unwrap_or("the endpoint");
            unavailable(format!("{place} gave an answer that makes no sense")).hint(format!(
                "check the endpoint URL: is it {} that listens at {endpoint}?",
                error.service().title()
            ))
        }
    }
}

fn breaker(error: &ApiError, open: &OpenBreaker) -> Error {
    let hint = if open.retry_in.is_zero() {
        "it is being tried again right now: run it again in a moment".to_owned()
    } else {
        format!("it will be tried again in {}", human(open.retry_in))
    };
    unavailable(format!(
        "{} is not being called, because it kept failing",
        place(error)
    ))
    .why(format!(
        "its circuit breaker opened {} ago; the last error: {}",
        human(open.open_for),
        open.last_error
    ))
    .hint(format!("{hint}; aws-ssm daemon stats shows the breakers"))
}

fn connection(error: &ApiError, fault: ConnectionFault) -> Error {
    let endpoint = error.endpoint.as_deref().unwrap_or("the endpoint");
    let host = endpoint.split("://").last().unwrap_or(endpoint);
    let what = unavailable(format!("cannot reach {}", place(error)));
    match fault {
        ConnectionFault::Refused => what
            .why(format!("{endpoint} refuses connections"))
            .hint(if is_aws(host) {
                "check this machine's network, firewall or VPN"
            } else {
                "check the endpoint URL, and that its server is running"
            }),
        ConnectionFault::UnknownName => what
            .why(format!("the name {host} is not known"))
            .hint(if host.contains("-fips.") {
                format!(
                    "not every service has a FIPS endpoint in {}: choose another region, or do \
                     without use_fips_endpoint",
                    error.region
                )
            } else if is_aws(host) {
                no_such_region(&error.region).unwrap_or_else(|| {
                    "check this machine's network and its name servers".to_owned()
                })
            } else {
                "check the endpoint URL, then this machine's network".to_owned()
            }),
        ConnectionFault::Tls => what
            .why(format!("{endpoint} is not trusted: {}", error.message))
            .hint("name the certificates to trust with ca_bundle or AWS_CA_BUNDLE, and check what stands between this machine and AWS"),
        ConnectionFault::Proxy => what
            .why(error.message.clone())
            .hint("check HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY"),
        ConnectionFault::Broken => what
            .why(format!("{endpoint}: {}", error.message))
            .hint("check this machine's network, and run it again"),
    }
}

fn timeout(error: &ApiError, place: &str) -> Error {
    unavailable(format!("{place} did not answer in time")).hint(
        if matches!(error.detail, Detail::Hurried) {
            "run it again, or give it longer with --timeout"
        } else {
            "check this machine's network and the endpoint URL, and run it again"
        },
    )
}

fn denied(error: &ApiError) -> Error {
    let (action, region) = (error.operation, &error.region);
    let hint = if has_code(error, codes::REGION_NOT_ENABLED) {
        format!("enable the region {region} in the account's settings, or name another one")
    } else if matches!(
        action,
        Operation::AssumeRole | Operation::AssumeRoleWithWebIdentity
    ) {
        format!("allow {action} on the role, and name this caller in the role's trust policy")
    } else {
        format!("have the action {action} allowed for these credentials, or name another --profile")
    };
    Error::new(
        ErrorKind::Permission,
        format!("these credentials may not call {action} in {region}"),
    )
    .hint(hint)
}

fn bad_credentials(error: &ApiError) -> Error {
    let what = if error.code.is_some() {
        "AWS does not accept these credentials"
    } else {
        "there are no usable credentials"
    };
    let hint = match error.code.as_deref() {
        None => "run aws configure or aws sso login, or name another --profile",
        Some("AuthFailure") => {
            let region = no_such_region(&error.region);
            let region = region.unwrap_or_else(|| {
                "a region that the account has not enabled refuses every key".to_owned()
            });
            let hint = format!("check the access key; {region}");
            return Error::new(ErrorKind::Credentials, what).hint(hint);
        }
        Some(_) if has_code(error, codes::BAD_SIGNATURE) => {
            "check the secret access key, and this machine's clock"
        }
        Some(_) if has_code(error, codes::BAD_WEB_IDENTITY) => {
            "check the web identity token file, and the role's trust policy"
        }
        Some(_) => "check the access key id, or name another --profile",
    };
    Error::new(ErrorKind::Credentials, what).hint(hint)
}

fn expired(error: &ApiError) -> Error {
    let hint = if error.code.as_deref() == Some("RequestExpired") {
        "renew them as you got them (aws sso login), and check this machine's clock"
    } else {
        "renew them as you got them (aws sso login), and run it again"
    };
    Error::new(ErrorKind::Credentials, "the credentials have expired").hint(hint)
}

fn invalid(error: &ApiError, place: &str) -> Error {
    let Some(code) = error.code.as_deref() else {
        return Error::new(ErrorKind::Usage, format!("cannot call {place}"))
            .hint("check the region's name and the endpoint URL");
    };
    if code.starts_with("InvalidInstanceID") {
        return Error::new(
            ErrorKind::NotFound,
            format!("no such instance in {}", error.region),
        )
        .hint("check the id and the region; aws-ssm list --all shows what there is");
    }
    let what = format!("{place} refused the request {}", error.operation);
    if error.service() == Service::Sts {
        return Error::new(ErrorKind::Credentials, what)
            .hint("check the role's settings in the profile: its ARN, session name and duration");
    }
    Error::new(ErrorKind::Internal, what)
        .hint("if the endpoint is AWS's own, this is a bug of aws-ssm: please report it")
}

/// What to do if there is no region of this name; `None` if there is one.
fn no_such_region(region: &str) -> Option<String> {
    if REGIONS.contains(&region) {
        return None;
    }
    Some(match nearest(region, REGIONS.into_iter()) {
        Some(near) => format!("there may be no region {region}: did you mean {near}?"),
        None => format!("the region {region} may not exist: check its spelling"),
    })
}

fn unavailable(what: String) -> Error {
    Error::new(ErrorKind::Unavailable, what)
}

/// As in `EC2 in eu-west-1`.
fn place(error: &ApiError) -> String {
    format!("{} in {}", error.service().title(), error.region)
}

fn has_code(error: &ApiError, codes: &[&str]) -> bool {
    error
        .code
        .as_deref()
        .is_some_and(|code| codes.contains(&code))
}

/// Whether a host is one of AWS's own rather than a configured endpoint.
fn is_aws(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    [
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".api.aws",
        ".amazonaws.eu",
    ]
    .iter()
    .any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn failure(class: ErrorClass, code: Option<&str>) -> ApiError {
        let mut error = ApiError::new(class, Operation::DescribeInstances, "eu-west-1", "words");
        error.code = code.map(str::to_owned);
        error
    }

    #[test]
    fn every_class_has_three_parts() {
        for class in [
            ErrorClass::Throttled,
            ErrorClass::Unavailable,
            ErrorClass::Timeout,
            ErrorClass::Denied,
            ErrorClass::BadCredentials,
            ErrorClass::Expired,
            ErrorClass::Invalid,
            ErrorClass::BreakerOpen,
            ErrorClass::Nonsense,
        ] {
            let said = failure(class, None).into_error();
            for part in [&said.what, &said.why, &said.hint] {
                assert!(
                    !part.is_empty() && !part.contains('\n'),
                    "{class:?}: {said:?}"
                );
            }
        }
    }

    #[test]
    fn a_denial_names_the_action_to_allow() {
        let said = failure(ErrorClass::Denied, Some("UnauthorizedOperation")).into_error();
        assert_eq!(said.kind, ErrorKind::Permission);
        assert!(said.hint.contains("ec2:DescribeInstances"), "{}", said.hint);
        assert_eq!(said.why, "UnauthorizedOperation: words");
    }

    #[test]
    fn an_unknown_name_of_aws_questions_the_region() {
        let mut error = failure(ErrorClass::Unavailable, None);
        error.detail = Detail::Connection(ConnectionFault::UnknownName);
        error.endpoint = Some("https://ec2.eu-wset-1.amazonaws.com".into());
        error.region = "eu-wset-1".into();
        let said = error.into_error();
        assert!(
            said.hint.ends_with("did you mean eu-west-1?"),
            "{}",
            said.hint
        );
        assert_eq!(
            said.why,
            "the name ec2.eu-wset-1.amazonaws.com is not known"
        );
    }

    #[test]
    fn a_region_that_refuses_every_key_is_questioned_only_if_it_is_unknown() {
        let hint = |region: &str| {
            let mut error = failure(ErrorClass::BadCredentials, Some("AuthFailure"));
            error.region = region.into();
            error.into_error().hint
        };
        assert!(hint("eu-wset-1").ends_with("did you mean eu-west-1?"));
        assert!(hint("mars-east-9").ends_with("mars-east-9 may not exist: check its spelling"));
        assert!(hint("me-south-1").contains("has not enabled"));
    }

    #[test]
    fn an_open_breaker_says_since_when_why_and_when_again() {
        let open = OpenBreaker {
            open_for: Duration::from_secs(12),
            retry_in: Duration::from_secs(48),
            last_error: "InternalError: try again".into(),
        };
        let said = ApiError::breaker_open(Operation::DescribeInstances, "eu-west-1", open);
        assert!(!said.counts_against_breaker());
        let said = said.into_error();
        assert!(said.what.starts_with("EC2 in eu-west-1"), "{}", said.what);
        assert_eq!(
            said.why,
            "its circuit breaker opened 12s ago; the last error: InternalError: try again"
        );
        assert!(
            said.hint.starts_with("it will be tried again in 48s;"),
            "{}",
            said.hint
        );
    }

    #[test]
    fn a_provider_that_has_said_it_all_is_quoted() {
        let own = Error::new(ErrorKind::Credentials, "the SSO session has expired")
            .why("profile dev")
            .hint("run aws sso login --profile dev");
        let mut error = failure(ErrorClass::BadCredentials, None);
        error.detail = Detail::Said(Box::new(own.clone()));
        assert_eq!(error.into_error(), own);
    }

    #[test]
    fn a_region_not_enabled_is_said_so() {
        let said = failure(ErrorClass::Denied, Some("OptInRequired")).into_error();
        assert!(
            said.hint.starts_with("enable the region eu-west-1"),
            "{}",
            said.hint
        );
    }
}

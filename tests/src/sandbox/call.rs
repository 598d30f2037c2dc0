//! Owns the reading of a request: which service, which operation, which
//! parameters, signed for where.
//!
//! It judges nothing but form: whether the caller may do it is decided in
//! `authenticate` and in the services.

use http::request::Parts;
use serde_json::Value;

use super::counts::UNKNOWN;
use super::form::Form;
use super::refusal::Service;
use super::signature::Authorization;

const SSM_TARGET: &str = "AmazonSSM.";
/// Where the portal of IAM Identity Center gives credentials of roles.
const SSO_PATH: &str = "/federation/credentials";
/// Where its sign-in gives tokens.
const SSO_OIDC_PATH: &str = "/token";
const STS_VERSION: &str = "2011-06-15";

/// A request as it was understood.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: String,
    pub(crate) parameters: Parameters,
    /// `Ok(None)` if it is not signed; the error says what is wrong with the
    /// header.
    pub(crate) authorization: Result<Option<Authorization>, String>,
}

/// The parameters, as the service that is meant takes them.
#[derive(Debug)]
pub(crate) enum Parameters {
    Ec2(Form),
    /// `None` if the body is not JSON.
    Ssm(Option<Value>),
    Sts(Form),
    /// What is asked, and the token that proves the right to it.
    Sso(Form, String),
    /// `None` if the body is not JSON.
    SsoOidc(Option<Value>),
}

impl Call {
    pub(crate) fn read(parts: &Parts, body: &[u8]) -> Self {
        let authorization = Authorization::read(&parts.headers);
        let target = parts.headers.get("x-amz-target");
        let target = target.and_then(|target| target.to_str().ok());
        if let Some(operation) = target.and_then(|target| target.strip_prefix(SSM_TARGET)) {
            return Self {
                operation: operation.to_owned(),
                parameters: Parameters::Ssm(serde_json::from_slice(body).ok()),
                authorization,
            };
        }
        if let Some((operation, parameters)) = Self::sign_in(parts, body) {
            return Self {
                operation: operation.to_owned(),
                parameters,
                authorization,
            };
        }
        let body = String::from_utf8_lossy(body);
        let form = Form::parse(&[parts.uri.query().unwrap_or_default(), &body]);
        Self {
            operation: form.get("Action").unwrap_or(UNKNOWN).to_owned(),
            parameters: match form.get("Version") {
                Some(STS_VERSION) => Parameters::Sts(form),
                _ => Parameters::Ec2(form),
            },
            authorization,
        }
    }

    /// What the paths of IAM Identity Center mean.
    fn sign_in(parts: &Parts, body: &[u8]) -> Option<(&'static str, Parameters)> {
        match parts.uri.path() {
            SSO_PATH => {
                let token = parts.headers.get("x-amz-sso_bearer_token");
                let token = token.and_then(|token| token.to_str().ok());
                let query = Form::parse(&[parts.uri.query().unwrap_or_default()]);
                let parameters = Parameters::Sso(query, token.unwrap_or_default().to_owned());
                Some(("GetRoleCredentials", parameters))
            }
            SSO_OIDC_PATH => {
                let asked = serde_json::from_slice(body).ok();
                Some(("CreateToken", Parameters::SsoOidc(asked)))
            }
            _ => None,
        }
    }

    pub(crate) fn service(&self) -> Service {
        match self.parameters {
            Parameters::Ec2(_) => Service::Ec2,
            Parameters::Ssm(_) => Service::Ssm,
            Parameters::Sts(_) => Service::Sts,
            Parameters::Sso(..) => Service::Sso,
            Parameters::SsoOidc(_) => Service::SsoOidc,
        }
    }

    pub(crate) fn access_key(&self) -> Option<&str> {
        let authorization = self.authorization.as_ref().ok()?.as_ref()?;
        Some(&authorization.access_key)
    }

    pub(crate) fn region(&self) -> &str {
        match &self.authorization {
            Ok(Some(authorization)) => &authorization.region,
            _ => UNKNOWN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(target: Option<&str>, uri: &str, body: &str) -> Call {
        let mut request = http::Request::post(uri);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let (parts, ()) = request.body(()).expect("well formed").into_parts();
        Call::read(&parts, body.as_bytes())
    }

    #[test]
    fn services_are_told_by_the_request() {
        let ssm = read(Some("AmazonSSM.DescribeInstanceInformation"), "/", "{}");
        assert_eq!(ssm.service(), Service::Ssm);
        assert_eq!(ssm.operation, "DescribeInstanceInformation");
        let sts = read(None, "/", "Action=GetCallerIdentity&Version=2011-06-15");
        assert_eq!(sts.service(), Service::Sts);
        let ec2 = read(None, "/?Action=DescribeRegions&Version=2016-11-15", "");
        assert_eq!(ec2.service(), Service::Ec2);
        assert_eq!(ec2.operation, "DescribeRegions");
        assert_eq!(ec2.region(), UNKNOWN);
        assert_eq!(ec2.access_key(), None);
    }
}

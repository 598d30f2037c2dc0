//! Whom STS says credentials belong to.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use aws_ssm_proto::domain::{Error, ErrorKind};

use super::endpoints::Endpoints;
use crate::aws::sts::CallerIdentity;
use crate::aws::{Service, Variant};

/// An account's principal, at the endpoints it was asked at: what entries of the
/// cache belong to. Cheap to clone and to compare with a clone of itself.
#[derive(Clone, Debug)]
pub struct Principal(Arc<Parts>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Parts {
    partition: String,
    account: String,
    user_id: String,
    arn: String,
    endpoints: Endpoints,
}

impl Principal {
    /// What STS said, at these endpoints.
    ///
    /// # Errors
    ///
    /// `Unavailable` if it is not what STS would say.
    pub(super) fn new(said: CallerIdentity, endpoints: Endpoints) -> Result<Self, Error> {
        let CallerIdentity {
            account,
            arn,
            user_id,
        } = said;
        let partition = match arn.split(':').collect::<Vec<_>>().as_slice() {
            ["arn", partition, _, _, owner, _, ..] if *owner == account => (*partition).to_owned(),
            _ => return Err(nonsense(&account, &arn)),
        };
        if account.is_empty() || user_id.is_empty() || partition.is_empty() {
            return Err(nonsense(&account, &arn));
        }
        Ok(Self(Arc::new(Parts {
            partition,
            account,
            user_id,
            arn,
            endpoints,
        })))
    }

    /// `aws`, `aws-cn`, `aws-us-gov` …
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.0.partition
    }

    /// The account's number.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// The principal's unique id.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.0.user_id
    }

    /// The principal's ARN, with the session name of a role.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.0.arn
    }

    /// A text that no two principals share: its parts hold no line breaks.
    #[must_use]
    pub fn text(&self) -> String {
        let endpoint = |service| self.0.endpoints.get(service).unwrap_or_default();
        let parts = [
            self.partition(),
            self.account(),
            self.user_id(),
            self.arn(),
            endpoint(Service::Ec2),
            endpoint(Service::Ssm),
            endpoint(Service::Sts),
        ];
        let mut text = parts.join("\n");
        let Variant { fips, dual_stack } = self.0.endpoints.variant();
        for (is_used, name) in [(fips, "\nfips"), (dual_stack, "\ndual-stack")] {
            if is_used {
                text.push_str(name);
            }
        }
        text
    }

    /// Where AWS is reached on its behalf.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.0.endpoints
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Principal {}

impl Hash for Principal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

fn nonsense(account: &str, arn: &str) -> Error {
    Error::new(ErrorKind::Unavailable, "STS did not say who the caller is")
        .why(format!(
            "its answer names account {account:?} and ARN {arn:?}"
        ))
        .hint("check the endpoint that is set for STS")
}

#[cfg(test)]
mod tests {
    use aws_ssm_proto::domain::Caller;

    use super::*;
    use crate::identity::profile::{ProfileFile, Profiles};
    use crate::identity::testing::said;

    fn principal(account: &str, arn: &str) -> Result<Principal, Error> {
        let mut said = said("a");
        said.account = account.into();
        said.arn = arn.into();
        Principal::new(said, Endpoints::default())
    }

    #[test]
    fn the_partition_comes_from_the_arn() {
        let arn = "arn:aws-us-gov:sts::123456789012:assumed-role/r/s";
        let principal = principal("123456789012", arn).unwrap();
        assert_eq!(principal.partition(), "aws-us-gov");
        assert_eq!(principal.account(), "123456789012");
    }

    #[test]
    fn an_answer_that_contradicts_itself_is_refused() {
        for (account, arn) in [
            ("123456789012", "arn:aws:iam::999999999999:user/a"),
            ("123456789012", "hello"),
            ("", "arn:aws:iam:::root"),
            ("123456789012", "arn::iam::123456789012:root"),
        ] {
            let error = principal(account, arn).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Unavailable);
        }
    }

    #[test]
    fn one_principal_at_two_endpoints_is_two() {
        let caller = Caller {
            endpoint_url: Some("http://127.0.0.1:1".into()),
            ..Caller::default()
        };
        let none = ProfileFile::default();
        let profiles = Profiles::new(&none, &none);
        let there = Endpoints::resolve(&caller, None, profiles, Variant::default()).unwrap();
        let here = Principal::new(said("a"), Endpoints::default()).unwrap();
        let same = Principal::new(said("a"), Endpoints::default()).unwrap();
        assert_eq!(here, same);
        assert_ne!(here, Principal::new(said("a"), there).unwrap());
        let fips = Variant {
            fips: true,
            ..Variant::default()
        };
        let fips = Endpoints::resolve(&Caller::default(), None, profiles, fips).unwrap();
        let fips = Principal::new(said("a"), fips).unwrap();
        assert_ne!(here, fips);
        assert_ne!(here.text(), fips.text());
        assert_ne!(
            here,
            Principal::new(said("b"), Endpoints::default()).unwrap()
        );
    }
}

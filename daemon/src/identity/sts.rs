//! What identity asks of STS, and of the other sources of credentials.
//!
//! A trait, so that the rules of admission can be held without a network.

use std::fmt;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_ssm_proto::domain::Error;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::key::CredentialKey;
use super::metadata::Metadata;
use super::plan::SourcePlan;
use super::sso::SignOn;
use crate::aws::sts::{AssumeRole, AssumeRoleWithWebIdentity, CallerIdentity, StsTarget};
use crate::aws::{ApiError, Route, Sts};
use crate::resilience::CallTarget;

/// What a breaker is listed under until the account is known.
const UNVERIFIED: &str = "unverified";

/// Whom a call is counted and limited for while nobody knows whose credentials it
/// is made with.
pub(super) fn unverified_target(key: &CredentialKey, region: &str) -> CallTarget {
    CallTarget::new(key.to_hex(), UNVERIFIED, region)
}

/// The answer to a question to STS.
pub(super) type Asked<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Where STS is asked, on whose behalf, and until when.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) region: String,
    pub(super) endpoint: Option<String>,
    pub(super) route: Route,
    pub(super) key: CredentialKey,
}

impl Place {
    fn target(&self) -> StsTarget {
        StsTarget {
            call: unverified_target(&self.key, &self.region),
            endpoint: self.endpoint.clone(),
            route: self.route.clone(),
        }
    }
}

/// The Security Token Service, and what else hands out credentials.
pub(super) trait TokenService: fmt::Debug + Send + Sync {
    /// Whose credentials are these?
    fn caller_identity<'a>(
        &'a self,
        place: &'a Place,
        credentials: Credentials,
        deadline: Instant,
    ) -> Asked<'a, CallerIdentity>;

    /// Credentials of a role, for the holder of others.
    fn assume_role<'a>(
        &'a self,
        place: &'a Place,
        source: Credentials,
        request: AssumeRole,
        deadline: Instant,
    ) -> Asked<'a, Credentials>;

    /// Credentials of a role, for the holder of a token.
    fn assume_role_with_web_identity<'a>(
        &'a self,
        place: &'a Place,
        request: AssumeRoleWithWebIdentity,
        deadline: Instant,
    ) -> Asked<'a, Credentials>;

    /// Credentials of another source.
    fn fetch<'a>(
        &'a self,
        place: &'a Place,
        source: &'a SourcePlan,
        deadline: Instant,
    ) -> Asked<'a, Credentials>;
}

/// All that hand out credentials over the network.
#[derive(Debug)]
pub(super) struct Services {
    pub(super) sts: Sts,
    pub(super) sign_on: SignOn,
    pub(super) metadata: Metadata,
}

impl TokenService for Services {
    fn caller_identity<'a>(
        &'a self,
        place: &'a Place,
        credentials: Credentials,
        deadline: Instant,
    ) -> Asked<'a, CallerIdentity> {
        Box::pin(async move {
            let provider = SharedCredentialsProvider::new(credentials);
            let target = place.target();
            let answer = self.sts.get_caller_identity(&target, provider, deadline);
            answer.await.map_err(ApiError::into_error)
        })
    }

    fn assume_role<'a>(
        &'a self,
        place: &'a Place,
        source: Credentials,
        request: AssumeRole,
        deadline: Instant,
    ) -> Asked<'a, Credentials> {
        Box::pin(async move {
            let provider = SharedCredentialsProvider::new(source);
            let target = place.target();
            let answer = self.sts.assume_role(&target, provider, &request, deadline);
            answer.await.map_err(ApiError::into_error)
        })
    }

    fn assume_role_with_web_identity<'a>(
        &'a self,
        place: &'a Place,
        request: AssumeRoleWithWebIdentity,
        deadline: Instant,
    ) -> Asked<'a, Credentials> {
        Box::pin(async move {
            let target = place.target();
            let sts = &self.sts;
            let answer = sts.assume_role_with_web_identity(&target, &request, deadline);
            answer.await.map_err(ApiError::into_error)
        })
    }

    fn fetch<'a>(
        &'a self,
        place: &'a Place,
        source: &'a SourcePlan,
        deadline: Instant,
    ) -> Asked<'a, Credentials> {
        match source {
            SourcePlan::Sso(plan) => Box::pin(self.sign_on.credentials(place, plan, deadline)),
            SourcePlan::Instance(plan) => Box::pin(self.metadata.of_instance(plan)),
            SourcePlan::Container(plan) => Box::pin(self.metadata.of_container(plan, deadline)),
        }
    }
}

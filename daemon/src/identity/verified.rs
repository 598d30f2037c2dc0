//! The proof that STS has named the principal behind a caller's credentials.
//!
//! Only [`super::Identities`] makes one, and the cache is read with one only:
//! that no caller sees another's data is thereby a matter of types. One that STS has
//! named before and cannot be asked about now opens what is known of its principal,
//! and loads nothing.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_ssm_proto::domain::{Error, Identity};

use super::key::CredentialKey;
use super::principal::Principal;
use super::provider::Provider;
use crate::aws::{Route, Service};
use crate::resilience::CallTarget;

/// A caller whose principal is known; cheap to clone.
#[derive(Clone)]
pub struct VerifiedIdentity(Arc<Inner>);

struct Inner {
    principal: Principal,
    key: CredentialKey,
    provider: Arc<Provider>,
    shared: SharedCredentialsProvider,
    source: String,
    bound_until: Option<SystemTime>,
    lane: Arc<str>,
    account: Arc<str>,
    unconfirmed: Option<Error>,
}

impl VerifiedIdentity {
    pub(super) fn new(
        principal: Principal,
        key: CredentialKey,
        provider: Arc<Provider>,
        bound_until: Option<SystemTime>,
    ) -> Self {
        let asked: Arc<dyn ProvideCredentials> = Arc::clone(&provider) as _;
        Self(Arc::new(Inner {
            key,
            shared: SharedCredentialsProvider::from(asked),
            source: provider.plan().to_string(),
            provider,
            bound_until,
            lane: principal.text().into(),
            unconfirmed: None,
            account: principal.account().into(),
            principal,
        }))
    }

    /// One that STS has named before; `why` it cannot be asked now.
    pub(super) fn unconfirmed_as(
        principal: Principal,
        key: CredentialKey,
        provider: Arc<Provider>,
        why: Error,
    ) -> Self {
        let mut identity = Self::new(principal, key, provider, None);
        let inner = Arc::get_mut(&mut identity.0).expect("nobody else has it yet");
        inner.unconfirmed = Some(why);
        identity
    }

    /// Why STS could not be asked; `None` if it has named the principal to this
    /// daemon. With such an identity nothing may be loaded or changed.
    #[must_use]
    pub fn unconfirmed(&self) -> Option<&Error> {
        self.0.unconfirmed.as_ref()
    }

    /// Whom STS named.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// Stands for the inputs that led to the credentials.
    #[must_use]
    pub fn credential_key(&self) -> &CredentialKey {
        &self.0.key
    }

    /// The credentials, renewed as long as that is possible.
    #[must_use]
    pub fn credentials(&self) -> SharedCredentialsProvider {
        self.0.shared.clone()
    }

    /// Where a service is reached, if not at AWS's own endpoint.
    #[must_use]
    pub fn endpoint(&self, service: Service) -> Option<&str> {
        self.0.principal.endpoints().get(service)
    }

    /// How AWS is reached.
    #[must_use]
    pub(crate) fn route(&self) -> &Route {
        self.0.provider.route()
    }

    /// Where the credentials came from: `environment`, `profile prod`,
    /// `role … assumed from profile prod`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// When the present credentials end; `None` if they do not, or do not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.provider.expires_at()
    }

    /// Whether nothing can be loaded for it before a person, or a program in a
    /// caller's terminal, has given new credentials.
    #[must_use]
    pub fn needs_caller(&self) -> bool {
        self.0.provider.needs_caller()
    }

    /// Who this is, for people, asking in these regions.
    ///
    /// # Errors
    ///
    /// Why STS could not be asked; who it was before is no answer to who it is.
    pub fn describe(&self, regions: Vec<String>) -> Result<Identity, Error> {
        if let Some(why) = self.unconfirmed() {
            return Err(why.clone());
        }
        let principal = self.principal();
        Ok(Identity {
            account: principal.account().to_owned(),
            arn: principal.arn().to_owned(),
            user_id: principal.user_id().to_owned(),
            source: self.source().to_owned(),
            expires_at: self.expires_at(),
            regions,
        })
    }

    /// Whom calls in a region are counted and limited for: breakers, limits and
    /// retries are kept apart as the cache is, by principal.
    #[must_use]
    pub fn call_target(&self, region: &str) -> CallTarget {
        let (lane, account) = (Arc::clone(&self.0.lane), Arc::clone(&self.0.account));
        CallTarget::new(lane, account, region)
    }

    /// When STS must be asked again; `None`: as long as it is in use.
    pub(super) fn bound_until(&self) -> Option<SystemTime> {
        self.0.bound_until
    }

    pub(super) fn provider(&self) -> &Arc<Provider> {
        &self.0.provider
    }

    /// Whether both have the very same credentials, renewed for both at once.
    pub(super) fn has_same_credentials(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.provider, &other.0.provider)
    }

    /// Whether both are the outcome of one verification.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for VerifiedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedIdentity")
            .field("arn", &self.0.principal.arn())
            .field("key", &self.0.key)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

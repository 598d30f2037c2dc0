//! Credentials whose principal is being found out.
//!
//! They are good for asking AWS, which judges them itself, and for nothing else: no
//! cached answer is read with them, and what AWS answers belongs to nobody until
//! STS has said whose they are.

use std::fmt;
use std::sync::Arc;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::watch;

use super::endpoints::Endpoints;
use super::key::CredentialKey;
use super::provider::Provider;
use super::registry::Outcome;
use super::sts::{Place, unverified_target};
use super::verified::VerifiedIdentity;
use crate::aws::{Route, Service};
use crate::resilience::CallTarget;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Unverified {
    place: Place,
    shared: SharedCredentialsProvider,
    endpoints: Endpoints,
    regions: Arc<[String]>,
    outcome: watch::Receiver<Outcome>,
}

impl Unverified {
    pub(super) fn new(
        place: Place,
        provider: Arc<Provider>,
        endpoints: Endpoints,
        regions: Vec<String>,
        outcome: watch::Receiver<Outcome>,
    ) -> Self {
        let asked: Arc<dyn ProvideCredentials> = provider;
        Self {
            place,
            shared: SharedCredentialsProvider::from(asked),
            endpoints,
            regions: regions.into(),
            outcome,
        }
    }

    /// Stands for the inputs that led to the credentials.
    #[must_use]
    pub fn credential_key(&self) -> &CredentialKey {
        &self.place.key
    }

    /// The credentials.
    #[must_use]
    pub fn credentials(&self) -> SharedCredentialsProvider {
        self.shared.clone()
    }

    /// Where a service is reached, if not at AWS's own endpoint.
    #[must_use]
    pub fn endpoint(&self, service: Service) -> Option<&str> {
        self.endpoints.get(service)
    }

    /// How AWS is reached.
    #[must_use]
    pub(crate) fn route(&self) -> &Route {
        &self.place.route
    }

    /// The regions that the caller asks for.
    #[must_use]
    pub fn regions(&self) -> &[String] {
        &self.regions
    }

    /// Whom calls in a region are counted and limited for: this credential key
    /// alone.
    #[must_use]
    pub fn call_target(&self, region: &str) -> CallTarget {
        unverified_target(&self.place.key, region)
    }

    /// Waits for what STS says; `None` if it does not say whose they are.
    pub async fn verified(&mut self) -> Option<VerifiedIdentity> {
        let settled = self.outcome.wait_for(Option::is_some).await;
        settled.ok()?.as_ref()?.as_ref().ok().cloned()
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified")
            .field("key", &self.place.key)
            .field("regions", &self.regions)
            .finish_non_exhaustive()
    }
}

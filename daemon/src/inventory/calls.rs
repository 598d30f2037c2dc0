//! The calls of one load, made with credentials that may end before their time.
//!
//! AWS can call credentials expired that should hold for an hour yet: a session was
//! revoked, or a clock was set. What can be renewed without a person is renewed once,
//! within the call that is told so. The new credentials are used only if STS names the
//! same principal for them.

use std::sync::Arc;

use aws_sdk_ec2::types::Subnet;
use aws_sdk_ssm::types::InstanceInformation;
use aws_ssm_proto::domain::{Error, Region};
use tokio::time::Instant;

use super::Shared;
use super::project::{InstancesPage, InstancesProjection, InterfacesPage, InterfacesProjection};
use crate::aws::{ApiError, ErrorClass, Page, PageRequest, RegionClient};
use crate::identity::VerifiedIdentity;

/// See the module.
#[derive(Debug)]
pub struct Calls {
    shared: Arc<Shared>,
    identity: VerifiedIdentity,
    client: Arc<RegionClient>,
    renewed: bool,
}

impl Calls {
    pub(super) fn new(shared: &Arc<Shared>, identity: &VerifiedIdentity, region: &str) -> Self {
        Self {
            shared: Arc::clone(shared),
            identity: identity.clone(),
            client: shared.pool.client(identity, region),
            renewed: false,
        }
    }

    /// Makes them.
    pub(super) fn client(&self) -> &RegionClient {
        &self.client
    }

    /// One page of instances, of which `room` may be kept.
    pub(super) async fn instances(
        &mut self,
        request: PageRequest,
        room: usize,
        deadline: Instant,
    ) -> Result<Page<InstancesPage>, Error> {
        loop {
            let began = Instant::now();
            let begin = move || InstancesProjection::new(room);
            let page = self
                .client
                .describe_instances(request.clone(), begin, deadline);
            match page.await {
                Err(error) if self.renew(&error, began, deadline).await => {}
                page => return page.map_err(ApiError::into_error),
            }
        }
    }

    /// One page of agents.
    pub(super) async fn agents(
        &mut self,
        token: Option<String>,
        deadline: Instant,
    ) -> Result<Page<Vec<InstanceInformation>>, Error> {
        loop {
            let began = Instant::now();
            let client = &self.client;
            let page = client.describe_instance_information(token.clone(), deadline);
            match page.await {
                Err(error) if self.renew(&error, began, deadline).await => {}
                page => return page.map_err(ApiError::into_error),
            }
        }
    }

    /// One page of interfaces, of which `room` may be kept.
    pub(super) async fn interfaces(
        &mut self,
        request: PageRequest,
        room: usize,
        deadline: Instant,
    ) -> Result<Page<InterfacesPage>, Error> {
        loop {
            let began = Instant::now();
            let begin = move || InterfacesProjection::new(room);
            let client = &self.client;
            let page = client.describe_network_interfaces(request.clone(), begin, deadline);
            match page.await {
                Err(error) if self.renew(&error, began, deadline).await => {}
                page => return page.map_err(ApiError::into_error),
            }
        }
    }

    /// One page of subnets.
    pub(super) async fn subnets(
        &mut self,
        token: Option<String>,
        deadline: Instant,
    ) -> Result<Page<Vec<Subnet>>, Error> {
        loop {
            let began = Instant::now();
            let page = self.client.describe_subnets(token.clone(), deadline);
            match page.await {
                Err(error) if self.renew(&error, began, deadline).await => {}
                page => return page.map_err(ApiError::into_error),
            }
        }
    }

    /// The account's regions.
    pub(super) async fn regions(&mut self, deadline: Instant) -> Result<Vec<Region>, Error> {
        loop {
            let began = Instant::now();
            match self.client.describe_regions(deadline).await {
                Err(error) if self.renew(&error, began, deadline).await => {}
                regions => return regions.map_err(ApiError::into_error),
            }
        }
    }

    /// Whether the call is worth making again.
    async fn renew(&mut self, error: &ApiError, began: Instant, deadline: Instant) -> bool {
        let is_told = error.class == ErrorClass::Expired && error.is_refusal();
        if !is_told || self.renewed {
            return false;
        }
        self.renewed = true;
        let identities = &self.shared.identities;
        identities.renew(&self.identity, began, deadline).await
    }
}

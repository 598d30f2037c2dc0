//! How the instances of a region are connected: their interfaces, and the subnets
//! that these are in.

use std::sync::Arc;

use aws_ssm_proto::domain::{Error, Freshness, RegionSummary};
use tokio::time::Instant;

use super::{Interface, Interfaces, Inventory, Subnet, Subnets, summary};
use crate::identity::VerifiedIdentity;

/// See the module; as one caller sees them.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// The interfaces.
    pub interfaces: Arc<Interfaces>,
    /// `None` while they are not known.
    pub subnets: Option<Arc<Subnets>>,
    /// Why the subnets are not known, or not better.
    pub subnets_error: Option<Error>,
}

impl Wiring {
    /// The subnet that an interface is in, if it is known.
    #[must_use]
    pub fn subnet(&self, interface: Interface<'_>) -> Option<&Subnet> {
        self.subnets.as_ref()?.get(interface.subnet()?)
    }

    /// Why nothing is known of the subnets, if that is so.
    #[must_use]
    pub fn subnets_unknown(&self) -> Option<&Error> {
        let error = self.subnets_error.as_ref();
        error.filter(|_| self.subnets.is_none())
    }
}

impl Inventory {
    /// The interfaces and subnets of one region, waited for if need be.
    ///
    /// # Errors
    ///
    /// The interfaces cannot be had; see [`super::Cached::get`]. Subnets that cannot
    /// be had are no error.
    pub async fn wiring(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        asked: Freshness,
        deadline: Instant,
    ) -> Result<(Wiring, RegionSummary), Error> {
        let (interfaces, subnets) = tokio::join!(
            self.interfaces.get(identity, region, asked, deadline),
            self.subnets.get(identity, region, asked, deadline),
        );
        let interfaces = interfaces?;
        let summary = summary(region, &interfaces, interfaces.entry.value.cut);
        let (subnets, subnets_error) = match subnets {
            Ok(served) => (Some(Arc::clone(&served.entry.value)), served.error),
            Err(error) => (None, Some(error)),
        };
        let wiring = Wiring {
            interfaces: Arc::clone(&interfaces.entry.value),
            subnets,
            subnets_error,
        };
        Ok((wiring, summary))
    }
}

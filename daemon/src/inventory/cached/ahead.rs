//! How a load begins before STS has said whose it will be.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{Cached, Key};
use crate::aws::Filters;
use crate::identity::{Unverified, VerifiedIdentity};
use crate::inventory::ahead::{self, Ahead, fetch};
use crate::inventory::resource::{Kind, Resource};

/// Whoever waited for STS asks for his rows well within this.
const TURN: Duration = Duration::from_secs(1);

impl<T: Resource> Cached<T> {
    /// Asks for the first page with credentials that STS is being asked about, if
    /// nothing of the region is in memory and nothing at all on disk: where something
    /// is, they are most likely new credentials of somebody known. The load that the
    /// caller begins when STS has answered goes on from there. If he is gone by then,
    /// one begins without him.
    pub(in crate::inventory) fn look_ahead(
        self: &Arc<Self>,
        caller: &Unverified,
        region: &str,
        filters: &Filters,
    ) {
        if self
            .entries
            .iter()
            .any(|(key, _)| **key.region() == *region)
        {
            return;
        }
        let client = self.shared.pool.unverified_client(caller, region);
        let key = (*caller.credential_key(), region.into(), Arc::clone(filters));
        let (taker, page) = Ahead::new(self.shared.clock.now());
        self.shared.ahead.put(key.clone(), page);
        let limits = self.shared.config.load().limits;
        let disk = Arc::clone(&self.shared.disk);
        let filters = Arc::clone(filters);
        self.shared.tasks.spawn(async move {
            let held = spawn_blocking(move || disk.holds(Kind::Instances.as_str()));
            // What is on disk is served without a call.
            if !held.await.unwrap_or(true) {
                fetch(client, filters, limits, taker).await;
            }
        });
        let (cached, mut caller) = (Arc::clone(self), caller.clone());
        self.shared.tasks.spawn(async move {
            let verified = caller.verified().await;
            if let Some(identity) = verified {
                sleep(TURN).await;
                cached.adopt(&identity, &key);
            }
            drop(cached.shared.ahead.take(&key));
        });
    }

    /// Begins the load of a page that nobody took, unless an entry is there. One of
    /// chosen instances would be kept for nobody.
    fn adopt(self: &Arc<Self>, identity: &VerifiedIdentity, ahead: &ahead::Key) {
        let (_, region, filters) = ahead;
        let key = self.key(identity, region);
        let waits = filters.is_empty() && self.shared.ahead.has(ahead);
        if waits && !self.entries.contains_key(&key) {
            // It goes on by itself.
            drop(self.join(identity, &key, Duration::ZERO, true));
        }
    }

    /// The first page that was asked for with these credentials, unless it was
    /// asked for too early for this caller.
    pub(super) fn take_ahead(
        &self,
        identity: &VerifiedIdentity,
        key: &Key,
        not_before: Duration,
    ) -> Option<Ahead> {
        // Only STS's own word makes the page somebody's.
        if T::KIND != Kind::Instances || identity.unconfirmed().is_some() {
            return None;
        }
        let (region, filters) = (Arc::clone(key.region()), Arc::clone(key.filters()));
        let ahead = (*identity.credential_key(), region, filters);
        let page = self.shared.ahead.take(&ahead)?;
        (page.began >= not_before).then_some(page)
    }
}

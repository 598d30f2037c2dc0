//! How a load begins before STS has said whose it will be.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{Cached, Key};
use crate::identity::{Unverified, VerifiedIdentity};
use crate::inventory::ahead::{Ahead, fetch};
use crate::inventory::resource::{Kind, Resource};

/// Whoever waited for STS asks for his rows well within this.
const TURN: Duration = Duration::from_secs(1);

impl<T: Resource> Cached<T> {
    /// Asks for the first page with credentials that STS is being asked about, if
    /// nothing of the region is in memory and nothing at all on disk: where something
    /// is, they are most likely new credentials of somebody known. The load that the
    /// caller begins when STS has answered goes on from there. If he is gone by then,
    /// one begins without him.
    pub(in crate::inventory) fn look_ahead(self: &Arc<Self>, caller: &Unverified, region: &str) {
        if self
            .entries
            .iter()
            .any(|(key, _)| **key.region() == *region)
        {
            return;
        }
        let credentials = *caller.credential_key();
        let region: Arc<str> = region.into();
        let client = self.shared.pool.unverified_client(caller, &region);
        let (taker, page) = Ahead::new(self.shared.clock.now());
        self.shared.ahead.put(credentials, &region, page);
        let limits = self.shared.config.load().limits;
        let disk = Arc::clone(&self.shared.disk);
        self.shared.tasks.spawn(async move {
            let held = spawn_blocking(move || disk.holds(Kind::Instances.as_str()));
            // What is on disk is served without a call.
            if !held.await.unwrap_or(true) {
                fetch(client, limits, taker).await;
            }
        });
        let (cached, mut caller) = (Arc::clone(self), caller.clone());
        self.shared.tasks.spawn(async move {
            let verified = caller.verified().await;
            if let Some(identity) = verified {
                sleep(TURN).await;
                cached.adopt(&identity, &region);
            }
            drop(cached.shared.ahead.take(credentials, &region));
        });
    }

    /// Begins the load of a page that nobody took, unless an entry is there.
    fn adopt(self: &Arc<Self>, identity: &VerifiedIdentity, region: &Arc<str>) {
        let key = self.key(identity, region);
        let waiting = &self.shared.ahead;
        if waiting.has(*identity.credential_key(), region) && !self.entries.contains_key(&key) {
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
        let credentials = *identity.credential_key();
        let page = self.shared.ahead.take(credentials, key.region())?;
        (page.began >= not_before).then_some(page)
    }
}

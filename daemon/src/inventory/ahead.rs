//! First pages that are asked for before it is known whose they are.
//!
//! A caller whom nobody has seen waits for STS, and then for AWS. The first page of
//! his instances is asked for beside STS, with his credentials, and waits here under
//! their key. Only a load for the identity that STS has named for that very key takes
//! it. Until then nobody can see it, and if nobody takes it, it is dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::project::{InstancesPage, InstancesProjection};
use super::resource::LoadLimits;
use crate::aws::{ApiError, Filters, Page, PageRequest, RegionClient};
use crate::identity::CredentialKey;

/// A first page, or why there is none.
pub(super) type FirstPage = Result<Page<InstancesPage>, ApiError>;

/// A first page that was asked for, and may be still to come. Dropping it ends the
/// call.
#[derive(Debug)]
pub struct Ahead {
    /// When it was asked for, on the inventory's clock.
    pub(super) began: Duration,
    page: oneshot::Receiver<FirstPage>,
}

impl Ahead {
    /// A page asked for at `began`, and the end that gets it.
    pub(super) fn new(began: Duration) -> (oneshot::Sender<FirstPage>, Self) {
        let (send, page) = oneshot::channel();
        (send, Self { began, page })
    }

    /// Waits for it; `None` if whoever asked for it is gone.
    pub(super) async fn page(self) -> Option<FirstPage> {
        self.page.await.ok()
    }
}

/// Asks for a first page, as long as somebody may take it.
pub(super) async fn fetch(
    client: RegionClient,
    filters: Filters,
    limits: LoadLimits,
    mut taker: oneshot::Sender<FirstPage>,
) {
    let request = PageRequest {
        token: None,
        size: Some(limits.first_page),
        filters,
    };
    let room = limits.max_items;
    let begin = move || InstancesProjection::new(room);
    let page = client.describe_instances(request, begin, limits.call_deadline());
    tokio::select! {
        page = page => {
            // Without a taker nobody needs it.
            let _ = taker.send(page);
        }
        () = taker.closed() => {}
    }
}

/// Whose, of which region, chosen by which filters.
pub(super) type Key = (CredentialKey, Arc<str>, Filters);

/// The pages that nobody has taken yet. There are few: each belongs to a
/// verification under way, and of those there is a limit.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<HashMap<Key, Ahead>>);

impl Waiting {
    pub(super) fn put(&self, key: Key, page: Ahead) {
        self.lock().insert(key, page);
    }

    /// Whoever takes it must have been named by STS for this key.
    pub(super) fn take(&self, key: &Key) -> Option<Ahead> {
        self.lock().remove(key)
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.lock().contains_key(key)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Ahead>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

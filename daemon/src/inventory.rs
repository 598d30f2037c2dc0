//! What is known of every fleet, by identity and region.
//!
//! It owns the loads, the entries they end in, and how good those are. Nothing is
//! read from it without a [`VerifiedIdentity`], and an entry belongs to exactly
//! one principal and region.

mod agents;
mod ahead;
mod cached;
mod calls;
mod encode;
mod fleet;
mod fold;
pub mod freshness;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod interfaces;
mod load;
mod project;
mod resource;
mod snapshot;
mod stored;
mod strings;
mod subnets;
mod upkeep;
mod wiring;

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_ssm_proto::domain::{Error, RegionSummary};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use agents::{Agent, Agents};
pub use cached::{Cached, Found, Key, Served};
pub use encode::{Encoded, RowsEncoder, encode_row};
pub use fleet::{AgentsNeed, Fleet, KnownAgents, is_listed, summarize};
pub use fold::{fold, folded};
pub use interfaces::{Interface, Interfaces};
pub use load::Load;
pub use resource::{
    Gathered, Instances, Kind, LoadLimits, PAGE_SIZES, Regions, Resource, StraightPage,
};
pub use snapshot::{Address, AddressText, MadeName, Row, SharedField, Snapshot, plain_dns_name};
#[cfg(test)]
pub use snapshot::{Builder, Facts};
pub use strings::StringId;
pub use subnets::{Subnet, Subnets};
pub use wiring::Wiring;

use crate::aws::{Filters, PageRequest, Pool};
use crate::clock::Clock;
use crate::identity::{Identities, Unverified, VerifiedIdentity};
use crate::metrics::Metrics;
use crate::persist::Disk;
use crate::refresh::{Job, Queue};
use calls::Calls;
use freshness::Policy;

/// Agents, subnets and regions weigh little; they get this part of the memory limit
/// each.
const SMALL_SHARE: u64 = 8;
/// Interfaces weigh less than half of what their instances do.
const INTERFACES_SHARE: u64 = 4;

/// What the inventory is made with.
#[derive(Clone, Copy, Debug)]
pub struct InventoryConfig {
    /// How long data is good for.
    pub policy: Policy,
    /// How much is asked of AWS.
    pub limits: LoadLimits,
    /// Bytes of instance data to hold.
    pub max_bytes: u64,
    /// Off: every call loads.
    pub keep: bool,
    /// Callers of one principal with other credentials are kept apart.
    pub share_by_credentials: bool,
}

/// What every resource's cache works with.
#[derive(Debug)]
struct Shared {
    pool: Arc<Pool>,
    identities: Arc<Identities>,
    disk: Arc<Disk>,
    metrics: Arc<Metrics>,
    queue: Queue,
    clock: Clock,
    /// Read by every call, so without a lock.
    config: ArcSwap<InventoryConfig>,
    share_by_credentials: bool,
    tasks: Tasks,
    ahead: ahead::Waiting,
}

impl Shared {
    fn policy(&self) -> Policy {
        self.config.load().policy
    }

    /// Asks a worker to refresh an entry; says whether that will happen.
    fn refresh(&self, kind: Kind, key: &Key, identity: &VerifiedIdentity) -> bool {
        self.config.load().keep
            && identity.unconfirmed().is_none()
            && !identity.needs_caller()
            && self.queue.offer(Job {
                kind,
                key: key.clone(),
                identity: identity.clone(),
            })
    }
}

/// The loads under way; none outlives the inventory.
#[derive(Debug)]
struct Tasks {
    runtime: Handle,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// They run where this is called, whoever asks for one.
    fn here() -> Self {
        Self {
            runtime: Handle::current(),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stop.clone().cancelled_owned();
        let work = async move {
            tokio::select! {
                () = work => {}
                () = stopped => {}
            }
        };
        self.tracker.spawn_on(work, &self.runtime);
    }
}

/// See the module.
#[derive(Debug)]
pub struct Inventory {
    /// Instances, by region.
    pub instances: Arc<Cached<Instances>>,
    /// Agents, by region.
    pub agents: Arc<Cached<Agents>>,
    /// Network interfaces of instances, by region; loaded when they are asked for.
    pub interfaces: Arc<Cached<Interfaces>>,
    /// Subnets, by region; loaded with interfaces.
    pub subnets: Arc<Cached<Subnets>>,
    /// The account's regions, kept under the region that was asked.
    pub regions: Arc<Cached<Regions>>,
    shared: Arc<Shared>,
}

impl Inventory {
    /// An empty inventory; its loads will run on the runtime that this is called on.
    #[must_use]
    pub fn new(
        config: InventoryConfig,
        pool: Arc<Pool>,
        identities: Arc<Identities>,
        disk: Arc<Disk>,
        metrics: Arc<Metrics>,
        queue: Queue,
        clock: Clock,
    ) -> Self {
        let shared = Arc::new(Shared {
            pool,
            identities,
            disk,
            metrics,
            queue,
            clock,
            config: ArcSwap::from_pointee(config),
            share_by_credentials: config.share_by_credentials,
            tasks: Tasks::here(),
            ahead: ahead::Waiting::default(),
        });
        let small = config.max_bytes / SMALL_SHARE;
        Self {
            instances: Cached::new(config.max_bytes, Arc::clone(&shared)),
            agents: Cached::new(small, Arc::clone(&shared)),
            interfaces: Cached::new(config.max_bytes / INTERFACES_SHARE, Arc::clone(&shared)),
            subnets: Cached::new(small, Arc::clone(&shared)),
            regions: Cached::new(small, Arc::clone(&shared)),
            shared,
        }
    }

    /// Goes on with these settings; who shares entries and how much they may weigh
    /// stays as it was.
    pub fn retune(&self, config: InventoryConfig) {
        self.shared.config.store(Arc::new(config));
        if !config.keep {
            self.clear_memory(None);
        }
    }

    /// Asks for the first page of every region that a new caller wants, beside STS,
    /// who is being asked who he is.
    pub fn look_ahead(&self, caller: &Unverified, filters: &Filters) {
        for region in caller.regions() {
            self.instances.look_ahead(caller, region, filters);
        }
    }

    /// Whether what is loaded is kept. If not, a question may have AWS choose for it.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.shared.config.load().keep
    }

    /// How much is asked of AWS.
    #[must_use]
    pub fn limits(&self) -> LoadLimits {
        self.shared.config.load().limits
    }

    /// One page of instances straight from AWS, of which at most `room` are taken.
    ///
    /// # Errors
    ///
    /// As every AWS call.
    pub async fn page(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        request: PageRequest,
        room: usize,
        deadline: Instant,
    ) -> Result<StraightPage, Error> {
        let calls = Calls::new(&self.shared, identity, region);
        let deadline = deadline.min(self.limits().call_deadline());
        resource::page(calls, request, room, deadline).await
    }

    /// One page of interfaces straight from AWS, of which none is taken: whether it
    /// answers.
    ///
    /// # Errors
    ///
    /// As every AWS call.
    pub async fn ask_for_interfaces(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        request: PageRequest,
        deadline: Instant,
    ) -> Result<(), Error> {
        let mut calls = Calls::new(&self.shared, identity, region);
        let deadline = deadline.min(self.limits().call_deadline());
        calls.interfaces(request, 0, deadline).await.map(drop)
    }

    /// Ends every load and waits until it is gone.
    pub async fn shut_down(&self) {
        let tasks = &self.shared.tasks;
        tasks.stop.cancel();
        tasks.tracker.close();
        tasks.tracker.wait().await;
    }
}

fn summary<T>(region: &str, served: &Served<T>, cut: bool) -> RegionSummary {
    RegionSummary {
        region: region.to_owned(),
        fetched_at: served.entry.fetched_at,
        age: served.age,
        state: served.state,
        refreshing: served.refreshing,
        cut,
        error: served.error.clone(),
    }
}

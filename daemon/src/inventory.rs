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
mod wiring;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_ssm_proto::domain::{
    CacheEntry, Error, ErrorKind, Freshness, InstanceState, RegionSummary,
};
use futures_util::future::OptionFuture;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use agents::{Agent, Agents};
pub use cached::{Cached, Found, Key, Served};
pub use encode::{Encoded, RowsEncoder, encode_row};
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
use crate::persist::{Disk, Name};
use crate::refresh::{Job, Queue};
use calls::Calls;
use freshness::{Policy, Verdict};

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

/// Whether an answer needs to know the agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentsNeed {
    /// No column shows them.
    Ignore,
    /// Shown as far as they are known; nobody waits for them.
    IfKnown,
    /// Waited for.
    Wait,
}

/// The instances of one region and the agents on them, as one caller sees them.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The region's name.
    pub region: Arc<str>,
    /// The instances.
    pub instances: Arc<Instances>,
    /// `None` while they are not known.
    pub agents: Option<Arc<Agents>>,
    /// Why they are not known, if that was found out.
    pub agents_error: Option<Error>,
}

impl Fleet {
    /// Why nothing is known of the agents, if that was found out.
    #[must_use]
    pub fn agents_unknown(&self) -> Option<&Error> {
        self.agents_error.as_ref().filter(|_| self.agents.is_none())
    }

    /// The agent on one instance.
    #[must_use]
    pub fn agent(&self, id: &str) -> Option<Agent<'_>> {
        self.agents.as_ref()?.get(id)
    }

    /// The list without filters, by name, then id.
    #[must_use]
    pub fn standard_list(
        &self,
        columns: &[aws_ssm_proto::domain::Column],
        all_states: bool,
    ) -> Arc<Encoded> {
        self.instances.encoded.get(self, columns, all_states)
    }
}

/// Whether a list shows this instance when it is not asked for all states.
#[must_use]
pub fn is_listed(row: Row<'_>) -> bool {
    row.state().is_some_and(InstanceState::is_listed_by_default)
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

    /// The fleet of one region.
    ///
    /// # Errors
    ///
    /// The instances cannot be had; see [`Cached::get`]. Agents that cannot be had
    /// are no error.
    pub async fn fleet(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        asked: Freshness,
        need: AgentsNeed,
        deadline: Instant,
    ) -> Result<(Fleet, RegionSummary), Error> {
        let everything = Filters::default();
        self.chosen(identity, region, &everything, asked, need, deadline)
            .await
    }

    /// Of the fleet of one region at least those whom AWS chooses by these filters.
    /// What was chosen is kept for nobody, whatever is kept else.
    ///
    /// # Errors
    ///
    /// As [`Inventory::fleet`].
    pub async fn chosen(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        filters: &Filters,
        asked: Freshness,
        need: AgentsNeed,
        deadline: Instant,
    ) -> Result<(Fleet, RegionSummary), Error> {
        let key = self.instances.key(identity, region).chosen_by(filters);
        let (served, agents) = tokio::join!(
            self.instances.get_by(identity, &key, asked, deadline),
            self.agents_of(identity, region, asked, need, deadline),
        );
        let served = served?;
        let summary = summarize(region, &served);
        Ok((
            self.join(region, served.entry.value.clone(), agents),
            summary,
        ))
    }

    /// Puts instances and what is known of their agents together.
    #[must_use]
    pub fn join(&self, region: &str, instances: Arc<Instances>, agents: KnownAgents) -> Fleet {
        Fleet {
            region: region.into(),
            instances,
            agents: agents.agents,
            agents_error: agents.error,
        }
    }

    /// The fleet of one region if it is in memory, however old, without its agents.
    /// Nothing is begun by this, and it does not count as use.
    #[must_use]
    pub fn in_memory(&self, identity: &VerifiedIdentity, region: &str) -> Option<Fleet> {
        let entry = self.instances.peek(&self.instances.key(identity, region))?;
        let instances = Arc::clone(&entry.value);
        Some(self.join(region, instances, KnownAgents::default()))
    }

    /// The regions that this caller's entries in memory tell of, in order.
    #[must_use]
    pub fn regions_in_memory(&self, identity: &VerifiedIdentity) -> Vec<String> {
        let loaded = self.instances.regions_of(identity).into_iter();
        let mut names: Vec<_> = loaded.map(|region| region.to_string()).collect();
        for region in self.regions.regions_of(identity) {
            if let Some(entry) = self.regions.peek(&self.regions.key(identity, &region)) {
                names.extend(entry.value.iter().map(|region| region.name.clone()));
            }
        }
        names.sort_unstable();
        names.dedup();
        names
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

    /// The agents of one region, as far as the caller needs them.
    pub async fn agents_of(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        asked: Freshness,
        need: AgentsNeed,
        deadline: Instant,
    ) -> KnownAgents {
        match need {
            AgentsNeed::Ignore => KnownAgents::default(),
            AgentsNeed::IfKnown => {
                let key = self.agents.key(identity, region);
                self.agents.recall(identity, &key, asked).await;
                self.known_agents(identity, region)
            }
            AgentsNeed::Wait => {
                let served = self.agents.get(identity, region, asked, deadline).await;
                match served {
                    Ok(served) => KnownAgents {
                        agents: Some(Arc::clone(&served.entry.value)),
                        error: served.error,
                    },
                    Err(error) => KnownAgents {
                        error: Some(error),
                        ..self.known_agents(identity, region)
                    },
                }
            }
        }
    }

    /// What is known now. What is missing or old is loaded by a worker, who also
    /// sees to it that agents which cannot be had are not asked for at every call.
    fn known_agents(&self, identity: &VerifiedIdentity, region: &str) -> KnownAgents {
        let key = self.agents.key(identity, region);
        let entry = self.agents.peek(&key);
        let now = self.shared.clock.now();
        let verdict = entry.as_ref().map(|entry| {
            let age = entry.age(now);
            self.shared.policy().judge(age, Freshness::Configured)
        });
        if !matches!(verdict, Some(Verdict::Serve { refresh: false, .. })) {
            self.shared.refresh(Kind::Agents, &key, identity);
        }
        KnownAgents {
            agents: entry.map(|entry| Arc::clone(&entry.value)),
            error: None,
        }
    }

    /// Loads instances and agents of one region now, and interfaces and subnets where
    /// somebody has asked for them before. It is a success when the instances are there;
    /// what became of the others is kept with their entries.
    ///
    /// # Errors
    ///
    /// As [`Inventory::fleet`].
    pub async fn reload(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        deadline: Instant,
    ) -> Result<RegionSummary, Error> {
        let fresh = Freshness::Fresh;
        let fleet = self.fleet(identity, region, fresh, AgentsNeed::Wait, deadline);
        let key = self.interfaces.key(identity, region);
        let wiring = OptionFuture::from(
            (self.interfaces.peek(&key)).map(|_| self.wiring(identity, region, fresh, deadline)),
        );
        let (fleet, _) = tokio::join!(fleet, wiring);
        fleet.map(|(_, summary)| summary)
    }

    /// Runs a refresh that was queued.
    ///
    /// # Errors
    ///
    /// What the load ended with.
    pub async fn run(&self, job: &Job, deadline: Instant) -> Result<(), Error> {
        let (identity, key) = (&job.identity, &job.key);
        match job.kind {
            Kind::Instances => self.instances.refresh(identity, key, deadline).await,
            Kind::Agents => self.agents.refresh(identity, key, deadline).await,
            Kind::Interfaces => self.interfaces.refresh(identity, key, deadline).await,
            Kind::Subnets => self.subnets.refresh(identity, key, deadline).await,
            Kind::Regions => self.regions.refresh(identity, key, deadline).await,
        }
    }

    /// Queues a refresh of every entry that was used within `keep_warm` and is old
    /// enough. A daemon that ends in `left`, if nobody calls, refreshes nothing that
    /// would be served until then as it is.
    pub fn refresh_used(&self, keep_warm: Duration, left: Option<Duration>) {
        let policy = self.shared.policy();
        let serves_on = policy.stale_threshold.saturating_sub(policy.refresh_ahead);
        if left.is_some_and(|left| left <= serves_on) {
            return;
        }
        refresh_used(&self.instances, &self.shared, keep_warm);
        refresh_used(&self.agents, &self.shared, keep_warm);
        refresh_used(&self.interfaces, &self.shared, keep_warm);
        refresh_used(&self.subnets, &self.shared, keep_warm);
        refresh_used(&self.regions, &self.shared, keep_warm);
    }

    /// Drops the entries that nobody has used for a day. To be called now and then.
    pub fn forget_unused(&self) {
        self.instances.forget_unused();
        self.agents.forget_unused();
        self.interfaces.forget_unused();
        self.subnets.forget_unused();
        self.regions.forget_unused();
    }

    /// Drops the entries of one identity, or of all, from memory and from disk; says
    /// how many there were.
    ///
    /// # Errors
    ///
    /// Something is left on disk. Memory is clear in any case.
    pub async fn clear(
        &self,
        identity: Option<&VerifiedIdentity>,
        deadline: Instant,
    ) -> Result<u64, Error> {
        let mut names = self.clear_memory(identity);
        let owner = identity.map(|identity| identity.principal().text());
        let clear = move |disk: &Disk| disk.clear(owner.as_deref());
        let cleared = self.clear_disk(clear, deadline).await?;
        let is_entry = |name: &Name| Kind::ALL.iter().any(|kind| name.is_of(kind.as_str()));
        names.extend(cleared.into_iter().filter(is_entry));
        Ok(names.len() as u64)
    }

    /// Drops the entries that one identity has of these regions, from memory and from
    /// disk; says how many there were.
    ///
    /// # Errors
    ///
    /// As [`Inventory::clear`].
    pub async fn clear_in(
        &self,
        identity: &VerifiedIdentity,
        regions: &[String],
        deadline: Instant,
    ) -> Result<u64, Error> {
        let (mut held, mut names) = (HashSet::new(), HashSet::new());
        for region in regions {
            self.instances
                .drop_entry(identity, region, &mut held, &mut names);
            self.agents
                .drop_entry(identity, region, &mut held, &mut names);
            self.interfaces
                .drop_entry(identity, region, &mut held, &mut names);
            self.subnets
                .drop_entry(identity, region, &mut held, &mut names);
            self.regions
                .drop_entry(identity, region, &mut held, &mut names);
        }
        let clear = move |disk: &Disk| disk.clear_only(names);
        held.extend(self.clear_disk(clear, deadline).await?);
        Ok(held.len() as u64)
    }

    async fn clear_disk(
        &self,
        clear: impl FnOnce(&Disk) -> Result<Vec<Name>, Error> + Send + 'static,
        deadline: Instant,
    ) -> Result<Vec<Name>, Error> {
        let disk = Arc::clone(&self.shared.disk);
        let clearing = tokio::task::spawn_blocking(move || clear(&disk));
        let cleared = timeout_at(deadline, clearing)
            .await
            .map_err(|_| slow_disk())?;
        // A panic goes on here, and whoever asked is told of it.
        cleared.expect("clearing does not panic")
    }

    /// The names that what was there has on disk.
    fn clear_memory(&self, identity: Option<&VerifiedIdentity>) -> HashSet<Name> {
        let mut names = self.instances.clear(identity);
        names.extend(self.agents.clear(identity));
        names.extend(self.interfaces.clear(identity));
        names.extend(self.subnets.clear(identity));
        names.extend(self.regions.clear(identity));
        names
    }

    /// Every entry, described.
    #[must_use]
    pub fn describe(&self) -> Vec<CacheEntry> {
        let mut entries = describe(&self.instances, &self.shared);
        entries.extend(describe(&self.agents, &self.shared));
        entries.extend(describe(&self.interfaces, &self.shared));
        entries.extend(describe(&self.subnets, &self.shared));
        entries.extend(describe(&self.regions, &self.shared));
        entries.sort_by(|a, b| {
            (&a.account, &a.principal, &a.region, &a.resource).cmp(&(
                &b.account,
                &b.principal,
                &b.region,
                &b.resource,
            ))
        });
        entries
    }

    /// Ends every load and waits until it is gone.
    pub async fn shut_down(&self) {
        let tasks = &self.shared.tasks;
        tasks.stop.cancel();
        tasks.tracker.close();
        tasks.tracker.wait().await;
    }
}

fn slow_disk() -> Error {
    Error::new(ErrorKind::Internal, "the disk did not answer in time")
        .why("what is on it may be there still; memory is clear")
        .hint("run the command again, or allow more time with --timeout")
}

/// The agents of a region, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct KnownAgents {
    agents: Option<Arc<Agents>>,
    error: Option<Error>,
}

impl KnownAgents {
    /// Why nothing is known of them, if that was found out.
    #[must_use]
    pub fn unknown(&self) -> Option<&Error> {
        self.error.as_ref().filter(|_| self.agents.is_none())
    }
}

/// What an answer says of the region its rows came from.
#[must_use]
pub fn summarize(region: &str, served: &Served<Instances>) -> RegionSummary {
    summary(region, served, served.entry.value.snapshot.cut)
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

fn refresh_used<T: Resource>(cached: &Cached<T>, shared: &Shared, keep_warm: Duration) {
    let now = shared.clock.now();
    for (key, entry) in cached.entries() {
        let used = entry.unused_for(now) < keep_warm;
        if used && entry.age(now) >= cached.policy().refresh_ahead {
            shared.refresh(T::KIND, &key, &entry.identity);
        }
    }
}

fn describe<T: Resource>(cached: &Cached<T>, shared: &Shared) -> Vec<CacheEntry> {
    let now = shared.clock.now();
    let policy = cached.policy();
    let describe = |(key, entry): (Arc<Key>, Arc<cached::Entry<T>>)| {
        let age = entry.age(now);
        let principal = entry.identity.principal();
        let failure = shared.queue.last_failure(T::KIND, &key);
        let (last_error, held) = failure.unzip();
        let due = policy.refresh_ahead.saturating_sub(age);
        CacheEntry {
            account: principal.account().to_owned(),
            principal: principal.arn().to_owned(),
            region: key.region().to_string(),
            resource: T::KIND.as_str().to_owned(),
            age,
            state: policy.state(age),
            rows: entry.value.rows() as u64,
            bytes: entry.value.weight() as u64,
            refreshing: cached.is_loading(&key),
            next_refresh: policy
                .background_refresh
                .then(|| due.max(held.unwrap_or_default())),
            unused: entry.unused_for(now),
            last_error: last_error.map(|error| error.to_string()),
        }
    };
    cached.entries().into_iter().map(describe).collect()
}

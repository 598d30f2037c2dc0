//! What is done to entries beside reading them: they are refreshed, described and dropped.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use aws_ssm_proto::domain::{CacheEntry, Error, ErrorKind, Freshness, RegionSummary};
use futures_util::future::OptionFuture;
use tokio::time::{Instant, timeout_at};

use super::cached::Entry;
use super::{AgentsNeed, Cached, Inventory, Key, Kind, Resource, Shared};
use crate::identity::VerifiedIdentity;
use crate::persist::{Disk, Name};
use crate::refresh::Job;

impl Inventory {
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
    pub(super) fn clear_memory(&self, identity: Option<&VerifiedIdentity>) -> HashSet<Name> {
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
}

fn slow_disk() -> Error {
    Error::new(ErrorKind::Internal, "the disk did not answer in time")
        .why("what is on it may be there still; memory is clear")
        .hint("run the command again, or allow more time with --timeout")
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
    let describe = |(key, entry): (Arc<Key>, Arc<Entry<T>>)| {
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

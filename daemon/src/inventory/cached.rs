//! One resource of every identity and region, kept as long as it is good.
//!
//! moka bounds the memory; how good an entry is, is [`Policy`]'s judgement. For a
//! key there is at most one load that a new caller would join. What a daemon before
//! this one knew is read from disk when it is asked for, see [`shelf`].

mod ahead;
mod entry;
mod room;
mod running;
mod shelf;

pub use entry::{Entry, Key, Served};

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_ssm_proto::domain::{DataState, Error, ErrorKind, Freshness};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use running::Running;

use super::Shared;
use super::calls::Calls;
use super::freshness::{Policy, Verdict};
use super::load::{self, Load};
use super::resource::{LoadContext, Resource};
use crate::identity::VerifiedIdentity;
use crate::persist::Name;
use crate::sys;

/// After this, whoever waited for a load has let go of its pages.
const ANSWERED: Duration = Duration::from_secs(1);

/// What a read finds.
#[derive(Debug)]
pub enum Found<T> {
    /// Something good enough.
    Ready(Served<T>),
    /// Nothing, but it is being loaded.
    Loading(Load<T>),
}

/// See the module.
#[derive(Debug)]
pub struct Cached<T: Resource> {
    entries: Cache<Key, Arc<Entry<T>>>,
    loads: Mutex<HashMap<Key, Load<T>>>,
    /// How often entries were cleared; what began before is not kept.
    clears: AtomicU64,
    /// Let one caller read from disk at a time.
    reading: Arc<Semaphore>,
    shared: Arc<Shared>,
}

impl<T: Resource> Cached<T> {
    /// Holds at most `max_bytes` of values.
    pub(super) fn new(max_bytes: u64, shared: Arc<Shared>) -> Arc<Self> {
        let entries = Cache::builder()
            .eviction_policy(EvictionPolicy::lru())
            .weigher(room::weigh)
            .max_capacity(max_bytes)
            .build();
        Arc::new(Self {
            entries,
            loads: Mutex::default(),
            clears: AtomicU64::default(),
            reading: Arc::new(Semaphore::new(1)),
            shared,
        })
    }

    /// The key of a caller's entry.
    #[must_use]
    pub fn key(&self, identity: &VerifiedIdentity, region: &str) -> Key {
        Key::new(identity, region, self.shared.share_by_credentials)
    }

    /// How long what it holds is good for.
    pub(super) fn policy(&self) -> Policy {
        T::policy(self.shared.policy())
    }

    /// Finds a value that is good enough, or a load to wait for.
    pub fn find(
        self: &Arc<Self>,
        identity: &VerifiedIdentity,
        key: &Key,
        asked: Freshness,
    ) -> Found<T> {
        if let Some(why) = identity.unconfirmed() {
            return self.find_last_known(key, asked, why);
        }
        let now = self.shared.clock.now();
        let metrics = self.shared.metrics.cache();
        if let Some(entry) = self.entries.get(key)
            && let Verdict::Serve { state, refresh } = self.policy().judge(entry.age(now), asked)
        {
            match state {
                DataState::Fresh => metrics.hit(),
                DataState::Stale | DataState::LastKnown => metrics.stale_hit(),
            }
            let refreshing =
                self.is_loading(key) || (refresh && self.shared.refresh(T::KIND, key, identity));
            return Found::Ready(Served {
                refreshing,
                ..Served::now(entry, state, now)
            });
        }
        if asked == Freshness::Configured
            && let Some(served) = self.last_known(key, now)
        {
            return Found::Ready(served);
        }
        metrics.miss();
        let not_before = match asked {
            Freshness::Fresh => now,
            Freshness::Configured | Freshness::MaxAge(_) => Duration::ZERO,
        };
        Found::Loading(self.join(identity, key, not_before, true))
    }

    /// What is left while AWS is known to be unavailable: nobody has to wait for
    /// it to fail once more.
    fn last_known(&self, key: &Key, now: Duration) -> Option<Served<T>> {
        let entry = self.entries.get(key)?;
        let error = self.shared.queue.outage(T::KIND, key)?;
        self.shared.metrics.cache().stale_hit();
        let state = self.policy().state(entry.age(now));
        Some(Served {
            refreshing: self.is_loading(key),
            error: Some(error),
            ..Served::now(entry, state, now)
        })
    }

    /// A value that is good enough, waiting for it if need be.
    ///
    /// # Errors
    ///
    /// What the load ended with. While AWS is unavailable, a caller who did not
    /// ask for a certain freshness gets the last known value instead.
    pub async fn get(
        self: &Arc<Self>,
        identity: &VerifiedIdentity,
        region: &str,
        asked: Freshness,
        deadline: Instant,
    ) -> Result<Served<T>, Error> {
        let key = self.key(identity, region);
        self.get_by(identity, &key, asked, deadline).await
    }

    /// The same of a key.
    ///
    /// # Errors
    ///
    /// As [`Cached::get`].
    pub async fn get_by(
        self: &Arc<Self>,
        identity: &VerifiedIdentity,
        key: &Key,
        asked: Freshness,
        deadline: Instant,
    ) -> Result<Served<T>, Error> {
        self.recall(identity, key, asked).await;
        match self.find(identity, key, asked) {
            Found::Ready(served) => Ok(served),
            Found::Loading(load) => {
                let outcome = load.whole(deadline).await;
                self.settle(identity, key, asked, outcome)
            }
        }
    }

    /// Turns the outcome of a load into an answer.
    ///
    /// # Errors
    ///
    /// As [`Cached::get`].
    pub fn settle(
        &self,
        identity: &VerifiedIdentity,
        key: &Key,
        asked: Freshness,
        outcome: Result<Arc<Entry<T>>, Error>,
    ) -> Result<Served<T>, Error> {
        let now = self.shared.clock.now();
        let error = match outcome {
            Ok(entry) => return Ok(Served::now(entry, DataState::Fresh, now)),
            Err(error) => error,
        };
        match error.kind {
            ErrorKind::Unavailable if asked == Freshness::Configured => {}
            _ => return Err(error),
        }
        let Some(entry) = self.entries.get(key) else {
            return Err(error);
        };
        self.shared.metrics.cache().stale_hit();
        Ok(Served {
            refreshing: self.shared.refresh(T::KIND, key, identity),
            error: Some(error),
            ..Served::now(entry, DataState::LastKnown, now)
        })
    }

    /// Loads what a worker was asked to refresh.
    ///
    /// # Errors
    ///
    /// What the load ended with.
    pub async fn refresh(
        self: &Arc<Self>,
        identity: &VerifiedIdentity,
        key: &Key,
        deadline: Instant,
    ) -> Result<(), Error> {
        let load = self.join(identity, key, Duration::ZERO, false);
        load.whole(deadline).await.map(drop)
    }

    /// The value that is kept, however old it is.
    #[must_use]
    pub fn peek(&self, key: &Key) -> Option<Arc<Entry<T>>> {
        self.entries.get(key)
    }

    /// The regions of an identity's entries.
    #[must_use]
    pub fn regions_of(&self, identity: &VerifiedIdentity) -> Vec<Arc<str>> {
        let keys = self.entries.iter().map(|(key, _)| key);
        keys.filter(|key| **key == self.key(identity, key.region()))
            .map(|key| Arc::clone(key.region()))
            .collect()
    }

    /// Every entry.
    #[must_use]
    pub fn entries(&self) -> Vec<(Arc<Key>, Arc<Entry<T>>)> {
        self.entries.iter().collect()
    }

    /// Whether a load of this key is under way.
    #[must_use]
    pub fn is_loading(&self, key: &Key) -> bool {
        self.lock_loads().contains_key(key)
    }

    /// Rows and pages of a load that is under way.
    #[must_use]
    pub fn loaded_so_far(&self, key: &Key) -> Option<(usize, usize)> {
        let load = self.lock_loads().get(key).cloned()?;
        let rows = |pages: &[Arc<T>]| pages.iter().map(|page| page.rows()).sum();
        Some(load.with(|pages| (rows(pages), pages.len())))
    }

    /// Drops the entries of one identity in every region from memory; `None`: all of
    /// them. The names that they have on disk.
    pub fn clear(&self, identity: Option<&VerifiedIdentity>) -> HashSet<Name> {
        self.clears.fetch_add(1, Ordering::SeqCst);
        let of_identity =
            |key: &Key| identity.is_none_or(|identity| *key == self.key(identity, key.region()));
        let keys = self.entries.iter().map(|(key, _)| key);
        let keys: Vec<_> = keys.filter(|key| of_identity(key)).collect();
        keys.iter()
            .filter(|key| self.entries.remove(&***key).is_some())
            .map(|key| self.name(key))
            .collect()
    }

    /// Drops one entry from memory. Its name on disk joins `names`, and also `held` if
    /// there was one.
    pub(super) fn drop_entry(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        held: &mut HashSet<Name>,
        names: &mut HashSet<Name>,
    ) {
        self.clears.fetch_add(1, Ordering::SeqCst);
        let key = self.key(identity, region);
        let name = self.name(&key);
        if self.entries.remove(&key).is_some() {
            held.insert(name.clone());
        }
        names.insert(name);
    }

    /// Joins the load of this key, or announces one if there is none that begins at
    /// or after `not_before`. An announced load waits for the one under way, so
    /// that however many insist on fresh data, a key has one load that runs and
    /// one that is to follow.
    fn join(
        self: &Arc<Self>,
        identity: &VerifiedIdentity,
        key: &Key,
        not_before: Duration,
        attended: bool,
    ) -> Load<T> {
        let mut loads = self.lock_loads();
        if let Some(load) = loads.get(key)
            && load.begins_after(not_before)
        {
            return load.clone();
        }
        let (pages, load) = load::announce();
        let before = loads.insert(key.clone(), load.clone());
        drop(loads);
        let mut running = Running::new(Arc::clone(self), key.clone(), load.clone());
        let context = LoadContext {
            calls: Calls::new(&self.shared, identity, key.region()),
            limits: self.shared.config.load().limits,
            filters: Arc::clone(key.filters()),
            attended,
            ahead: self.take_ahead(identity, key, not_before),
        };
        let identity = identity.clone();
        self.shared.tasks.spawn(async move {
            if let Some(before) = before {
                before.ended().await;
            }
            running.begin(context.ahead.as_ref().map(|page| page.began));
            let outcome = T::load(context, &pages).await;
            let outcome = running.keep(&identity, outcome);
            pages.finish(outcome);
            // The pages go with the load, and the whole stays.
            drop((running, pages));
            sleep(ANSWERED).await;
            sys::release_freed_memory();
        });
        load
    }

    fn lock_loads(&self) -> MutexGuard<'_, HashMap<Key, Load<T>>> {
        self.loads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

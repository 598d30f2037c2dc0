//! One resource of every identity and region, kept as long as it is good.
//!
//! moka bounds the memory; how good an entry is, is [`Policy`]'s judgement. For a
//! key there is at most one load that a new caller would join. What a daemon before
//! this one knew is read from disk when it is asked for, see [`shelf`].

mod ahead;
mod room;
mod shelf;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{DataState, Error, ErrorKind, Freshness};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::Shared;
use super::freshness::Verdict;
use super::load::{self, Load};
use super::resource::{LoadContext, Resource};
use crate::identity::{CredentialKey, Principal, VerifiedIdentity};
use crate::persist::Name;
use crate::sys;

/// After this, whoever waited for a load has let go of its pages.
const ANSWERED: Duration = Duration::from_secs(1);

/// What an entry is kept under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    principal: Principal,
    /// Only where callers of one principal are kept apart.
    credentials: Option<CredentialKey>,
    region: Arc<str>,
}

impl Key {
    /// Of callers who share with their principal.
    #[cfg(test)]
    pub(crate) fn shared(identity: &VerifiedIdentity, region: &str) -> Self {
        Self {
            principal: identity.principal().clone(),
            credentials: None,
            region: region.into(),
        }
    }

    /// The region's name.
    #[must_use]
    pub fn region(&self) -> &Arc<str> {
        &self.region
    }
}

/// A loaded value and what is known of its loading.
pub struct Entry<T> {
    /// The value.
    pub value: Arc<T>,
    /// Whose credentials loaded it; workers refresh it with them.
    pub identity: VerifiedIdentity,
    /// Since when it is in memory, on the inventory's clock.
    since: Duration,
    /// How old it was then: what was read from disk may be older than the clock.
    age_then: Duration,
    /// When it ended, for people.
    pub fetched_at: SystemTime,
    /// Milliseconds on the inventory's clock.
    last_used: AtomicU64,
}

impl<T> Entry<T> {
    fn touch(&self, now: Duration) {
        self.last_used
            .store(now.as_millis() as u64, Ordering::Relaxed);
    }

    /// How long nobody has asked for it.
    #[must_use]
    pub fn unused_for(&self, now: Duration) -> Duration {
        let used = Duration::from_millis(self.last_used.load(Ordering::Relaxed));
        now.saturating_sub(used)
    }

    /// How old the value is.
    #[must_use]
    pub fn age(&self, now: Duration) -> Duration {
        self.age_then + now.saturating_sub(self.since)
    }
}

impl<T> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("fetched_at", &self.fetched_at)
            .finish_non_exhaustive()
    }
}

/// A value as one caller gets it.
#[derive(Debug)]
pub struct Served<T> {
    /// The value and its load.
    pub entry: Arc<Entry<T>>,
    /// Its age at this moment.
    pub age: Duration,
    /// How good it is.
    pub state: DataState,
    /// A refresh is under way or will be soon.
    pub refreshing: bool,
    /// Why it is not better.
    pub error: Option<Error>,
}

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
        Key {
            principal: identity.principal().clone(),
            credentials: self
                .shared
                .share_by_credentials
                .then(|| *identity.credential_key()),
            region: region.into(),
        }
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
            && let Verdict::Serve { state, refresh } =
                self.shared.policy().judge(entry.age(now), asked)
        {
            entry.touch(now);
            match state {
                DataState::Fresh => metrics.hit(),
                DataState::Stale | DataState::LastKnown => metrics.stale_hit(),
            }
            let refreshing =
                self.is_loading(key) || (refresh && self.shared.refresh(T::KIND, key, identity));
            return Found::Ready(Served {
                age: entry.age(now),
                entry,
                state,
                refreshing,
                error: None,
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
        entry.touch(now);
        self.shared.metrics.cache().stale_hit();
        let age = entry.age(now);
        Some(Served {
            age,
            entry,
            state: self.shared.policy().state(age),
            refreshing: self.is_loading(key),
            error: Some(error),
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
        self.recall(identity, &key, asked).await;
        match self.find(identity, &key, asked) {
            Found::Ready(served) => Ok(served),
            Found::Loading(load) => {
                let outcome = load.whole(deadline).await;
                self.settle(identity, &key, asked, outcome)
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
            Ok(entry) => {
                entry.touch(now);
                return Ok(Served {
                    age: entry.age(now),
                    entry,
                    state: DataState::Fresh,
                    refreshing: false,
                    error: None,
                });
            }
            Err(error) => error,
        };
        match error.kind {
            ErrorKind::Unavailable if asked == Freshness::Configured => {}
            _ => return Err(error),
        }
        let Some(entry) = self.entries.get(key) else {
            return Err(error);
        };
        entry.touch(now);
        self.shared.metrics.cache().stale_hit();
        Ok(Served {
            age: entry.age(now),
            state: DataState::LastKnown,
            refreshing: self.shared.refresh(T::KIND, key, identity),
            entry,
            error: Some(error),
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

    /// Drops the entries of one identity in every region from memory; `None`: all of
    /// them. The names that they have on disk.
    pub fn clear(&self, identity: Option<&VerifiedIdentity>) -> HashSet<Name> {
        self.clears.fetch_add(1, Ordering::SeqCst);
        let of_identity =
            |key: &Key| identity.is_none_or(|identity| *key == self.key(identity, &key.region));
        let keys = self.entries.iter().map(|(key, _)| key);
        let keys: Vec<_> = keys.filter(|key| of_identity(key)).collect();
        keys.iter()
            .filter(|key| self.entries.remove(&***key).is_some())
            .map(|key| self.name(key))
            .collect()
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
        let mut running = Running {
            cached: Arc::clone(self),
            key: key.clone(),
            load: load.clone(),
            ended: false,
            clears: self.clears.load(Ordering::SeqCst),
        };
        let context = LoadContext {
            client: self.shared.pool.client(identity, key.region()),
            limits: self.shared.config.load().limits,
            attended,
            ahead: self.take_ahead(identity, key, not_before),
        };
        let identity = identity.clone();
        self.shared.tasks.spawn(async move {
            if let Some(before) = before {
                before.ended().await;
            }
            let now = running.cached.shared.clock.now();
            running
                .load
                .begin(context.ahead.as_ref().map_or(now, |page| page.began));
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

/// A load that is registered; dropping it, even by a panic, ends that.
struct Running<T: Resource> {
    cached: Arc<Cached<T>>,
    key: Key,
    load: Load<T>,
    /// It came to an outcome; else it panicked, or was stopped.
    ended: bool,
    /// Of [`Cached::clears`], when it was registered.
    clears: u64,
}

impl<T: Resource> Running<T> {
    /// Keeps what was loaded.
    fn keep(
        &mut self,
        identity: &VerifiedIdentity,
        outcome: Result<T, Error>,
    ) -> Result<Arc<Entry<T>>, Error> {
        self.ended = true;
        let shared = &self.cached.shared;
        match &outcome {
            Ok(_) => shared.queue.succeeded(T::KIND, &self.key),
            // The next caller is asked for what is missing, and it goes on.
            Err(error) if error.challenge.is_some() => {}
            Err(error) => {
                shared.queue.failed(T::KIND, &self.key, error);
                self.drop_if_refused(identity, error);
            }
        }
        let value = outcome?;
        let now = shared.clock.now();
        let kept = shared.metrics.api(T::OPERATION);
        kept.kept(value.weight());
        let entry = Arc::new(Entry {
            value: Arc::new(value),
            identity: identity.clone(),
            since: now,
            age_then: Duration::ZERO,
            fetched_at: SystemTime::now(),
            last_used: AtomicU64::default(),
        });
        let kept = self.cached.entries.get(&self.key);
        entry
            .last_used
            .store(self.last_used(kept.as_deref(), now), Ordering::Relaxed);
        let cleared = self.clears != self.cached.clears.load(Ordering::SeqCst);
        if shared.config.load().keep && !cleared {
            self.warn_if_too_big(&entry);
            self.cached.give_room(&self.key, &entry);
            self.cached
                .entries
                .insert(self.key.clone(), Arc::clone(&entry));
            self.cached.make_room();
            self.cached.put_away(&self.key, &entry);
        }
        Ok(entry)
    }

    /// A refresh is no use: it must not keep itself warm.
    fn last_used(&self, kept: Option<&Entry<T>>, now: Duration) -> u64 {
        match kept {
            Some(kept) => kept.last_used.load(Ordering::Relaxed),
            None => now.as_millis() as u64,
        }
    }

    /// Who may not see the data any more is not shown what is left of it.
    fn drop_if_refused(&self, identity: &VerifiedIdentity, error: &Error) {
        match error.kind {
            ErrorKind::Permission => {
                self.cached.entries.remove(&self.key);
                self.cached.remove_from_disk(&self.key);
            }
            ErrorKind::Credentials => self.cached.shared.identities.unbind(identity),
            _ => {}
        }
    }

    fn warn_if_too_big(&self, entry: &Entry<T>) {
        let limit = self.cached.entries.policy().max_capacity();
        let weight = entry.value.weight() as u64;
        if limit.is_some_and(|limit| weight > limit) {
            tracing::warn!(
                region = &*self.key.region,
                weight,
                "the {} of this region exceed performance.memory_limit_mb; they are served, not kept",
                T::KIND.as_str()
            );
        }
    }
}

impl<T: Resource> Drop for Running<T> {
    fn drop(&mut self) {
        if !self.ended {
            let queue = &self.cached.shared.queue;
            queue.failed(T::KIND, &self.key, &load::interrupted());
        }
        let mut loads = self.cached.lock_loads();
        if loads
            .get(&self.key)
            .is_some_and(|load| load.is_same(&self.load))
        {
            loads.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;

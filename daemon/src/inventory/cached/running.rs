//! A load under way: registered while it runs, and what becomes of its outcome.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_ssm_proto::domain::{Error, ErrorKind};

use super::{Cached, Entry, Key};
use crate::aws::Filters;
use crate::identity::VerifiedIdentity;
use crate::inventory::load::{self, Load};
use crate::inventory::resource::Resource;

/// A load that is registered; dropping it, even by a panic, ends that.
pub(super) struct Running<T: Resource> {
    cached: Arc<Cached<T>>,
    key: Key,
    load: Load<T>,
    /// It came to an outcome; else it panicked, or was stopped.
    ended: bool,
    /// Of [`Cached::clears`], when it was registered.
    clears: u64,
}

impl<T: Resource> Running<T> {
    /// Of a load that was registered just now.
    pub(super) fn new(cached: Arc<Cached<T>>, key: Key, load: Load<T>) -> Self {
        Self {
            clears: cached.clears.load(Ordering::SeqCst),
            cached,
            key,
            load,
            ended: false,
        }
    }

    /// It has the data of this moment, or of when its first page was asked for.
    pub(super) fn begin(&self, page_ahead: Option<Duration>) {
        let now = self.cached.shared.clock.now();
        self.load.begin(page_ahead.unwrap_or(now));
    }

    /// Keeps what was loaded.
    pub(super) fn keep(
        &mut self,
        identity: &VerifiedIdentity,
        outcome: Result<T, Error>,
    ) -> Result<Arc<Entry<T>>, Error> {
        self.ended = true;
        let shared = &self.cached.shared;
        match &outcome {
            // Nobody refreshes it, so that nobody has to know.
            _ if !self.key.is_whole() => {}
            Ok(_) => shared.queue.succeeded(T::KIND, &self.key),
            // The next caller is asked for what is missing, and it goes on.
            Err(error) if error.challenge.is_some() => {}
            Err(error) => shared.queue.failed(T::KIND, &self.key, error),
        }
        if let Err(error) = &outcome {
            self.drop_if_refused(identity, error);
        }
        let value = outcome?;
        let now = shared.clock.now();
        shared.metrics.api(T::OPERATION).kept(value.weight());
        let before = self.cached.entries.get(&self.key);
        let entry = Entry::loaded(value, identity.clone(), now, before.as_deref());
        let entry = Arc::new(entry);
        let cleared = self.clears != self.cached.clears.load(Ordering::SeqCst);
        if shared.config.load().keep && self.key.is_whole() && !cleared {
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

    /// Who may not see the data any more is not shown what is left of it.
    fn drop_if_refused(&self, identity: &VerifiedIdentity, error: &Error) {
        match error.kind {
            ErrorKind::Permission => {
                let whole = self.key.clone().chosen_by(&Filters::default());
                self.cached.entries.remove(&whole);
                self.cached.remove_from_disk(&whole);
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
                region = &**self.key.region(),
                weight,
                "the {} of this region exceed performance.memory_limit_mb; they are served, not kept",
                T::KIND.as_str()
            );
        }
    }
}

impl<T: Resource> Drop for Running<T> {
    fn drop(&mut self) {
        if !self.ended && self.key.is_whole() {
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

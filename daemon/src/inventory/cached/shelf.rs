//! What of the entries outlives the daemon.
//!
//! Every value that is kept in memory is also written to disk, behind the answer. It
//! is read when somebody asks for what memory does not have, and enters there with
//! the age it has; from then on it is an entry like every other.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_ssm_proto::domain::{DataState, Error, Freshness};
use tokio::time::timeout;

use super::{Cached, Entry, Found, Key, Served};
use crate::identity::VerifiedIdentity;
use crate::inventory::load;
use crate::inventory::resource::Resource;
use crate::persist::{Damaged, Input, MAX_AGE, Moment, Name, Output};

/// A caller waits no longer for the disk; AWS may be quicker then.
const PATIENCE: Duration = Duration::from_millis(500);

impl<T: Resource> Cached<T> {
    /// Puts what a daemon before this one knew of a key into memory, unless memory
    /// has something, or the caller would not take it.
    pub async fn recall(
        self: &Arc<Self>,
        identity: &VerifiedIdentity,
        key: &Key,
        asked: Freshness,
    ) {
        let wanted = self.shared.config.load().keep
            && self.shared.disk.is_used()
            && asked != Freshness::Fresh;
        if wanted && !self.entries.contains_key(key) {
            // In vain if there is nothing, or not soon: then it is loaded.
            let _ = timeout(PATIENCE, self.read_beside(identity, key)).await;
        }
    }

    /// Reads on a thread that may block, one caller after the other: the second of
    /// two who want the same finds it in memory, and a disk that hangs holds one
    /// thread.
    async fn read_beside(self: &Arc<Self>, identity: &VerifiedIdentity, key: &Key) {
        let Ok(turn) = Arc::clone(&self.reading).acquire_owned().await else {
            return;
        };
        if self.entries.contains_key(key) {
            return;
        }
        let (cached, identity, key) = (Arc::clone(self), identity.clone(), key.clone());
        let read = move || {
            cached.read(identity, &key);
            drop(turn);
        };
        // A panic is in the log, and nothing was found.
        let _ = self.shared.tasks.runtime.spawn_blocking(read).await;
    }

    fn read(self: &Arc<Self>, identity: VerifiedIdentity, key: &Key) {
        let disk = &self.shared.disk;
        let before = (disk.drops(), self.clears.load(Ordering::SeqCst));
        let Some((moment, value)) = disk.read(&self.name(key), |input| {
            Label::of::<T>(key).check(input)?;
            Ok((Moment::read(input)?, T::read(input)?))
        }) else {
            return;
        };
        let age = moment.age(&disk.moments().now(), self.policy().stale_threshold);
        if age > MAX_AGE {
            return;
        }
        let now = self.shared.clock.now();
        let entry = Entry::recalled(value, identity, now, (age, moment.wall));
        let entry = Arc::new(entry);
        let region = &**key.region();
        tracing::debug!(region, ?age, "read the {} from disk", T::KIND.as_str());
        self.give_room(key, &entry);
        let kept = self.entries.entry_by_ref(key).or_insert(Arc::clone(&entry));
        self.make_room();
        // What was refused or cleared while it was read must not come back.
        let after = (disk.drops(), self.clears.load(Ordering::SeqCst));
        if before != after && Arc::ptr_eq(kept.value(), &entry) {
            self.entries.remove(key);
        }
    }

    /// What a caller gets whose credentials STS could not be asked about: what is
    /// known, marked as that, and nothing that would have to be loaded. Who would have
    /// to type a code first is asked for it when what is known has expired, not before.
    pub(super) fn find_last_known(&self, key: &Key, asked: Freshness, why: &Error) -> Found<T> {
        let now = self.shared.clock.now();
        let policy = self.shared.policy();
        let wants_code = why.challenge.is_some();
        let entry = self.entries.get(key).filter(|entry| match asked {
            Freshness::MaxAge(limit) => entry.age(now) <= limit,
            Freshness::Configured => wants_code && entry.age(now) < policy.stale_threshold,
            Freshness::Fresh => false,
        });
        let Some(entry) = entry else {
            return Found::Loading(load::failed(why.clone()));
        };
        let state = match wants_code {
            true => policy.state(entry.age(now)),
            false => DataState::LastKnown,
        };
        let metrics = self.shared.metrics.cache();
        match state {
            DataState::Fresh => metrics.hit(),
            DataState::Stale | DataState::LastKnown => metrics.stale_hit(),
        }
        Found::Ready(Served {
            error: (state != DataState::Fresh).then(|| why.clone()),
            ..Served::now(entry, state, now)
        })
    }

    /// Writes an entry to disk, soon, and whose it is.
    pub(super) fn put_away(&self, key: &Key, entry: &Entry<T>) {
        let disk = &self.shared.disk;
        if !disk.is_used() {
            return;
        }
        let moment = Moment {
            since_boot: entry.since,
            wall: entry.fetched_at,
            ..disk.moments().now()
        };
        let (label, value) = (Label::of::<T>(key), Arc::clone(&entry.value));
        disk.put(self.name(key), move |out| {
            label.write(out)?;
            moment.write(out)?;
            value.write(out)
        });
        self.shared.identities.remember(&entry.identity);
    }

    pub(super) fn remove_from_disk(&self, key: &Key) {
        self.shared.disk.remove(&self.name(key));
    }

    /// What an entry is called on disk.
    pub(super) fn name(&self, key: &Key) -> Name {
        let kind = T::KIND.as_str();
        self.shared.disk.name(&key.principal(), key.region(), kind)
    }
}

/// Says in a file what its name hides.
struct Label {
    kind: &'static str,
    region: Arc<str>,
    principal: String,
}

impl Label {
    fn of<T: Resource>(key: &Key) -> Self {
        Self {
            kind: T::KIND.as_str(),
            region: Arc::clone(key.region()),
            principal: key.principal(),
        }
    }

    fn write(&self, out: &mut Output<'_>) -> io::Result<()> {
        out.text(self.kind)?;
        out.text(&self.region)?;
        out.text(&self.principal)
    }

    fn check(&self, input: &mut Input<'_>) -> Result<(), Damaged> {
        let same = input.text()? == self.kind
            && input.text()? == &*self.region
            && input.text()? == self.principal;
        match same {
            true => Ok(()),
            false => Err(Damaged("it is of something else")),
        }
    }
}

#[cfg(test)]
mod tests;

//! What is kept of a load, and how one caller gets it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{DataState, Error};

use crate::aws::Filters;
use crate::identity::{CredentialKey, Principal, VerifiedIdentity};

/// What an entry is kept under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    principal: Principal,
    /// Only where callers of one principal are kept apart.
    credentials: Option<CredentialKey>,
    region: Arc<str>,
    /// Of a load for one question; what it gives is kept for no other.
    filters: Filters,
}

impl Key {
    /// Of a caller's entry; `apart`: callers of one principal share nothing.
    pub(super) fn new(identity: &VerifiedIdentity, region: &str, apart: bool) -> Self {
        Self {
            principal: identity.principal().clone(),
            credentials: apart.then(|| *identity.credential_key()),
            region: region.into(),
            filters: Filters::default(),
        }
    }

    /// The key of what AWS chooses by these filters.
    #[must_use]
    pub fn chosen_by(self, filters: &Filters) -> Self {
        let filters = Arc::clone(filters);
        Self { filters, ..self }
    }

    /// Whether it stands for all there is, which alone may be kept.
    pub(super) fn is_whole(&self) -> bool {
        self.filters.is_empty()
    }

    /// What AWS chooses by.
    pub(super) fn filters(&self) -> &Filters {
        &self.filters
    }

    /// Of callers who share with their principal.
    #[cfg(test)]
    pub(crate) fn shared(identity: &VerifiedIdentity, region: &str) -> Self {
        Self::new(identity, region, false)
    }

    /// Whose it is, as it stands on disk.
    pub(super) fn principal(&self) -> String {
        self.principal.text()
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
    pub(super) since: Duration,
    /// How old it was then: what was read from disk may be older than the clock.
    age_then: Duration,
    /// When it ended, for people.
    pub fetched_at: SystemTime,
    /// Milliseconds on the inventory's clock.
    last_used: AtomicU64,
}

impl<T> Entry<T> {
    /// Of a value that was loaded just now. A refresh is no use, as it would keep itself
    /// warm: `before` says when somebody asked last.
    pub(super) fn loaded(
        value: T,
        identity: VerifiedIdentity,
        now: Duration,
        before: Option<&Self>,
    ) -> Self {
        let entry = Self::recalled(value, identity, now, (Duration::ZERO, SystemTime::now()));
        if let Some(before) = before {
            let last_used = before.last_used.load(Ordering::Relaxed);
            entry.last_used.store(last_used, Ordering::Relaxed);
        }
        entry
    }

    /// Of a value that had this age, and was fetched then, when it was asked for.
    pub(super) fn recalled(
        value: T,
        identity: VerifiedIdentity,
        now: Duration,
        (age_then, fetched_at): (Duration, SystemTime),
    ) -> Self {
        Self {
            value: Arc::new(value),
            identity,
            since: now,
            age_then,
            fetched_at,
            last_used: AtomicU64::new(now.as_millis() as u64),
        }
    }

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

impl<T> Served<T> {
    /// The entry as a caller gets it now, which counts as a use.
    pub(super) fn now(entry: Arc<Entry<T>>, state: DataState, now: Duration) -> Self {
        entry.touch(now);
        Self {
            age: entry.age(now),
            entry,
            state,
            refreshing: false,
            error: None,
        }
    }
}

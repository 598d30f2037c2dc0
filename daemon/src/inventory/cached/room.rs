//! What entries weigh, and how long they stay.
//!
//! Invariants: an entry's weight is that of all it holds, also of what was added
//! after it came into the cache; whenever it is weighed, what is too much goes.

use std::sync::Arc;
use std::time::Duration;

use moka::ops::compute::Op;

use super::{Cached, Entry, Key, Resource};

/// Key, identity, bookkeeping: what an entry takes however empty its value is. An
/// estimate from above, so that very many empty ones are bounded too.
const ENTRY_BYTES: usize = 1024;
/// Unused for so long, an entry goes, and with it the credentials that it is
/// refreshed with. Long enough that the last data of the evening are there in the
/// morning.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// For the cache's own bookkeeping.
pub(super) fn weigh<T: Resource>(_: &Key, entry: &Arc<Entry<T>>) -> u32 {
    u32::try_from(entry.value.weight() + ENTRY_BYTES).unwrap_or(u32::MAX)
}

impl<T: Resource> Cached<T> {
    /// Lets a value that comes into the cache grow, by half of what the cache has
    /// room for beside it, and sees to it that this is weighed.
    pub(super) fn give_room(self: &Arc<Self>, key: &Key, entry: &Arc<Entry<T>>) {
        let capacity = self.entries.policy().max_capacity().unwrap_or(u64::MAX);
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
        let room = capacity.saturating_sub(entry.value.weight() + ENTRY_BYTES) / 2;
        let (cached, key) = (Arc::downgrade(self), key.clone());
        let grown = Arc::downgrade(entry);
        entry.value.settle_in(room, move || {
            if let (Some(cached), Some(entry)) = (cached.upgrade(), grown.upgrade()) {
                cached.weigh_again(&key, &entry);
            }
        });
    }

    /// Unless another entry has taken its place.
    fn weigh_again(&self, key: &Key, entry: &Arc<Entry<T>>) {
        let entries = self.entries.entry_by_ref(key);
        entries.and_compute_with(|kept| match kept {
            Some(kept) if Arc::ptr_eq(kept.value(), entry) => Op::Put(kept.into_value()),
            _ => Op::Nop,
        });
        self.make_room();
    }

    /// Puts away what is too much now; left alone, the cache would do so some time
    /// later.
    pub(super) fn make_room(&self) {
        self.entries.run_pending_tasks();
    }

    /// Drops what nobody has used for a day.
    pub fn forget_unused(&self) {
        let now = self.shared.clock.now();
        for (key, entry) in self.entries() {
            if entry.unused_for(now) >= FORGOTTEN {
                self.entries.remove(&*key);
            }
        }
    }

    /// Bytes that the cache counts.
    #[cfg(test)]
    pub(crate) fn weighed(&self) -> u64 {
        self.entries.weighted_size()
    }
}

//! What the daemon must be able to answer, whatever AWS does.
//!
//! A list that once succeeded can be answered again from memory, and after a kill from
//! disk, unless the credentials were refused or changed, or the cache was cleared.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

/// Snapshots are written behind answers; a kill may come before.
const WRITTEN_AFTER: Duration = Duration::from_secs(3);

/// Which terminal has seen which region, and since when.
#[derive(Debug)]
pub(super) struct Known {
    since: HashMap<(usize, &'static str), Instant>,
    /// What was fetched before does not count: it was cleared, or is not on disk.
    not_before: SystemTime,
    /// Nothing can be written, so that memory is all there is.
    disk_is_full: bool,
}

impl Known {
    /// Nothing.
    pub(super) fn nothing() -> Self {
        Self {
            since: HashMap::new(),
            not_before: SystemTime::UNIX_EPOCH,
            disk_is_full: false,
        }
    }

    /// A list has succeeded with data of this time.
    pub(super) fn learn(&mut self, terminal: usize, region: &'static str, fetched: SystemTime) {
        if fetched > self.not_before {
            let since = self.since.entry((terminal, region));
            since.or_insert_with(Instant::now);
        }
    }

    /// Whether this list must succeed.
    pub(super) fn has(&self, terminal: usize, region: &'static str) -> bool {
        self.since.contains_key(&(terminal, region))
    }

    /// Whether this list must succeed without the daemon, from disk.
    pub(super) fn has_on_disk(&self, terminal: usize, region: &'static str) -> bool {
        let since = self.since.get(&(terminal, region));
        !self.disk_is_full && since.is_some_and(|since| since.elapsed() > WRITTEN_AFTER)
    }

    /// The terminal's credentials are others now, or were refused.
    pub(super) fn forget(&mut self, terminal: usize) {
        self.since.retain(|(known, _), _| *known != terminal);
    }

    /// The cache was cleared, or is on no disk.
    pub(super) fn forget_all(&mut self) {
        self.since.clear();
        // What is said of the time of data has seconds.
        self.not_before = SystemTime::now() + Duration::from_secs(1);
    }

    /// The daemon has ended; `suddenly`: without putting away what it knows. The next
    /// one has room on the disk.
    pub(super) fn ended(&mut self, suddenly: bool) {
        if self.disk_is_full {
            self.disk_is_full = false;
            self.forget_all();
        } else if suddenly {
            self.since
                .retain(|_, since| since.elapsed() > WRITTEN_AFTER);
        }
    }

    /// Nothing can be written from now on.
    pub(super) fn disk_full(&mut self) {
        self.disk_is_full = true;
    }

    /// There is room again, for what is fetched from now on.
    pub(super) fn disk_mended(&mut self) {
        if std::mem::take(&mut self.disk_is_full) {
            self.forget_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_counts_until_it_is_refused_cleared_or_not_written() {
        let later = || SystemTime::now() + Duration::from_secs(2);
        let mut known = Known::nothing();
        known.learn(0, "a", later());
        known.learn(1, "a", later());
        assert!(known.has(0, "a") && !known.has(0, "b"));
        assert!(!known.has_on_disk(0, "a"), "it may not have been written");
        known.forget(0);
        assert!(!known.has(0, "a") && known.has(1, "a"));
        known.ended(true);
        assert!(!known.has(1, "a"), "it may not have been written");
        known.learn(1, "a", later());
        known.ended(false);
        assert!(known.has(1, "a"));
        known.disk_full();
        known.ended(false);
        assert!(!known.has(1, "a"));
        known.learn(1, "a", SystemTime::now() - Duration::from_secs(60));
        assert!(!known.has(1, "a"), "it was in memory only");
    }
}

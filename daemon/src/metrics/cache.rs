//! Counters of the inventory cache.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use aws_ssm_proto::domain::CacheStats;

/// What the inventory cache did.
#[derive(Debug, Default)]
pub struct CacheCounters {
    hits: AtomicU64,
    stale_hits: AtomicU64,
    misses: AtomicU64,
    refreshes_begun: AtomicU64,
    refreshes_succeeded: AtomicU64,
    refreshes_failed: AtomicU64,
    refreshes_dropped: AtomicU64,
}

impl CacheCounters {
    /// An answer came from data within its time to live.
    pub fn hit(&self) {
        self.hits.fetch_add(1, Relaxed);
    }

    /// An answer came from older data. It is a hit too.
    pub fn stale_hit(&self) {
        self.hits.fetch_add(1, Relaxed);
        self.stale_hits.fetch_add(1, Relaxed);
    }

    /// An answer had to wait for AWS.
    pub fn miss(&self) {
        self.misses.fetch_add(1, Relaxed);
    }

    /// A refresh that nobody waits for began.
    pub fn refresh_begun(&self) {
        self.refreshes_begun.fetch_add(1, Relaxed);
    }

    /// It brought new data.
    pub fn refresh_succeeded(&self) {
        self.refreshes_succeeded.fetch_add(1, Relaxed);
    }

    /// It did not.
    pub fn refresh_failed(&self) {
        self.refreshes_failed.fetch_add(1, Relaxed);
    }

    /// A refresh was asked for while the queue was full.
    pub fn refresh_dropped(&self) {
        self.refreshes_dropped.fetch_add(1, Relaxed);
    }

    pub(super) fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            stale_hits: self.stale_hits.load(Relaxed),
            refreshes_begun: self.refreshes_begun.load(Relaxed),
            refreshes_succeeded: self.refreshes_succeeded.load(Relaxed),
            refreshes_failed: self.refreshes_failed.load(Relaxed),
            refreshes_dropped: self.refreshes_dropped.load(Relaxed),
            ..CacheStats::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_hit_is_a_hit() {
        let counters = CacheCounters::default();
        counters.hit();
        counters.stale_hit();
        counters.miss();
        let stats = counters.stats();
        assert_eq!((stats.hits, stats.stale_hits, stats.misses), (2, 1, 1));
    }
}

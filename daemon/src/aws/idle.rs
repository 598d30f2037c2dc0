//! A bounded map whose unused entries go: the least used one when it is full,
//! and all that nobody used for a while.
//!
//! Invariants: it never holds more than its capacity; a value is built once
//! however many ask for it at the same time, and outside the lock; it is told
//! the time and starts no task.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Values that are cheap to clone, by key.
#[derive(Debug)]
pub(crate) struct IdleMap<K, V> {
    inner: Mutex<Inner<K, V>>,
}

#[derive(Debug)]
struct Inner<K, V> {
    capacity: usize,
    idle: Duration,
    slots: HashMap<K, Slot<V>>,
    counts: IdleCounts,
}

#[derive(Debug)]
struct Slot<V> {
    value: Arc<OnceLock<V>>,
    used: Instant,
}

/// What happened since the map was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IdleCounts {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) evicted_by_capacity: u64,
    pub(crate) evicted_by_age: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> IdleMap<K, V> {
    /// An empty map; `capacity` is at least 1.
    pub(crate) fn new(capacity: usize, idle: Duration) -> Self {
        Self {
            inner: Mutex::new(Inner {
                capacity: capacity.max(1),
                idle,
                slots: HashMap::new(),
                counts: IdleCounts::default(),
            }),
        }
    }

    /// The value of `key`, built if there is none. Those who come while it is
    /// being built wait for it and count as hits.
    pub(crate) fn get_or_build(&self, key: K, now: Instant, build: impl FnOnce() -> V) -> V {
        let value = self.slot(key, now);
        value.get_or_init(build).clone()
    }

    /// Drops what nobody used for a while.
    pub(crate) fn sweep(&self, now: Instant) {
        self.lock().sweep(now);
    }

    /// Goes on with another capacity and idle time; what no longer fits goes at once.
    pub(crate) fn resize(&self, capacity: usize, idle: Duration, now: Instant) {
        let mut inner = self.lock();
        (inner.capacity, inner.idle) = (capacity.max(1), idle);
        inner.sweep(now);
        while inner.slots.len() > inner.capacity {
            inner.evict_least_used();
        }
    }

    /// Drops everything: what is asked for next is built anew.
    pub(crate) fn clear(&self) {
        self.lock().slots.clear();
    }

    /// Looks at every entry that is built.
    pub(crate) fn map<T>(&self, mut look: impl FnMut(&K, &V) -> T) -> Vec<T> {
        let inner = self.lock();
        let built = inner.slots.iter();
        built
            .filter_map(|(key, slot)| slot.value.get().map(|value| look(key, value)))
            .collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().slots.len()
    }

    pub(crate) fn counts(&self) -> IdleCounts {
        self.lock().counts
    }

    fn slot(&self, key: K, now: Instant) -> Arc<OnceLock<V>> {
        let mut inner = self.lock();
        let idle = inner.idle;
        if let Some(slot) = inner.slots.get_mut(&key)
            && now.saturating_duration_since(slot.used) < idle
        {
            slot.used = now;
            let value = Arc::clone(&slot.value);
            inner.counts.hits += 1;
            return value;
        }
        inner.counts.misses += 1;
        inner.sweep(now);
        if inner.slots.len() >= inner.capacity {
            inner.evict_least_used();
        }
        let value = Arc::new(OnceLock::new());
        let slot = Slot {
            value: Arc::clone(&value),
            used: now,
        };
        inner.slots.insert(key, slot);
        value
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V> Inner<K, V> {
    fn sweep(&mut self, now: Instant) {
        let idle = self.idle;
        let before = self.slots.len();
        self.slots
            .retain(|_, slot| now.saturating_duration_since(slot.used) < idle);
        self.counts.evicted_by_age += (before - self.slots.len()) as u64;
    }

    fn evict_least_used(&mut self) {
        let least = self.slots.iter().min_by_key(|(_, slot)| slot.used);
        if let Some(key) = least.map(|(key, _)| key.clone()) {
            self.slots.remove(&key);
            self.counts.evicted_by_capacity += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const IDLE: Duration = Duration::from_secs(60);
    const SECOND: Duration = Duration::from_secs(1);

    fn holds(map: &IdleMap<u32, u32>, key: u32) -> bool {
        map.map(|held, _| *held == key).contains(&true)
    }

    #[test]
    fn the_least_used_goes_when_it_is_full() {
        let (map, now) = (IdleMap::new(2, IDLE), Instant::now());
        map.get_or_build(1, now, || 1);
        map.get_or_build(2, now + SECOND, || 2);
        map.get_or_build(1, now + 2 * SECOND, || unreachable!("it is held"));
        map.get_or_build(3, now + 3 * SECOND, || 3);
        assert!(holds(&map, 1) && holds(&map, 3) && !holds(&map, 2));
        assert_eq!(
            map.counts(),
            IdleCounts {
                hits: 1,
                misses: 3,
                evicted_by_capacity: 1,
                evicted_by_age: 0
            }
        );
    }

    #[test]
    fn use_keeps_an_entry_and_disuse_ends_it() {
        let (map, now) = (IdleMap::new(10, IDLE), Instant::now());
        map.get_or_build(1, now, || 1);
        map.get_or_build(2, now, || 2);
        map.get_or_build(1, now + 40 * SECOND, || unreachable!("it is held"));
        map.sweep(now + 70 * SECOND);
        assert!(holds(&map, 1) && !holds(&map, 2));
        assert_eq!(map.counts().evicted_by_age, 1);
    }

    #[test]
    fn an_entry_past_its_time_is_built_again_even_unswept() {
        let (map, now) = (IdleMap::new(10, IDLE), Instant::now());
        map.get_or_build(1, now, || 1);
        assert_eq!(map.get_or_build(1, now + IDLE, || 2), 2);
        assert_eq!(map.counts().evicted_by_age, 1);
        assert_eq!(map.len(), 1);
    }

    #[test]
    fn a_smaller_map_keeps_what_was_used_last() {
        let (map, now) = (IdleMap::new(3, IDLE), Instant::now());
        for key in 1..=3 {
            map.get_or_build(key, now + key * SECOND, || key);
        }
        map.resize(1, IDLE, now + 4 * SECOND);
        assert!(holds(&map, 3) && map.len() == 1);
        map.resize(1, SECOND, now + 5 * SECOND);
        assert_eq!(map.len(), 0);
    }

    #[test]
    fn a_hundred_first_uses_at_once_build_one() {
        let (map, now) = (IdleMap::new(10, IDLE), Instant::now());
        let (built, start) = (AtomicUsize::new(0), Barrier::new(100));
        std::thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    start.wait();
                    map.get_or_build(1, now, || built.fetch_add(1, Ordering::SeqCst));
                });
            }
        });
        assert_eq!(built.into_inner(), 1);
        assert_eq!((map.counts().misses, map.counts().hits), (1, 99));
    }
}

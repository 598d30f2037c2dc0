//! Latencies in buckets that grow with their size, all of them atomic.
//!
//! Each power of two of microseconds is divided into 16 buckets, so a
//! percentile read from a bucket's middle is at most 1/32, about 3 %, off. Beside
//! them a few wide buckets with exact bounds are counted, for Prometheus.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use aws_ssm_proto::domain::LatencyStats;

const SUB_BITS: u32 = 4;
const SUB: u64 = 1 << SUB_BITS;

/// Times of 2^36 µs, which is 19 hours, and more share the last bucket.
const MAX_BITS: u32 = 36;

const BUCKETS: usize = ((MAX_BITS - SUB_BITS + 1) << SUB_BITS) as usize;

/// The wide buckets' upper bounds in microseconds, from a warm answer to the
/// longest call.
pub(super) const BOUNDS_US: [u64; 18] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
];

/// Counts durations; recording is five atomic operations and no lock.
#[derive(Debug)]
pub(super) struct Histogram {
    /// The last one is of what lies above all bounds.
    wide: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
    min_us: AtomicU64,
    max_us: AtomicU64,
    buckets: Box<[AtomicU64; BUCKETS]>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            wide: [const { AtomicU64::new(0) }; BOUNDS_US.len() + 1],
            sum_us: AtomicU64::new(0),
            min_us: AtomicU64::new(u64::MAX),
            max_us: AtomicU64::new(0),
            buckets: Box::new([const { AtomicU64::new(0) }; BUCKETS]),
        }
    }
}

impl Histogram {
    pub(super) fn record(&self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let wide = BOUNDS_US.partition_point(|bound| *bound < us);
        self.wide[wide].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(us, Relaxed);
        self.min_us.fetch_min(us, Relaxed);
        self.max_us.fetch_max(us, Relaxed);
        self.buckets[bucket(us)].fetch_add(1, Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
        self.wide.iter().map(|count| count.load(Relaxed)).sum()
    }

    /// The wide buckets.
    pub(super) fn distribution(&self) -> Distribution {
        Distribution {
            counts: std::array::from_fn(|bucket| self.wide[bucket].load(Relaxed)),
            sum: Duration::from_micros(self.sum_us.load(Relaxed)),
        }
    }

    pub(super) fn stats(&self) -> LatencyStats {
        let buckets: Vec<u64> = self.buckets.iter().map(|b| b.load(Relaxed)).collect();
        let count: u64 = buckets.iter().sum();
        if count == 0 {
            return LatencyStats::default();
        }
        let (min, max) = (self.min_us.load(Relaxed), self.max_us.load(Relaxed));
        // A bucket's middle may lie outside what was measured.
        let percentile = |of: f64| {
            let rank = ((count as f64 * of).ceil() as u64).max(1);
            Duration::from_micros(middle(find(&buckets, rank)).clamp(min, max))
        };
        LatencyStats {
            average: Duration::from_micros(self.sum_us.load(Relaxed) / count),
            min: Duration::from_micros(min),
            max: Duration::from_micros(max),
            p50: percentile(0.50),
            p99: percentile(0.99),
        }
    }
}

/// How often durations were within each of [`BOUNDS_US`] and not below, then how
/// often they were above all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Distribution {
    pub(super) counts: [u64; BOUNDS_US.len() + 1],
    pub(super) sum: Duration,
}

/// The bucket that holds the value of this rank, counted from 1.
fn find(buckets: &[u64], rank: u64) -> usize {
    let mut seen = 0;
    let holds = |count: &u64| {
        seen += count;
        seen >= rank
    };
    buckets.iter().position(holds).unwrap_or(buckets.len() - 1)
}

fn bucket(us: u64) -> usize {
    let us = us.min((1 << MAX_BITS) - 1);
    if us < SUB {
        return us as usize;
    }
    let shift = us.ilog2() - SUB_BITS;
    // The top bit of `us >> shift` is always set, so it counts the octave on.
    ((u64::from(shift) << SUB_BITS) + (us >> shift)) as usize
}

fn middle(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * SUB {
        return bucket;
    }
    let shift = (bucket >> SUB_BITS) - 1;
    let low = (bucket - (shift << SUB_BITS)) << shift;
    low + (1 << shift) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(measured: Duration, exact: Duration) -> bool {
        let (measured, exact) = (measured.as_secs_f64(), exact.as_secs_f64());
        (measured - exact).abs() <= exact * 0.05
    }

    #[test]
    fn percentiles_are_within_five_percent() {
        let histogram = Histogram::default();
        for us in 1..=100_000 {
            histogram.record(Duration::from_micros(us));
        }
        let stats = histogram.stats();
        assert!(close(stats.p50, Duration::from_millis(50)), "{stats:?}");
        assert!(close(stats.p99, Duration::from_millis(99)), "{stats:?}");
        assert_eq!(stats.min, Duration::from_micros(1));
        assert_eq!(stats.max, Duration::from_millis(100));
        assert_eq!(stats.average, Duration::from_micros(50_000));
    }

    #[test]
    fn one_value_is_all_its_percentiles() {
        let histogram = Histogram::default();
        histogram.record(Duration::from_micros(234_567));
        let stats = histogram.stats();
        for value in [stats.min, stats.max, stats.p50, stats.p99, stats.average] {
            assert_eq!(value, Duration::from_micros(234_567));
        }
    }

    #[test]
    fn a_wide_bucket_holds_its_upper_bound() {
        let histogram = Histogram::default();
        for us in [0, 100, 101, 60_000_000, 60_000_001] {
            histogram.record(Duration::from_micros(us));
        }
        let Distribution { counts, sum } = histogram.distribution();
        assert_eq!((counts[0], counts[1]), (2, 1));
        assert_eq!((counts[17], counts[18]), (1, 1));
        assert_eq!(counts.iter().sum::<u64>(), histogram.count());
        assert_eq!(sum, Duration::from_micros(120_000_202));
        assert!(BOUNDS_US.is_sorted());
    }

    #[test]
    fn nothing_recorded_is_all_zero() {
        assert_eq!(Histogram::default().stats(), LatencyStats::default());
    }

    #[test]
    fn every_value_lies_near_the_middle_of_its_bucket() {
        let mut us = 1_u64;
        while us < 1 << MAX_BITS {
            for value in [us - 1, us, us + us / 3] {
                let middle = middle(bucket(value));
                assert!(middle.abs_diff(value) <= value / 32 + 1, "{value} {middle}");
            }
            us *= 2;
        }
    }

    #[test]
    fn the_longest_time_has_a_bucket() {
        let histogram = Histogram::default();
        histogram.record(Duration::MAX);
        assert_eq!(histogram.count(), 1);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }
}

//! A token bucket that callers queue at, each no longer than its deadline.
//!
//! It is kept as one instant, the *horizon*: when the bucket will be full
//! again. A call moves it one interval on; the call's turn comes when the
//! horizon is no more than a burst away.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::lock;

/// Bounds the rate of calls of one identity, region and service.
#[derive(Debug)]
pub(super) struct Limiter(Mutex<Bucket>);

#[derive(Debug)]
struct Bucket {
    /// Between two calls at the sustained rate.
    interval: Duration,
    /// How far the horizon may be away for a call to go at once.
    burst: Duration,
    horizon: Instant,
}

impl Limiter {
    /// A full bucket.
    pub(super) fn new(per_second: f64, burst: u32) -> Self {
        let (interval, burst) = rate(per_second, burst);
        Self(Mutex::new(Bucket {
            interval,
            burst,
            horizon: Instant::now(),
        }))
    }

    /// Goes on at another rate, with what was taken already.
    pub(super) fn retune(&self, per_second: f64, burst: u32) {
        let mut bucket = lock(&self.0);
        (bucket.interval, bucket.burst) = rate(per_second, burst);
    }

    /// Waits for a turn. When it would come after the deadline, none is taken
    /// and the wait it would have been is the error.
    pub(super) async fn acquire(&self, deadline: Instant) -> Result<(), Duration> {
        let turn = self.reserve(Instant::now(), deadline)?;
        // A caller who goes away while waiting has used a turn for nothing;
        // the next ones wait one interval too long at most.
        tokio::time::sleep_until(turn).await;
        Ok(())
    }

    /// Takes a turn without waiting: for a repetition that the SDK has already
    /// decided upon, and that later calls make up for.
    pub(super) fn charge(&self, now: Instant) {
        let mut bucket = lock(&self.0);
        bucket.horizon = bucket.horizon.max(now) + bucket.interval;
    }

    fn reserve(&self, now: Instant, deadline: Instant) -> Result<Instant, Duration> {
        let mut bucket = lock(&self.0);
        let next = bucket.horizon.max(now) + bucket.interval;
        let wait = next
            .saturating_duration_since(now)
            .saturating_sub(bucket.burst);
        if now + wait > deadline {
            return Err(wait);
        }
        bucket.horizon = next;
        Ok(now + wait)
    }
}

/// Interval and burst, both as times.
fn rate(per_second: f64, burst: u32) -> (Duration, Duration) {
    let interval = Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::ZERO);
    (interval, interval.saturating_mul(burst.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_the_next_waits_its_interval() {
        let limiter = Limiter::new(20.0, 100);
        let start = Instant::now();
        for _ in 0..100 {
            limiter.acquire(start + SECOND).await.expect("a turn");
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        limiter.acquire(start + SECOND).await.expect("a turn");
        assert_eq!(start.elapsed().as_millis(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_turn_beyond_the_deadline() {
        let limiter = Limiter::new(1.0, 1);
        let start = Instant::now();
        limiter.acquire(start).await.expect("the first is free");
        let refused = limiter.acquire(start + SECOND / 2).await;
        assert_eq!(refused, Err(SECOND));
        assert_eq!(start.elapsed(), Duration::ZERO, "it is told at once");
        limiter
            .acquire(start + SECOND)
            .await
            .expect("the refused caller took no turn");
    }

    #[tokio::test(start_paused = true)]
    async fn a_repetition_is_paid_for_by_later_calls() {
        let limiter = Limiter::new(1.0, 1);
        let start = Instant::now();
        limiter.charge(start);
        limiter.acquire(start + 5 * SECOND).await.expect("a turn");
        assert_eq!(start.elapsed(), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn another_rate_holds_for_the_next_call() {
        let limiter = Limiter::new(1.0, 1);
        let start = Instant::now();
        limiter.acquire(start).await.expect("the first is free");
        limiter.retune(1000.0, 100);
        limiter.acquire(start + 2 * SECOND).await.expect("a turn");
        let waited = start.elapsed();
        assert!(waited < SECOND, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_fills_the_bucket_but_never_beyond_the_burst() {
        let limiter = Limiter::new(1.0, 2);
        tokio::time::advance(100 * SECOND).await;
        let start = Instant::now();
        limiter.acquire(start).await.expect("one");
        limiter.acquire(start).await.expect("two");
        assert!(limiter.acquire(start).await.is_err());
    }
}

use std::time::Duration;

use aws_ssm_proto::domain::ErrorKind;
use futures_util::FutureExt;
use tokio::time::Instant;

use super::super::failures::MOST;
use super::*;
use crate::identity::{Identities, VerifiedIdentity, testing};

/// A queue without workers, and who may ask it.
struct Bench {
    queue: Queue,
    metrics: Arc<Metrics>,
    identities: Identities,
}

impl Bench {
    fn new(workers: usize) -> Self {
        let start = Instant::now();
        let clock = Clock::from_fn(move || start.elapsed());
        let metrics = Arc::new(Metrics::new());
        let jitter = Jitter::seeded(1);
        Self {
            queue: Queue::new(workers, Arc::clone(&metrics), clock.clone(), jitter),
            metrics,
            identities: testing::everybody(clock),
        }
    }

    async fn identity(&self, user: &str) -> VerifiedIdentity {
        let deadline = Instant::now() + Duration::from_secs(60);
        let admission = self.identities.admit(&testing::user(user), deadline).await;
        admission.expect("everybody is verified").identity
    }

    async fn job(&self, user: &str, region: &str) -> Job {
        let identity = self.identity(user).await;
        Job {
            kind: Kind::Instances,
            key: Key::shared(&identity, region),
            identity,
        }
    }

    async fn offer(&self, user: &str, region: &str) -> bool {
        self.queue.offer(self.job(user, region).await)
    }

    /// The region of the job that a worker gets now.
    fn taken(&self) -> Option<Taken> {
        self.queue.next().now_or_never()
    }
}

fn region(taken: &Taken) -> &str {
    taken.job.key.region()
}

fn outage() -> Error {
    Error::new(ErrorKind::Unavailable, "as ordered")
}

#[tokio::test(start_paused = true)]
async fn a_key_waits_once_and_is_not_begun_again_while_it_is_under_way() {
    let bench = Bench::new(3);
    for _ in 0..10 {
        assert!(bench.offer("anna", "a").await, "one is coming");
    }
    let taken = bench.taken().expect("it was offered");
    assert!(bench.offer("anna", "a").await, "it is under way");
    assert!(bench.taken().is_none());
    drop(taken);
    assert!(bench.taken().is_none(), "it was asked for in vain");
    assert!(bench.offer("anna", "a").await);
    assert_eq!(region(&bench.taken().expect("it ended")), "a");
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_turns_away_counts_that_and_takes_the_key_when_asked_again() {
    let bench = Bench::new(1);
    for number in 0..QUEUE_LEN {
        assert!(bench.offer("anna", &number.to_string()).await);
    }
    for _ in 0..3 {
        assert!(!bench.offer("anna", "late").await);
    }
    assert_eq!(bench.queue.waiting(), QUEUE_LEN);
    assert_eq!(bench.metrics.snapshot().cache.refreshes_dropped, 3);
    let first = bench.taken().expect("many wait");
    assert_eq!(region(&first), "0", "the first asked for");
    assert!(bench.offer("anna", "late").await);
}

#[tokio::test(start_paused = true)]
async fn one_principal_never_holds_the_last_worker() {
    let bench = Bench::new(3);
    for place in ["a", "b", "c", "d"] {
        bench.offer("anna", place).await;
    }
    bench.offer("berta", "e").await;
    let anna = [bench.taken(), bench.taken()].map(Option::unwrap);
    assert_eq!(anna.each_ref().map(region), ["a", "b"]);
    let berta = bench.taken().expect("a worker is left");
    assert_eq!(region(&berta), "e");
    assert!(bench.taken().is_none());
    drop(anna);
    assert_eq!(region(&bench.taken().expect("hers have ended")), "c");
}

#[tokio::test(start_paused = true)]
async fn a_single_worker_serves_everybody() {
    let bench = Bench::new(1);
    bench.offer("anna", "a").await;
    let first = bench.taken().expect("offered");
    bench.offer("anna", "b").await;
    assert!(bench.taken().is_none());
    drop(first);
    assert_eq!(region(&bench.taken().expect("it has ended")), "b");
}

#[tokio::test(start_paused = true)]
async fn every_worker_that_waits_is_woken_for_a_job() {
    let bench = Bench::new(8);
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let queue = bench.queue.clone();
            tokio::spawn(async move { queue.next().await })
        })
        .collect();
    tokio::task::yield_now().await;
    for number in 0..5 {
        bench.offer("anna", &number.to_string()).await;
    }
    for worker in waiting {
        let taken = tokio::time::timeout(Duration::from_secs(1), worker).await;
        // Kept, so that nobody is woken by its end.
        std::mem::forget(taken.expect("it is woken").expect("it does not panic"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_failed_is_left_alone_for_a_while() {
    let bench = Bench::new(3);
    let job = bench.job("anna", "a").await;
    bench.queue.failed(job.kind, &job.key, &outage());
    assert!(!bench.queue.offer(job.clone()));
    assert!(bench.offer("anna", "b").await, "another key is not put off");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert!(bench.queue.offer(job.clone()));
    bench.queue.failed(job.kind, &job.key, &outage());
    bench.queue.succeeded(job.kind, &job.key);
    drop((bench.taken(), bench.taken()));
    assert!(bench.queue.offer(job), "what succeeds is not put off");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_known_for_as_long_as_the_key_is_left_alone() {
    let bench = Bench::new(3);
    let (kind, key) = (Kind::Instances, bench.job("anna", "a").await.key);
    assert_eq!(bench.queue.outage(kind, &key), None);
    bench.queue.failed(kind, &key, &outage());
    assert_eq!(bench.queue.outage(kind, &key), Some(outage()));
    assert_eq!(bench.queue.outage(Kind::Agents, &key), None);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(bench.queue.outage(kind, &key), None);
    let denied = Error::new(ErrorKind::Permission, "as ordered");
    bench.queue.failed(kind, &key, &denied);
    assert_eq!(bench.queue.outage(kind, &key), None, "no outage of AWS");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_keys_that_fail_within_an_hour_leave_a_bounded_memory_of_it() {
    let bench = Bench::new(3);
    let identity = bench.identity("anna").await;
    for number in 0..10_000 {
        let key = Key::shared(&identity, &number.to_string());
        bench.queue.failed(Kind::Instances, &key, &outage());
        assert!(bench.queue.lock().failures.len() <= MOST);
        tokio::time::advance(Duration::from_millis(360)).await;
    }
    let last = Key::shared(&identity, "9999");
    assert!(bench.queue.outage(Kind::Instances, &last).is_some());
    // All within one moment, so that each of them is still to be left alone.
    for number in 0..10_000 {
        let key = Key::shared(&identity, &number.to_string());
        bench.queue.failed(Kind::Agents, &key, &outage());
    }
    assert_eq!(bench.queue.lock().failures.len(), MOST);
}

//! Refreshes that nobody waits for.
//!
//! Reads and the scheduler put keys into a bounded queue; a few workers load them.
//! A key stands in the queue once. One whose load failed is left alone for a while
//! that grows with every failure.

mod backoff;
mod failures;
mod jitter;
mod queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::identity::VerifiedIdentity;
use crate::inventory::{Inventory, Key, Kind};
use crate::metrics::Metrics;

pub use jitter::Jitter;
pub use queue::Queue;

/// How often entries in recent use are looked over.
const LOOK_OVER: Duration = Duration::from_secs(5);
/// A load is given up after this; its calls have shorter limits of their own.
const LOAD_LIMIT: Duration = Duration::from_secs(600);

/// One refresh to be done.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is loaded.
    pub kind: Kind,
    /// Where it is kept.
    pub key: Key,
    /// Whose credentials load it.
    pub identity: VerifiedIdentity,
}

impl Job {
    fn key(&self) -> queue::JobKey {
        (self.kind, self.key.clone())
    }
}

/// The tasks that refresh, and the one that keeps used entries warm.
#[derive(Debug)]
pub struct Workers {
    /// Milliseconds; 0: nothing is kept warm.
    keep_warm: Arc<AtomicU64>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

/// How many workers there are, and what they keep warm.
#[derive(Clone, Copy, Debug)]
pub struct WorkersConfig {
    /// Refreshes that run at one time.
    pub workers: usize,
    /// How long after its last use an entry is kept fresh unasked; `None`: never.
    pub keep_warm: Option<Duration>,
}

impl Workers {
    /// Starts them.
    #[must_use]
    pub fn spawn(
        config: WorkersConfig,
        queue: &Queue,
        inventory: &Arc<Inventory>,
        metrics: &Arc<Metrics>,
    ) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for _ in 0..config.workers {
            let worker = Worker {
                queue: queue.clone(),
                inventory: Arc::clone(inventory),
                metrics: Arc::clone(metrics),
            };
            tasks.spawn(until(stop.clone(), worker.run()));
        }
        let keep_warm = Arc::new(AtomicU64::new(milliseconds(config.keep_warm)));
        let work = look_over(Arc::clone(inventory), Arc::clone(&keep_warm));
        tasks.spawn(until(stop.clone(), work));
        Self {
            keep_warm,
            tasks,
            stop,
        }
    }

    /// Keeps warm what these settings say; how many workers there are stays.
    pub fn retune(&self, config: WorkersConfig) {
        let keep_warm = milliseconds(config.keep_warm);
        self.keep_warm.store(keep_warm, Ordering::Relaxed);
    }

    /// Stops them and waits until they are gone.
    pub async fn shut_down(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn until(stop: CancellationToken, work: impl Future<Output = ()>) {
    let _ = stop.run_until_cancelled(work).await;
}

struct Worker {
    queue: Queue,
    inventory: Arc<Inventory>,
    metrics: Arc<Metrics>,
}

impl Worker {
    async fn run(self) {
        loop {
            let taken = self.queue.next().await;
            self.refresh(&taken.job).await;
        }
    }

    async fn refresh(&self, job: &Job) {
        self.metrics.cache().refresh_begun();
        let outcome = self.inventory.run(job, Instant::now() + LOAD_LIMIT).await;
        match &outcome {
            Ok(()) => self.metrics.cache().refresh_succeeded(),
            Err(error) => {
                self.metrics.cache().refresh_failed();
                let region = &**job.key.region();
                if error.challenge.is_some() {
                    // Nobody is asked for what nobody waits for.
                    tracing::debug!(region, kind = job.kind.as_str(), %error, "a refresh waits");
                    return;
                }
                tracing::warn!(region, kind = job.kind.as_str(), %error, "a refresh failed");
            }
        }
    }
}

fn milliseconds(length: Option<Duration>) -> u64 {
    length.map_or(0, |length| length.as_millis() as u64)
}

async fn look_over(inventory: Arc<Inventory>, keep_warm: Arc<AtomicU64>) {
    let mut ticks = tokio::time::interval(LOOK_OVER);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match keep_warm.load(Ordering::Relaxed) {
            0 => {}
            length => inventory.refresh_used(Duration::from_millis(length)),
        }
    }
}

#[cfg(test)]
mod tests;

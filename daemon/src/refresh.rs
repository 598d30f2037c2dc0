//! Refreshes that nobody waits for.
//!
//! Reads and the scheduler put keys into a bounded queue; a few workers load them.
//! A key stands in the queue once. One whose load failed is left alone for a while
//! that grows with every failure. A worker that panics is started again.

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
use crate::lifecycle::Life;
use crate::metrics::Metrics;
use crate::standing::keep_going;

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
    /// Starts them, for a daemon of this life.
    #[must_use]
    pub fn spawn(
        config: WorkersConfig,
        queue: &Queue,
        inventory: &Arc<Inventory>,
        metrics: &Arc<Metrics>,
        life: &Life,
    ) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for _ in 0..config.workers {
            let worker = Arc::new(Worker {
                queue: queue.clone(),
                inventory: Arc::clone(inventory),
                metrics: Arc::clone(metrics),
            });
            let work = keep_going("a refresh worker", move || Arc::clone(&worker).run());
            tasks.spawn(until(stop.clone(), work));
        }
        let keep_warm = Arc::new(AtomicU64::new(milliseconds(config.keep_warm)));
        let (inventory, length) = (Arc::clone(inventory), Arc::clone(&keep_warm));
        let life = life.clone();
        let work = keep_going("what keeps entries warm", move || {
            look_over(Arc::clone(&inventory), Arc::clone(&length), life.clone())
        });
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
    async fn run(self: Arc<Self>) {
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

async fn look_over(inventory: Arc<Inventory>, keep_warm: Arc<AtomicU64>, life: Life) {
    let mut ticks = tokio::time::interval(LOOK_OVER);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match keep_warm.load(Ordering::Relaxed) {
            0 => {}
            length => {
                let keep_warm = Duration::from_millis(length);
                inventory.refresh_used(keep_warm, life.idle_exit_in());
            }
        }
    }
}

#[cfg(test)]
mod tests;

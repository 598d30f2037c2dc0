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
        if let Some(keep_warm) = config.keep_warm {
            let work = look_over(Arc::clone(inventory), keep_warm);
            tasks.spawn(until(stop.clone(), work));
        }
        Self { tasks, stop }
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
                tracing::warn!(region, kind = job.kind.as_str(), %error, "a refresh failed");
            }
        }
    }
}

async fn look_over(inventory: Arc<Inventory>, keep_warm: Duration) {
    let mut ticks = tokio::time::interval(LOOK_OVER);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        inventory.refresh_used(keep_warm);
    }
}

#[cfg(test)]
mod tests;

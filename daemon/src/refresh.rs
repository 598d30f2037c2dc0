//! Refreshes that nobody waits for.
//!
//! Reads and the scheduler put keys into a bounded queue; a few workers load them.
//! A key stands in the queue once. One whose refresh failed is left alone for a
//! while that grows with every failure.

mod backoff;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::identity::VerifiedIdentity;
use crate::inventory::{Inventory, Key, Kind};
use crate::metrics::Metrics;
use backoff::Backoff;

/// More keys than this are not refreshed at one time; the next read asks again.
const QUEUE_LEN: usize = 256;
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

type JobKey = (Kind, Key);

/// The entrance to the queue.
#[derive(Clone, Debug)]
pub struct Queue {
    sender: Sender<Job>,
    state: Arc<Mutex<State>>,
    metrics: Arc<Metrics>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashSet<JobKey>,
    failing: HashMap<JobKey, Backoff>,
}

/// The other end, for [`Workers`].
#[derive(Debug)]
pub struct Jobs(Receiver<Job>);

/// An empty queue.
#[must_use]
pub fn queue(metrics: Arc<Metrics>, clock: Clock) -> (Queue, Jobs) {
    let (sender, receiver) = mpsc::channel(QUEUE_LEN);
    let queue = Queue {
        sender,
        state: Arc::default(),
        metrics,
        clock,
    };
    (queue, Jobs(receiver))
}

impl Queue {
    /// Asks for a refresh; says whether one will happen. It will not when the
    /// queue is full or when this key failed too recently.
    pub fn offer(&self, job: Job) -> bool {
        let key = (job.kind, job.key.clone());
        let now = self.clock.now();
        let mut state = self.lock();
        if state.waiting.contains(&key) {
            return true;
        }
        if state.failing.get(&key).is_some_and(|b| b.holds_at(now)) {
            return false;
        }
        let accepted = self.sender.try_send(job).is_ok();
        if accepted {
            state.waiting.insert(key);
        } else {
            self.metrics.cache().refresh_dropped();
        }
        accepted
    }

    fn done(&self, key: &JobKey, succeeded: bool) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.waiting.remove(key);
        if succeeded {
            state.failing.remove(key);
            return;
        }
        // Keys that are not asked for any more must not gather here.
        if state.failing.len() >= QUEUE_LEN {
            state.failing.retain(|_, backoff| backoff.holds_at(now));
        }
        state.failing.entry(key.clone()).or_default().failed(now);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        jobs: Jobs,
        queue: &Queue,
        inventory: &Arc<Inventory>,
        metrics: &Arc<Metrics>,
    ) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let jobs = Arc::new(AsyncMutex::new(jobs.0));
        for _ in 0..config.workers {
            let worker = Worker {
                jobs: Arc::clone(&jobs),
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
    jobs: Arc<AsyncMutex<Receiver<Job>>>,
    queue: Queue,
    inventory: Arc<Inventory>,
    metrics: Arc<Metrics>,
}

impl Worker {
    async fn run(self) {
        loop {
            let job = self.jobs.lock().await.recv().await;
            let Some(job) = job else { return };
            self.refresh(&job).await;
        }
    }

    async fn refresh(&self, job: &Job) {
        self.metrics.cache().refresh_begun();
        let outcome = self.inventory.run(job, Instant::now() + LOAD_LIMIT).await;
        let region = &**job.key.region();
        match &outcome {
            Ok(()) => self.metrics.cache().refresh_succeeded(),
            Err(error) => {
                self.metrics.cache().refresh_failed();
                tracing::warn!(region, kind = job.kind.as_str(), %error, "a refresh failed");
            }
        }
        self.queue
            .done(&(job.kind, job.key.clone()), outcome.is_ok());
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

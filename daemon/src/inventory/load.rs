//! One load under way, and all who wait for it.
//!
//! A load is a task of the inventory's, not of the caller who happened to come
//! first: that caller may go away. It publishes pages as they arrive and ends
//! with one outcome that every waiter gets.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_ssm_proto::domain::{Error, ErrorKind};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::cached::Entry;

/// What a load has to show so far.
#[derive(Debug)]
struct Progress<T> {
    pages: Vec<Arc<T>>,
    outcome: Option<Result<Arc<Entry<T>>, Error>>,
}

/// The loading end.
#[derive(Debug)]
pub struct Pages<T>(watch::Sender<Progress<T>>);

/// A waiting end; clones wait for the same load.
#[derive(Debug)]
pub struct Load<T> {
    /// When it began to ask, on the inventory's clock; empty while it waits for
    /// the one before it.
    began: Arc<OnceLock<Duration>>,
    progress: watch::Receiver<Progress<T>>,
}

impl<T> Clone for Load<T> {
    fn clone(&self) -> Self {
        Self {
            began: Arc::clone(&self.began),
            progress: self.progress.clone(),
        }
    }
}

/// Both ends of a load that has not begun to ask.
pub(super) fn announce<T>() -> (Pages<T>, Load<T>) {
    let (sender, progress) = watch::channel(Progress {
        pages: Vec::new(),
        outcome: None,
    });
    let began = Arc::default();
    (Pages(sender), Load { began, progress })
}

/// A load that has failed before it asked anybody.
pub(super) fn failed<T>(why: Error) -> Load<T> {
    let (pages, load) = announce();
    pages.finish(Err(why));
    load
}

impl<T> Pages<T> {
    /// Shows a page to all who wait.
    pub fn publish(&self, page: T) {
        self.0
            .send_modify(|progress| progress.pages.push(Arc::new(page)));
    }

    /// Reads the pages published so far.
    pub fn with<R>(&self, read: impl FnOnce(&[Arc<T>]) -> R) -> R {
        read(&self.0.borrow().pages)
    }

    pub(super) fn finish(&self, outcome: Result<Arc<Entry<T>>, Error>) {
        self.0
            .send_modify(|progress| progress.outcome = Some(outcome));
    }
}

impl<T> Load<T> {
    /// Whether all it will give was asked for at `moment` or later.
    pub(super) fn begins_after(&self, moment: Duration) -> bool {
        self.began.get().is_none_or(|began| *began >= moment)
    }

    /// From now on it asks.
    pub(super) fn begin(&self, now: Duration) {
        // It is told once, by the task that loads.
        let _ = self.began.set(now);
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.began, &other.began)
    }

    /// The pages published so far.
    pub(super) fn with<R>(&self, read: impl FnOnce(&[Arc<T>]) -> R) -> R {
        read(&self.progress.borrow().pages)
    }

    /// Waits until it has ended, however it did.
    pub(super) async fn ended(mut self) {
        let done = self
            .progress
            .wait_for(|progress| progress.outcome.is_some());
        let _ = done.await;
    }

    /// Waits for the whole.
    ///
    /// # Errors
    ///
    /// What the load ended with, or that it did not end in time.
    pub async fn whole(mut self, deadline: Instant) -> Result<Arc<Entry<T>>, Error> {
        let done = self
            .progress
            .wait_for(|progress| progress.outcome.is_some());
        let progress = timeout_at(deadline, done)
            .await
            .map_err(|_| too_slow())?
            .map_err(|_| interrupted())?;
        let outcome = progress.outcome.clone();
        outcome.unwrap_or_else(|| Err(interrupted()))
    }

    /// Waits for the pages after the first `seen`. An empty answer means that
    /// there are no more.
    ///
    /// # Errors
    ///
    /// What the load ended with, or that nothing came in time.
    pub async fn pages_after(
        &mut self,
        seen: usize,
        deadline: Instant,
    ) -> Result<Vec<Arc<T>>, Error> {
        let news = self
            .progress
            .wait_for(|progress| progress.pages.len() > seen || progress.outcome.is_some());
        let progress = timeout_at(deadline, news)
            .await
            .map_err(|_| too_slow())?
            .map_err(|_| interrupted())?;
        match (&progress.pages[seen..], &progress.outcome) {
            ([], Some(Err(error))) => Err(error.clone()),
            (pages, _) => Ok(pages.to_vec()),
        }
    }
}

fn too_slow() -> Error {
    Error::new(ErrorKind::Unavailable, "AWS did not answer in time")
        .why("the time allowed for this command is over")
        .hint("allow more with --timeout; the daemon goes on loading, so a later try may be warm")
}

/// The task is gone without an outcome: it panicked, or the daemon stops.
pub(super) fn interrupted() -> Error {
    Error::new(ErrorKind::Daemon, "the load was interrupted")
        .why("the daemon is stopping, or failed; its log tells")
        .hint("run the command again")
}

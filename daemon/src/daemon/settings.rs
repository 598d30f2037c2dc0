//! The settings of a running daemon: those in use, and where clients find them.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_ssm_proto::domain::Error;
use tokio::sync::watch;

use crate::config::{Config, Origin};

/// What a daemon is started with.
#[derive(Debug)]
pub struct Wanted {
    /// The settings that can be used.
    pub config: Config,
    /// What is wrong with those that were wanted.
    pub broken: Option<Error>,
}

impl From<Config> for Wanted {
    fn from(config: Config) -> Self {
        Self {
            config,
            broken: None,
        }
    }
}

impl Wanted {
    /// Nothing of what was read can be used.
    #[must_use]
    pub fn broken(origin: &Origin, error: Error) -> Self {
        Self {
            config: Config::unread(origin),
            broken: Some(error),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Settings {
    running: Mutex<Arc<Config>>,
    /// Held while they are read again, so that the last who asks has the last word.
    reading: Mutex<()>,
    broken: Option<Error>,
    publish: Option<PathBuf>,
    summary_every: watch::Sender<Option<Duration>>,
}

impl Settings {
    /// Uses these, and publishes them at `publish`.
    pub(super) fn new(wanted: Wanted, publish: Option<PathBuf>) -> Self {
        let Wanted { config, broken } = wanted;
        let settings = Self {
            summary_every: watch::Sender::new(config.metrics_interval()),
            running: Mutex::new(Arc::new(config)),
            reading: Mutex::new(()),
            broken,
            publish,
        };
        settings.publish();
        settings
    }

    /// Those in use.
    pub(super) fn running(&self) -> Arc<Config> {
        Arc::clone(&lock(&self.running))
    }

    /// What is wrong with those that were wanted.
    pub(super) fn broken(&self) -> Option<&Error> {
        self.broken.as_ref()
    }

    /// To be held from reading others to using them.
    pub(super) fn reading(&self) -> MutexGuard<'_, ()> {
        lock(&self.reading)
    }

    /// Uses others from now on.
    pub(super) fn replace(&self, config: Config) {
        self.summary_every.send_replace(config.metrics_interval());
        *lock(&self.running) = Arc::new(config);
        self.publish();
    }

    /// How often the counters are logged, now and whenever that changes.
    pub(super) fn summary_every(&self) -> watch::Receiver<Option<Duration>> {
        self.summary_every.subscribe()
    }

    /// Takes away what was published.
    pub(super) fn withdraw(&self) {
        if let Some(path) = &self.publish {
            // Nobody reads it without a daemon.
            let _ = fs::remove_file(path);
        }
    }

    fn publish(&self) {
        if let Some(path) = &self.publish
            && let Err(error) = self.running().published().write(path)
        {
            tracing::warn!(%error, path = %path.display(), "clients cannot see the settings");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is a single assignment, so a panic leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The settings of a running daemon: those in use, and where clients find them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_ssm_proto::domain::Error;
use tokio::sync::watch;

use crate::config::{Config, Origin};
use crate::lifecycle::SocketFile;

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
    /// Where they are published, and what is there of ours; `None`: nowhere, or not
    /// any more.
    publish: Mutex<Option<Publication>>,
    summary_every: watch::Sender<Option<Duration>>,
}

/// A place for the settings, and our file there.
#[derive(Debug)]
struct Publication {
    path: PathBuf,
    file: Option<SocketFile>,
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
            publish: Mutex::new(publish.map(|path| Publication { path, file: None })),
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

    /// Takes away what was published, unless a successor has published its own there.
    /// Nothing is published from then on.
    pub(super) fn withdraw(&self) {
        let publication = lock(&self.publish).take();
        if let Some(file) = publication.and_then(|publication| publication.file) {
            // Nobody reads it without a daemon.
            let _ = file.remove();
        }
    }

    fn publish(&self) {
        let mut publication = lock(&self.publish);
        let Some(Publication { path, file }) = publication.as_mut() else {
            return;
        };
        match self.running().published().write(path) {
            Ok(()) => *file = SocketFile::at(path).ok(),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "clients cannot see the settings");
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is a single assignment, so a panic leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

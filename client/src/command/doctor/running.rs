//! What the running daemon says of itself, if there is one and it speaks.

use std::path::PathBuf;
use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{CacheEntry, DaemonStatus, Error, Hello, Setting, Stats};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::launch;
use tokio::net::UnixStream;
use tokio::time::Instant;

/// A daemon that is alive needs a fraction of a millisecond for its hello.
pub(super) const HELLO_TIME: Duration = Duration::from_secs(2);

/// Who is behind the socket.
#[derive(Debug)]
pub(super) enum Running {
    /// Nobody was to be asked.
    NotAsked,
    /// There is no socket, or nobody behind it.
    Nobody,
    /// It cannot be connected to, or is not ours.
    Unreachable(Error),
    /// Somebody who takes connections.
    Met(Box<Met>),
}

/// Somebody who takes connections.
#[derive(Debug)]
pub(super) struct Met {
    /// Which daemon it is, or why it does not say.
    pub(super) hello: Result<Hello, Error>,
    /// It took the whole time that it was given, and said nothing.
    pub(super) silent: bool,
    /// The rest is only asked of one who has said hello.
    pub(super) status: Option<DaemonStatus>,
    pub(super) settings: Option<Vec<Setting>>,
    pub(super) stats: Option<Stats>,
    pub(super) cache: Option<Vec<CacheEntry>>,
}

/// Asks it; starts none.
pub(super) async fn ask(endpoint: Option<&Endpoint>, may_ask: bool, until: Instant) -> Running {
    let Some(endpoint) = endpoint.filter(|_| may_ask) else {
        return Running::NotAsked;
    };
    if let Err(error) = endpoint.check_length() {
        return Running::Unreachable(error);
    }
    match launch::connect_running(endpoint, until).await {
        Err(error) => Running::Unreachable(error),
        Ok(None) => Running::Nobody,
        Ok(Some(stream)) => Running::Met(Box::new(meet(stream, until).await)),
    }
}

async fn meet(stream: UnixStream, until: Instant) -> Met {
    let patience = until.min(Instant::now() + HELLO_TIME);
    let greeted = async {
        let client = Client::over(stream, patience).await?;
        Ok((client.hello().await?, client))
    };
    let (hello, mut client) = match greeted.await {
        Ok(greeted) => greeted,
        Err(error) => return Met::without_hello(error, Instant::now() >= patience),
    };
    client.set_deadline(until);
    let (status, settings, stats, cache) = tokio::join!(
        client.status(),
        client.settings(),
        client.metrics(),
        client.cache()
    );
    Met {
        hello: Ok(hello),
        silent: false,
        status: status.ok(),
        settings: settings.ok(),
        stats: stats.ok(),
        cache: cache.ok(),
    }
}

impl Met {
    fn without_hello(error: Error, silent: bool) -> Self {
        Self {
            hello: Err(error),
            silent,
            status: None,
            settings: None,
            stats: None,
            cache: None,
        }
    }
}

impl Running {
    /// The one who takes connections, if there is one.
    pub(super) fn met(&self) -> Option<&Met> {
        match self {
            Self::Met(met) => Some(met),
            _ => None,
        }
    }

    pub(super) fn is_met(&self) -> bool {
        self.met().is_some()
    }

    /// Where a daemon that has said so logs.
    pub(super) fn log_file(&self) -> Option<PathBuf> {
        self.met()?.status.as_ref()?.log_file.clone()
    }
}

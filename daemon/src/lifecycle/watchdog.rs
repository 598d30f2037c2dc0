//! Tells the service manager that the daemon lives, once it has answered itself.
//!
//! A timer alone would say so of a daemon that answers nobody. So before each time it
//! pays itself a visit, which goes where every caller goes: through the accept loop, the
//! server and a service. A visit is no caller: it keeps nobody out and is no reason not
//! to end. It does not come over the socket's name, so that a daemon whose callers take
//! all its places is not taken for a dead one.

use std::io;
use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::Error;
use tokio::net::UnixStream;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, sleep, timeout};

use super::drain::Shutdown;
use super::notify;

/// See the module.
#[derive(Debug)]
pub(super) struct Watchdog {
    /// A daemon that is silent for as long is dead to the service manager.
    patience: Duration,
    visitor: Sender<UnixStream>,
}

/// Where visits come in.
#[derive(Debug, Default)]
pub struct Visits(Option<Receiver<UnixStream>>);

impl Visits {
    /// The next one; waits for ever if none can come any more.
    pub(super) async fn next(&mut self) -> UnixStream {
        if let Some(visits) = &mut self.0 {
            match visits.recv().await {
                Some(visit) => return visit,
                None => self.0 = None,
            }
        }
        std::future::pending().await
    }
}

/// Both ends of the way for visits.
pub(super) fn visitor() -> (Sender<UnixStream>, Visits) {
    let (visitor, visits) = mpsc::channel(1);
    (visitor, Visits(Some(visits)))
}

impl Watchdog {
    /// For a service manager that wants to hear from this process, and where its visits
    /// come in.
    pub(super) fn of_this_process() -> Option<(Self, Visits)> {
        sd_notify::watchdog_enabled().map(Self::new)
    }

    fn new(patience: Duration) -> (Self, Visits) {
        let (visitor, visits) = visitor();
        (Self { patience, visitor }, visits)
    }

    /// Tells the manager twice in its patience, as long as the daemon answers. Returns
    /// when the end has begun, which has a bound of its own.
    pub(super) async fn keep(self, shutdown: &Shutdown) {
        let told = self.tell_while_alive(notify::alive);
        shutdown.draining().run_until_cancelled(told).await;
    }

    async fn tell_while_alive(&self, tell: impl Fn()) {
        loop {
            sleep(self.patience / 2).await;
            while let Err(error) = self.visit().await {
                tracing::warn!(%error, "the daemon does not answer itself");
                sleep(self.patience / 16).await;
            }
            tell();
        }
    }

    /// Asks this daemon for its hello.
    async fn visit(&self) -> Result<(), Silent> {
        let bound = self.patience / 4;
        let asking = async {
            let (ours, theirs) = UnixStream::pair().map_err(Silent::Pair)?;
            self.visitor.send(theirs).await.map_err(|_| Silent::Gone)?;
            let client = Client::over(ours, Instant::now() + bound).await?;
            client.hello().await?;
            Ok(())
        };
        timeout(bound, asking).await.unwrap_or(Err(Silent::Late))
    }
}

/// Why a visit came to nothing.
#[derive(Debug, thiserror::Error)]
enum Silent {
    #[error("no connection can be made: {0}")]
    Pair(#[source] io::Error),
    #[error("nobody accepts connections")]
    Gone,
    #[error("it says nothing in time")]
    Late,
    #[error(transparent)]
    Answer(#[from] Error),
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// How often the manager is told within some time, where visits are answered by
    /// whatever `answers` does with them.
    async fn told(time: Duration, answers: impl AsyncFn(UnixStream)) -> u32 {
        let (watchdog, mut visits) = Watchdog::new(PATIENCE);
        let told = Cell::new(0);
        let answering = async {
            loop {
                answers(visits.next().await).await;
            }
        };
        let telling = watchdog.tell_while_alive(|| told.set(told.get() + 1));
        let both = async { tokio::join!(answering, telling) };
        let ended = timeout(time, both).await;
        assert!(ended.is_err());
        told.get()
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_accepts_and_says_nothing_is_not_called_alive() {
        let held = async |visit: UnixStream| {
            let _visit = visit;
            std::future::pending().await
        };
        assert_eq!(told(10 * PATIENCE, held).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_hangs_up_is_not_called_alive() {
        assert_eq!(told(10 * PATIENCE, async |visit| drop(visit)).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_whose_accept_loop_is_gone_is_not_called_alive() {
        let (watchdog, visits) = Watchdog::new(PATIENCE);
        drop(visits);
        let told = Cell::new(0);
        let telling = watchdog.tell_while_alive(|| told.set(told.get() + 1));
        assert!(timeout(10 * PATIENCE, telling).await.is_err());
        assert_eq!(told.get(), 0);
    }

    #[tokio::test]
    async fn nothing_is_told_once_the_end_has_begun() {
        let (watchdog, _visits) = Watchdog::new(PATIENCE);
        let shutdown = Shutdown::new();
        shutdown.begin(super::super::Reason::Asked, false);
        watchdog.keep(&shutdown).await;
    }
}

//! The end: what is under way is finished, within a bound, and then cut.
//!
//! Ending is a decision that is taken once and never back. Whoever takes it says
//! why; the reason of the first stands. The bound only ever gets shorter.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_ssm_proto::client::DEFAULT_TIMEOUT;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// What is in flight when the daemon begins to end may take this long.
pub(super) const DRAIN: Duration = Duration::from_secs(5);

/// When it is to end now: long enough for the answer that says so to leave.
pub(super) const HURRIED: Duration = Duration::from_millis(250);

/// What is in flight may take this long when nobody waits for the end, because another
/// daemon serves or can be started: as long as a call takes at most by default.
pub(super) const UNHURRIED: Duration = DEFAULT_TIMEOUT;

/// Why a daemon ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A caller asked for it.
    Asked,
    /// A signal, by its number.
    Signal(i32),
    /// Nobody has called for as long as the configuration allows.
    Idle,
    /// A newer program is there, and whoever manages this one starts it next.
    Retired,
    /// A newer program is there; its daemon may start from now on.
    Vacated,
    /// A newer program's daemon serves the socket.
    HandedOver,
    /// The one caller it was started for has left.
    CallerLeft,
    /// Its socket was removed or replaced, so nobody can reach it.
    SocketLost,
    /// Its program was removed, and none has come to its place.
    Removed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("a caller asked for it"),
            Self::Signal(number) => write!(f, "signal {number}"),
            Self::Idle => f.write_str("nobody has called for long"),
            Self::Retired | Self::Vacated => f.write_str("a newer program takes over"),
            Self::HandedOver => f.write_str("a newer program has taken over"),
            Self::CallerLeft => f.write_str("its caller has left"),
            Self::SocketLost => f.write_str("its socket was taken away"),
            Self::Removed => f.write_str("its program was removed"),
        }
    }
}

impl Reason {
    /// Whether another daemon serves or can be started before this one has ended.
    pub(super) fn is_unhurried(self) -> bool {
        matches!(self, Self::Vacated | Self::HandedOver)
    }
}

/// The daemon's end; clones are of the same end.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<State>);

#[derive(Debug)]
struct State {
    /// Cancelled when the end begins.
    draining: CancellationToken,
    /// Cancelled when what is still in flight is cut.
    cut: CancellationToken,
    /// When that will be.
    until: watch::Sender<Option<Instant>>,
    reason: OnceLock<Reason>,
}

impl Shutdown {
    pub(super) fn new() -> Self {
        Self(Arc::new(State {
            draining: CancellationToken::new(),
            cut: CancellationToken::new(),
            until: watch::Sender::new(None),
            reason: OnceLock::new(),
        }))
    }

    /// Begins the end: no new connections, and 5 seconds for what is in flight, or a
    /// minute if nobody waits for that; with `now` only a quarter of one, also if the
    /// end has begun before.
    pub fn begin(&self, reason: Reason, now: bool) {
        let bound = match now {
            true => HURRIED,
            false if reason.is_unhurried() => UNHURRIED,
            false => DRAIN,
        };
        let until = Instant::now() + bound;
        self.0.until.send_if_modified(|current| {
            let sooner = current.is_none_or(|current| until < current);
            if sooner {
                *current = Some(until);
            }
            sooner
        });
        if self.0.reason.set(reason).is_ok() {
            tracing::info!(%reason, "stopping");
        }
        self.0.draining.cancel();
    }

    /// Whether the end has begun.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.is_cancelled()
    }

    /// Why it has begun.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason.get().copied()
    }

    /// Cancelled when the end begins; for everything that runs beside requests.
    #[must_use]
    pub fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    /// Cancelled when connections are to break.
    pub(super) fn cut(&self) -> &CancellationToken {
        &self.0.cut
    }

    /// Waits until the end has begun and its time is up.
    pub(super) async fn overdue(&self) {
        let mut until = self.0.until.subscribe();
        loop {
            let at = *until.borrow_and_update();
            tokio::select! {
                () = reached(at) => return,
                // Cannot fail: the sender lives as long as we do.
                _ = until.changed() => {}
            }
        }
    }
}

async fn reached(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn time_to_overdue(shutdown: &Shutdown) -> Duration {
        let began = Instant::now();
        shutdown.overdue().await;
        began.elapsed().saturating_sub(Duration::from_millis(1))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_in_flight_has_five_seconds() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.is_draining());
        shutdown.begin(Reason::Asked, false);
        assert!(shutdown.is_draining());
        let took = time_to_overdue(&shutdown).await;
        assert!(took <= DRAIN && took > DRAIN / 2, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_waits_for_may_finish_and_still_has_a_bound() {
        for reason in [Reason::Vacated, Reason::HandedOver] {
            let shutdown = Shutdown::new();
            shutdown.begin(reason, false);
            let took = time_to_overdue(&shutdown).await;
            assert!(took <= UNHURRIED && took > DRAIN, "{took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn now_shortens_an_end_that_has_begun() {
        let shutdown = Shutdown::new();
        shutdown.begin(Reason::Idle, false);
        let hurry = async { shutdown.begin(Reason::Asked, true) };
        let (took, ()) = tokio::join!(time_to_overdue(&shutdown), hurry);
        assert!(took <= HURRIED, "{took:?}");
        assert_eq!(
            shutdown.reason(),
            Some(Reason::Idle),
            "the first reason stands"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_is_never_put_off() {
        let shutdown = Shutdown::new();
        shutdown.begin(Reason::Asked, true);
        shutdown.begin(Reason::Asked, false);
        assert!(time_to_overdue(&shutdown).await <= HURRIED);
    }
}

//! What every part of a running daemon may ask of its life.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use tokio::sync::Notify;
use tokio::time::timeout;

use super::drain::{Reason, Shutdown};
use super::idle::{self, Activity};
use super::selfcheck::{self, Program, SocketFile};
use super::signals::Signals;

/// Connections that were cut end at their next step; this is for the step.
const CUT: Duration = Duration::from_secs(1);

/// A daemon's life; clones are of the same one.
#[derive(Clone, Debug)]
pub struct Life(Arc<State>);

#[derive(Debug)]
struct State {
    activity: Activity,
    shutdown: Shutdown,
    /// The settings are to be read again.
    reload: Notify,
}

/// What may end a daemon beside its callers and its idle time.
#[derive(Debug, Default)]
pub struct Watch {
    socket: Option<SocketFile>,
    program: Option<Program>,
    signals: Option<Signals>,
}

impl Watch {
    /// For a daemon inside another program: only the loss of its socket.
    #[must_use]
    pub fn socket(socket: Option<SocketFile>) -> Self {
        Self {
            socket,
            ..Self::default()
        }
    }

    /// For a process that is the daemon: also signals, and another program in the
    /// place of the one it was started from.
    ///
    /// # Errors
    ///
    /// The process's signals or its program cannot be looked at.
    pub fn process(socket: Option<SocketFile>) -> io::Result<Self> {
        Ok(Self {
            socket,
            program: Some(Program::at(env::current_exe()?)?),
            signals: Some(Signals::new()?),
        })
    }
}

impl Life {
    /// A life that ends when nobody has called for `idle_timeout`; `None`: it does
    /// not end for that.
    #[must_use]
    pub fn new(idle_timeout: Option<Duration>) -> Self {
        Self(Arc::new(State {
            activity: Activity::new(idle_timeout),
            shutdown: Shutdown::new(),
            reload: Notify::new(),
        }))
    }

    /// Connections open now.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.0.activity.connected()
    }

    /// How long until the daemon ends if nobody calls from now on; `None`: never.
    #[must_use]
    pub fn idle_exit_in(&self) -> Option<Duration> {
        self.0.activity.remaining()
    }

    /// Ends when nobody has called for this long from now on; `None`: not for that.
    pub fn set_idle_timeout(&self, timeout: Option<Duration>) {
        self.0.activity.set_timeout(timeout);
    }

    /// Waits until a signal asks for the settings to be read again.
    pub async fn asked_to_reload(&self) {
        self.0.reload.notified().await;
    }

    /// The daemon's end.
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// Ends the daemon as soon as nobody is connected, for the sake of a newer
    /// one.
    pub fn retire(&self) {
        self.end_when_alone(Reason::Retired);
    }

    pub(super) fn end_when_alone(&self, reason: Reason) {
        if let Some(reason) = self.0.activity.retire(reason) {
            self.0.shutdown.begin(reason, false);
        }
    }

    pub(super) fn caller_came(&self) {
        self.0.activity.came();
    }

    pub(super) fn caller_left(&self) {
        if let Some(reason) = self.0.activity.left() {
            self.0.shutdown.begin(reason, false);
        }
    }

    /// Runs a server to its end: until it ends by itself, which one that serves
    /// [`Listener::incoming`](super::Listener::incoming) does once the end has
    /// begun and its connections are closed; or until the time for that is up,
    /// when what is left is cut.
    ///
    /// # Errors
    ///
    /// Those of the server.
    pub async fn serve<E>(
        &self,
        serving: impl Future<Output = Result<(), E>>,
        watch: Watch,
    ) -> Result<(), E> {
        let mut serving = pin!(serving);
        tokio::select! {
            served = &mut serving => return served,
            () = self.0.shutdown.overdue() => {}
            never = self.keep_watch(watch) => match never {},
        }
        tracing::warn!(
            connections = self.connections(),
            "cutting what was not finished in time"
        );
        self.0.shutdown.cut().cancel();
        timeout(CUT, serving).await.unwrap_or(Ok(()))
    }

    async fn keep_watch(&self, watch: Watch) -> Infallible {
        let signals = async {
            if let Some(signals) = watch.signals {
                signals.obey(&self.0.shutdown, &self.0.reload).await;
            }
        };
        tokio::join!(
            idle::watch(&self.0.activity, &self.0.shutdown),
            selfcheck::watch(self, watch.socket.as_ref(), watch.program.as_ref()),
            signals,
        );
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream as StdStream;

    use tokio::time::Instant;

    use super::*;
    use crate::lifecycle::Listener;
    use crate::lifecycle::drain::{DRAIN, HURRIED};

    #[tokio::test(start_paused = true)]
    async fn a_server_that_ends_in_time_is_left_to_it() {
        let life = Life::new(None);
        let serving = async {
            life.shutdown().draining().cancelled().await;
            tokio::time::sleep(DRAIN / 2).await;
            Err("its own end")
        };
        life.shutdown().begin(Reason::Asked, false);
        assert_eq!(
            life.serve(serving, Watch::default()).await,
            Err("its own end")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_ends_is_given_up() {
        let life = Life::new(Some(Duration::from_secs(60)));
        let began = Instant::now();
        let serving = std::future::pending::<Result<(), Infallible>>();
        life.serve(serving, Watch::default()).await.unwrap();
        assert_eq!(life.shutdown().reason(), Some(Reason::Idle));
        assert!(began.elapsed() <= Duration::from_secs(61) + DRAIN + CUT);
    }

    /// A server of the real kind with a caller who connected and never speaks,
    /// which its own graceful end would wait for without bound.
    async fn serve_a_silent_caller(now: bool) -> (Duration, Life) {
        let (_caller, ours) = StdStream::pair().unwrap();
        let life = Life::new(None);
        let incoming = Listener::caller(ours).incoming(&life).unwrap();
        let (_reporter, health) = tonic_health::server::health_reporter();
        let serving = tonic::transport::Server::builder().serve_with_incoming_shutdown(
            health,
            incoming,
            std::future::pending(),
        );
        let began = Instant::now();
        let ending = async {
            while life.connections() == 0 {
                tokio::task::yield_now().await;
            }
            life.shutdown().begin(Reason::Asked, now);
        };
        let (served, ()) = tokio::join!(life.serve(serving, Watch::default()), ending);
        served.unwrap();
        (began.elapsed(), life)
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_caller_is_cut_when_the_time_is_up() {
        let (took, life) = serve_a_silent_caller(false).await;
        assert!(took <= DRAIN + CUT, "{took:?}");
        assert_eq!(life.connections(), 0, "its task has ended");
    }

    #[tokio::test(start_paused = true)]
    async fn now_cuts_sooner() {
        let (took, life) = serve_a_silent_caller(true).await;
        assert!(took <= HURRIED + CUT, "{took:?}");
        assert_eq!(life.connections(), 0, "its task has ended");
    }
}

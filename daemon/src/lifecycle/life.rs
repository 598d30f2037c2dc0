//! What every part of a running daemon may ask of its life.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::drain::{HURRIED, Reason, Shutdown};
use super::idle::{self, Activity};
use super::lock::Lock;
use super::program::Program;
use super::selfcheck::{self, SocketFile};
use super::signals::Signals;
use super::succession::{self, Succession};
use super::watchdog::{Visits, Watchdog};
use super::{Listener, Starter};

/// Connections that were cut end at their next step; this is for the step.
const CUT: Duration = Duration::from_secs(1);

/// Between two looks at what the end waits for.
const POLL: Duration = Duration::from_millis(10);

/// Connections are closed when nothing was in flight for so long: when somebody waits
/// for the end, and when nobody does.
const GRACE: Duration = HURRIED;
const LONG_GRACE: Duration = Duration::from_secs(2);

/// A daemon's life; clones are of the same one.
#[derive(Clone, Debug)]
pub struct Life(Arc<State>);

#[derive(Debug)]
struct State {
    activity: Activity,
    shutdown: Shutdown,
    /// The settings are to be read again.
    reload: Notify,
    /// A newer program is there.
    retire: Notify,
    /// Counts the calls by its clones.
    calls: Arc<()>,
    /// What makes this the only daemon of its socket.
    lock: Mutex<Option<Lock>>,
}

/// A call that is being answered, for as long as this is kept.
#[derive(Clone, Debug)]
#[must_use = "the end does not wait for a call that is not counted"]
pub struct Call(#[expect(dead_code, reason = "it counts by being there")] Arc<()>);

/// What may end a daemon beside its callers and its idle time.
#[derive(Debug, Default)]
pub struct Watch {
    socket: Option<SocketFile>,
    program: Option<Program>,
    signals: Option<Signals>,
    succession: Succession,
    watchdog: Option<Watchdog>,
    visits: Visits,
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

    /// For a process that is the daemon: also signals, another program in the place of
    /// the one it was started from, and a service manager who wants to hear that it
    /// lives.
    ///
    /// # Errors
    ///
    /// The process's signals cannot be looked at, or it has no descriptors left.
    pub fn process(listener: &Listener, starter: &Starter) -> io::Result<Self> {
        let (watchdog, visits) = Watchdog::of_this_process().unzip();
        Ok(Self {
            socket: listener.file().cloned(),
            program: starter.program().cloned(),
            signals: Some(Signals::new()?),
            succession: Succession::of(listener, starter)?,
            watchdog,
            visits: visits.unwrap_or_default(),
        })
    }

    /// The visits that the daemon pays itself, for its listener to let in.
    pub fn take_visits(&mut self) -> Visits {
        std::mem::take(&mut self.visits)
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
            retire: Notify::new(),
            calls: Arc::new(()),
            lock: Mutex::new(None),
        }))
    }

    /// Keeps the lock until it is [released](Self::release_lock).
    pub fn keep_lock(&self, lock: Lock) {
        *self.lock() = Some(lock);
    }

    /// Lets the next daemon start, if it may not yet.
    pub fn release_lock(&self) {
        self.lock().take();
    }

    /// Says that this process is the daemon, if it holds the lock.
    pub fn sign_lock(&self) {
        self.with_lock(Lock::sign);
    }

    /// What `look` finds of the lock, if this daemon holds it.
    pub(super) fn with_lock<T>(&self, look: impl FnOnce(&Lock) -> T) -> Option<T> {
        self.lock().as_ref().map(look)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Lock>> {
        // Each change is a single assignment, so a panic leaves nothing half done.
        self.0.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call: the end waits for it as long as its time allows.
    pub fn call(&self) -> Call {
        Call(Arc::clone(&self.0.calls))
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

    /// Makes room for a newer program's daemon, as soon as that disturbs nobody.
    pub fn retire(&self) {
        self.0.retire.notify_one();
    }

    /// Waits until it is to make room.
    pub(super) async fn asked_to_retire(&self) {
        self.0.retire.notified().await;
    }

    /// Waits until no call has been answered for a moment, in which the last answer
    /// leaves and whoever has connected can say what he wants.
    async fn nothing_in_flight(&self) {
        self.0.shutdown.draining().cancelled().await;
        let reason = self.0.shutdown.reason();
        let moment = match reason.is_some_and(Reason::is_unhurried) {
            true => LONG_GRACE,
            false => GRACE,
        };
        let mut since = Instant::now();
        while since.elapsed() < moment {
            sleep(POLL).await;
            if Arc::strong_count(&self.0.calls) > 1 {
                since = Instant::now();
            }
        }
    }

    /// Waits until nobody is connected, at most so long.
    pub(super) async fn alone(&self, bound: Duration) {
        let alone = async {
            while self.connections() > 0 {
                sleep(POLL).await;
            }
        };
        // Who is still there then is not waited for here.
        let _ = timeout(bound, alone).await;
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
            () = self.0.shutdown.overdue() => tracing::warn!(
                connections = self.connections(),
                "cutting what was not finished in time"
            ),
            () = self.nothing_in_flight() => tracing::debug!(
                connections = self.connections(),
                "closing connections that nothing is asked over"
            ),
            never = self.keep_watch(watch) => match never {},
        }
        self.0.shutdown.cut().cancel();
        timeout(CUT, serving).await.unwrap_or(Ok(()))
    }

    async fn keep_watch(&self, watch: Watch) -> Infallible {
        let signals = async {
            if let Some(signals) = watch.signals {
                signals.obey(&self.0.shutdown, &self.0.reload).await;
            }
        };
        let watchdog = async {
            if let Some(watchdog) = watch.watchdog {
                watchdog.keep(&self.0.shutdown).await;
            }
        };
        tokio::join!(
            watchdog,
            idle::watch(&self.0.activity, &self.0.shutdown),
            selfcheck::watch(self, watch.socket.as_ref(), watch.program.as_ref()),
            succession::watch(self, watch.succession, watch.program.as_ref()),
            signals,
        );
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream as StdStream;

    use super::*;
    use crate::lifecycle::Listener;
    use crate::lifecycle::drain::{DRAIN, HURRIED};

    #[tokio::test(start_paused = true)]
    async fn a_server_that_answers_a_call_in_time_is_left_to_it() {
        let life = Life::new(None);
        let _call = life.call();
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
    async fn serve_a_silent_caller(now: bool, calls: bool) -> (Duration, Life) {
        let (_caller, ours) = StdStream::pair().unwrap();
        let life = Life::new(None);
        let _call = calls.then(|| life.call());
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
    async fn a_caller_who_asks_nothing_does_not_hold_up_the_end() {
        let (took, life) = serve_a_silent_caller(false, false).await;
        assert!(took <= GRACE + CUT, "{took:?}");
        assert_eq!(life.connections(), 0, "its task has ended");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_in_flight_is_cut_when_the_time_is_up() {
        let (took, life) = serve_a_silent_caller(false, true).await;
        assert!(took > GRACE + CUT && took <= DRAIN + CUT, "{took:?}");
        assert_eq!(life.connections(), 0, "its task has ended");
    }

    #[tokio::test(start_paused = true)]
    async fn now_cuts_sooner() {
        let (took, life) = serve_a_silent_caller(true, true).await;
        assert!(took <= HURRIED + CUT, "{took:?}");
        assert_eq!(life.connections(), 0, "its task has ended");
    }
}

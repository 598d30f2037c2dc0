//! Who is connected, and how long nobody has been.
//!
//! Nobody is woken when a caller comes or goes: the watcher looks at its own
//! time, at most once in a timeout.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::drain::{Reason, Shutdown};

/// The callers of this moment.
#[derive(Debug)]
pub(super) struct Activity {
    callers: Mutex<Callers>,
    /// Wakes the watcher when its time is another.
    retimed: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Callers {
    /// How long nobody may call before the daemon ends; `None`: for ever.
    timeout: Option<Duration>,
    connected: u64,
    /// When the last one left; the start before the first.
    since: Instant,
    /// Set when the daemon is to end as soon as nobody is connected.
    retire: Option<Reason>,
}

impl Activity {
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        let callers = Callers {
            timeout,
            connected: 0,
            since: Instant::now(),
            retire: None,
        };
        Self {
            callers: Mutex::new(callers),
            retimed: Notify::new(),
        }
    }

    /// Allows another time from now on.
    pub(super) fn set_timeout(&self, timeout: Option<Duration>) {
        self.callers().timeout = timeout;
        self.retimed.notify_one();
    }

    pub(super) fn connected(&self) -> u64 {
        self.callers().connected
    }

    pub(super) fn came(&self) {
        self.callers().connected += 1;
    }

    /// Returns why the daemon is to end now that this caller has left, if it is.
    pub(super) fn left(&self) -> Option<Reason> {
        let mut callers = self.callers();
        callers.connected -= 1;
        callers.since = Instant::now();
        callers.retire.filter(|_| callers.connected == 0)
    }

    /// Returns why the daemon is to end at once, if nobody is connected.
    pub(super) fn retire(&self, reason: Reason) -> Option<Reason> {
        let mut callers = self.callers();
        let retire = *callers.retire.get_or_insert(reason);
        (callers.connected == 0).then_some(retire)
    }

    /// How long until the daemon ends if nobody calls from now on; `None`: never.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let callers = *self.callers();
        let timeout = callers.timeout?;
        Some(remaining(
            callers.connected,
            callers.since.elapsed(),
            timeout,
        ))
    }

    fn callers(&self) -> MutexGuard<'_, Callers> {
        // Each change is a single assignment, so a panic leaves nothing half done.
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is left of `timeout` after nobody was there `for_long`; all of it while
/// somebody is.
fn remaining(connected: u64, for_long: Duration, timeout: Duration) -> Duration {
    if connected > 0 {
        timeout
    } else {
        timeout.saturating_sub(for_long)
    }
}

/// Begins the end once nobody has called for long. Returns when it has begun.
pub(super) async fn watch(activity: &Activity, shutdown: &Shutdown) {
    loop {
        let remaining = activity.remaining();
        if remaining.is_some_and(|remaining| remaining.is_zero()) {
            return shutdown.begin(Reason::Idle, false);
        }
        let time_is_up = async {
            match remaining {
                Some(remaining) => sleep(remaining).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = time_is_up => {}
            () = activity.retimed.notified() => {}
            () = shutdown.draining().cancelled() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1800);

    #[test]
    fn the_time_that_is_left() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        assert_eq!(remaining(0, minutes(0), TIMEOUT), minutes(30));
        assert_eq!(remaining(0, minutes(29), TIMEOUT), minutes(1));
        assert_eq!(remaining(0, minutes(30), TIMEOUT), Duration::ZERO);
        assert_eq!(remaining(0, minutes(90), TIMEOUT), Duration::ZERO);
        assert_eq!(remaining(1, minutes(90), TIMEOUT), minutes(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_nobody_calls_ends() {
        let began = Instant::now();
        let (activity, shutdown) = (Activity::new(Some(TIMEOUT)), Shutdown::new());
        watch(&activity, &shutdown).await;
        assert_eq!(shutdown.reason(), Some(Reason::Idle));
        assert!(began.elapsed() >= TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connected_caller_keeps_it_and_its_time_counts_from_when_he_leaves() {
        let (activity, shutdown) = (Activity::new(Some(TIMEOUT)), Shutdown::new());
        let began = Instant::now();
        activity.came();
        let caller = async {
            sleep(10 * TIMEOUT).await;
            assert!(!shutdown.is_draining());
            assert_eq!(activity.left(), None);
        };
        tokio::join!(watch(&activity, &shutdown), caller);
        assert_eq!(shutdown.reason(), Some(Reason::Idle));
        let late = began.elapsed() - 11 * TIMEOUT;
        assert!(late < Duration::from_secs(1), "{late:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_timeout_it_stays() {
        let (activity, shutdown) = (Activity::new(None), Shutdown::new());
        let watched = timeout(100 * TIMEOUT, watch(&activity, &shutdown)).await;
        assert!(watched.is_err() && !shutdown.is_draining());
        assert_eq!(activity.remaining(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn another_timeout_holds_from_when_it_is_set() {
        let (activity, shutdown) = (Activity::new(None), Shutdown::new());
        let began = Instant::now();
        let change = async {
            sleep(TIMEOUT).await;
            activity.set_timeout(Some(3 * TIMEOUT));
        };
        tokio::join!(watch(&activity, &shutdown), change);
        assert_eq!(shutdown.reason(), Some(Reason::Idle));
        assert_eq!(began.elapsed().as_secs(), (3 * TIMEOUT).as_secs());
    }

    #[tokio::test]
    async fn a_retired_daemon_ends_with_its_last_caller() {
        let activity = Activity::new(None);
        activity.came();
        activity.came();
        assert_eq!(activity.retire(Reason::Retired), None);
        assert_eq!(activity.left(), None);
        assert_eq!(activity.left(), Some(Reason::Retired));
    }

    #[tokio::test]
    async fn a_retired_daemon_without_callers_ends_at_once() {
        assert_eq!(
            Activity::new(None).retire(Reason::Retired),
            Some(Reason::Retired)
        );
    }
}

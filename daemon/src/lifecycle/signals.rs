//! SIGTERM and SIGINT: the first asks for the end, the second insists. SIGHUP asks for
//! the settings to be read again.

use std::io::IsTerminal;
use std::{io, process};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use super::drain::{Reason, Shutdown};

/// The signals that a daemon obeys.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// A daemon on a terminal ends with it, which is what the signal says there.
    hangup: Option<Signal>,
}

impl Signals {
    /// From here on the signals no longer end the process by themselves.
    pub(super) fn new() -> io::Result<Self> {
        let on_terminal = io::stderr().is_terminal();
        let hangup = (!on_terminal).then(|| signal(SignalKind::hangup()));
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: hangup.transpose()?,
        })
    }

    /// Begins the end at the first signal for that, and ends the process at the
    /// second, whatever is still under way. The socket is gone by then, and the lock
    /// goes with the process.
    pub(super) async fn obey(mut self, shutdown: &Shutdown, reload: &Notify) {
        let first = self.next(reload).await;
        shutdown.begin(Reason::Signal(first.as_raw_value()), false);
        let second = self.next(reload).await;
        process::exit(128 + second.as_raw_value());
    }

    async fn next(&mut self, reload: &Notify) -> SignalKind {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return SignalKind::terminate(),
                _ = self.interrupt.recv() => return SignalKind::interrupt(),
                () = received(&mut self.hangup) => reload.notify_one(),
            }
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

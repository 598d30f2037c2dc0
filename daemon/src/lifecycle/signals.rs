//! SIGTERM and SIGINT: the first asks, the second insists.

use std::{io, process};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::drain::{Reason, Shutdown};

/// The two signals that end a daemon.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From here on the signals no longer end the process by themselves.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Begins the end at the first signal, and ends the process at the second,
    /// whatever is still under way. The socket is gone by then, and the lock goes
    /// with the process.
    pub(super) async fn obey(mut self, shutdown: &Shutdown) {
        let first = self.next().await;
        shutdown.begin(Reason::Signal(first.as_raw_value()), false);
        let second = self.next().await;
        process::exit(128 + second.as_raw_value());
    }

    async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        }
    }
}

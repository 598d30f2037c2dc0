//! The signals that end a program, for those that have something to put away first.

use std::io;

use rustix::process::Signal as Sent;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Failure;

/// See the module.
#[derive(Debug)]
pub(crate) struct Ending([(Signal, u8); 3]);

impl Ending {
    /// From here on they no longer end it by themselves.
    pub(crate) fn new() -> io::Result<Self> {
        let ending = |sent: Sent| {
            let number = sent.as_raw();
            let signal = signal(SignalKind::from_raw(number))?;
            Ok::<_, io::Error>((signal, u8::try_from(number).unwrap_or(0)))
        };
        Ok(Self([
            ending(Sent::INT)?,
            ending(Sent::TERM)?,
            ending(Sent::HUP)?,
        ]))
    }

    /// Waits for the first.
    pub(crate) async fn next(&mut self) -> Failure {
        let [(interrupt, two), (terminate, fifteen), (hang_up, one)] = &mut self.0;
        Failure::Interrupted(tokio::select! {
            _ = interrupt.recv() => *two,
            _ = terminate.recv() => *fifteen,
            _ = hang_up.recv() => *one,
        })
    }
}

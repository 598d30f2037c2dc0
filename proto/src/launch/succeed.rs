//! A daemon that starts the one to come after it.
//!
//! It is started like any other and says like any other that it is ready. Its
//! standard input is the socket over which it is handed what it takes over; what that
//! is, the two daemons know.

use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

use tokio::time::Instant;

use super::spawn::spawn;
use super::{DaemonCommand, LAUNCHED_VARIABLE};
use crate::domain::Error;

/// The value of [`LAUNCHED_VARIABLE`] for a daemon that takes over from another.
pub const SUCCESSOR: &str = "successor";

/// Starts `daemon` to take over what comes through `papers`, and waits until it is
/// ready. If this is dropped meanwhile, it is ended.
///
/// # Errors
///
/// It does not start, or not by `deadline`: then its own reason, with its kind.
pub async fn succeed(
    daemon: &DaemonCommand,
    papers: OwnedFd,
    deadline: Instant,
) -> Result<Child, Error> {
    let mut command = daemon.command();
    command.env(LAUNCHED_VARIABLE, SUCCESSOR);
    let (child, _) = spawn(command, Stdio::from(papers), deadline).await?;
    Ok(child)
}

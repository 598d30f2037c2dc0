//! A daemon for one client: `--no-daemon`.
//!
//! It is the same program and the same protocol, on a socket that has no name.
//! The daemon's end is its standard input, and it ends when ours is closed.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::process::{Child, Stdio};

use tokio::net::UnixStream;
use tokio::time::Instant;

use super::DaemonCommand;
use super::report::Greeting;
use super::spawn::{spawn, wait_until_exit};
use crate::domain::{Error, ErrorKind};

/// The argument that makes a daemon serve its standard input alone.
const ARGUMENT: &str = "--oneshot";

/// The process of a daemon for one client. Dropping this kills it.
#[derive(Debug)]
pub struct Oneshot {
    process: Child,
    greeting: Greeting,
}

impl Oneshot {
    /// What it said before it was ready.
    #[must_use]
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Lets the daemon put away what the next one can use. It begins once the
    /// connection is closed; what it has not done by `deadline` is left.
    pub async fn finish(mut self, deadline: Instant) {
        wait_until_exit(&mut self.process, deadline).await;
    }
}

impl Drop for Oneshot {
    fn drop(&mut self) {
        // It may have ended, which is as good.
        let _ = self.process.kill();
    }
}

/// Starts a daemon that serves the returned connection and no other.
///
/// # Errors
///
/// It does not start, or not by `deadline`: then its own reason, with its kind.
pub async fn oneshot(
    daemon: &DaemonCommand,
    deadline: Instant,
) -> Result<(UnixStream, Oneshot), Error> {
    let (ours, theirs) = pair().map_err(|error| {
        Error::new(
            ErrorKind::Daemon,
            "no connection for the daemon can be made",
        )
        .why(error.to_string())
        .hint("close other programs of this user, and try again")
    })?;
    let mut command = daemon.command();
    command.arg(ARGUMENT);
    let (process, greeting) = spawn(command, Stdio::from(theirs), deadline).await?;
    Ok((ours, Oneshot { process, greeting }))
}

fn pair() -> io::Result<(UnixStream, OwnedFd)> {
    let (ours, theirs) = StdStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, OwnedFd::from(theirs)))
}

//! Starts one daemon, however many clients want one.
//!
//! Whoever holds the startup lock starts it; the others look at the socket until
//! it answers. The lock is only held while a start is under way, so nobody needs
//! to clear it after a crash.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;
use std::time::SystemTime;

use tokio::net::UnixStream;
use tokio::time::Instant;

use super::failure::{Failure, identify};
use super::spawn::spawn;
use super::{DaemonCommand, Late, Reached, connect_only, pause};
use crate::domain::{Error, ErrorKind};
use crate::endpoint::Endpoint;

/// What waiting for the startup lock came to.
pub(super) enum Turn {
    /// A daemon listens by now.
    Listening(UnixStream),
    /// It is ours to start one, for as long as this is held.
    Ours(Starts),
}

/// Held by the only one who may start a daemon of this endpoint.
#[derive(Debug)]
#[must_use = "others may start a daemon as soon as this is dropped"]
pub struct Starts {
    _lock: File,
}

/// Keeps every other client from starting a daemon, whoever listens meanwhile.
///
/// # Errors
///
/// The socket's place breaks a rule, or another client is still starting one at the
/// deadline.
pub async fn hold_starts(endpoint: &Endpoint, deadline: Instant) -> Result<Starts, Error> {
    endpoint.prepare()?;
    let lock = open(endpoint).map_err(|error| unlockable(endpoint, &error))?;
    while !is_ours(&lock, endpoint)? {
        pause(deadline).await.map_err(|Late| starting())?;
    }
    Ok(Starts { _lock: lock })
}

pub(super) async fn start(
    endpoint: &Endpoint,
    daemon: &DaemonCommand,
    deadline: Instant,
) -> Result<Reached, Error> {
    endpoint.prepare()?;
    let asked = SystemTime::now();
    let turn = match wait_for_turn(endpoint, deadline).await? {
        Turn::Listening(stream) => return Ok(Reached::running(stream)),
        Turn::Ours(lock) => lock,
    };
    let command = identify(daemon);
    if let Some(failure) = Failure::recall(&endpoint.start_failure)
        && failure.spares(command, asked, SystemTime::now())
    {
        return Err(failure.error);
    }

    let began = Instant::now();
    let spawned = spawn(daemon.command(), Stdio::null(), deadline).await;
    let (_child, greeting) = match spawned {
        Ok(spawned) => spawned,
        Err(error) => {
            let failure = Failure {
                at: SystemTime::now(),
                took: began.elapsed(),
                command,
                error,
            };
            failure.remember(&endpoint.start_failure);
            return Err(failure.error);
        }
    };
    Failure::forget(&endpoint.start_failure);
    let stream = connect_only(endpoint, deadline).await?;
    drop(turn);
    let stream = stream.ok_or_else(|| elsewhere(endpoint))?;
    Ok(Reached { stream, greeting })
}

pub(super) async fn wait_for_turn(endpoint: &Endpoint, deadline: Instant) -> Result<Turn, Error> {
    let lock = open(endpoint).map_err(|error| unlockable(endpoint, &error))?;
    loop {
        let ours = is_ours(&lock, endpoint)?;
        // Looked at again with the lock in hand: its last holder may have
        // started a daemon since we last looked.
        if let Some(stream) = connect_only(endpoint, deadline).await? {
            return Ok(Turn::Listening(stream));
        }
        if ours {
            return Ok(Turn::Ours(Starts { _lock: lock }));
        }
        pause(deadline).await.map_err(|Late| starting())?;
    }
}

fn is_ours(lock: &File, endpoint: &Endpoint) -> Result<bool, Error> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(unlockable(endpoint, &error)),
    }
}

fn starting() -> Error {
    Error::new(ErrorKind::Daemon, "the daemon was not ready in time")
        .why("another aws-ssm is still starting it")
        .hint("try again with a longer --timeout, or use --no-daemon")
}

fn open(endpoint: &Endpoint) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&endpoint.startup_lock)
}

fn unlockable(endpoint: &Endpoint, error: &io::Error) -> Error {
    Error::new(
        ErrorKind::Daemon,
        "the daemon's startup lock cannot be taken",
    )
    .why(format!("{}: {error}", endpoint.startup_lock.display()))
    .hint("check who owns that file and who may write it, or use --no-daemon")
}

pub(super) fn elsewhere(endpoint: &Endpoint) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon started, and is gone")
        .why(format!("nobody listens on {}", endpoint.socket.display()))
        .hint(format!(
            "try again; if it stays so, look into {}",
            endpoint.log.display()
        ))
}

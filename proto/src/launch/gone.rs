//! The end of a daemon: when it has come, and how one that is deaf is brought to it.
//!
//! The lock says both whether a daemon lives, since the system holds it for as long
//! as the process does, and which one: whoever takes it writes its process id into
//! the file. That number alone proves nothing and nobody is ever signalled for it.

use std::fs::{File, TryLockError};
use std::io::{self, Read};

use rustix::process::{Pid, Signal};
use tokio::time::Instant;

use super::{Late, connect_only, not_running, pause};
use crate::domain::{Error, ErrorKind};
use crate::endpoint::Endpoint;

/// A process id and its end of line are shorter.
const LONGEST: u64 = 32;

/// The daemon's lock while somebody holds it; `None`: nobody does.
///
/// # Errors
///
/// The lock cannot be looked at.
pub fn held_lock(endpoint: &Endpoint) -> Result<Option<HeldLock>, Error> {
    look(endpoint).map_err(|error| unreadable_lock(endpoint, &error))
}

/// Which process holds the daemon's lock; `None` if none does, or if it has not said
/// so yet.
///
/// # Errors
///
/// The lock cannot be looked at.
pub fn lock_holder(endpoint: &Endpoint) -> Result<Option<u32>, Error> {
    Ok(held_lock(endpoint)?.and_then(|lock| lock.holder))
}

/// Whether a daemon lives, found out without a connection.
pub(super) fn is_held(endpoint: &Endpoint) -> Result<bool, Error> {
    let lock = look(endpoint).map_err(|error| unreadable_lock(endpoint, &error))?;
    Ok(lock.is_some())
}

/// Waits until the daemon that is process `pid` has ended and another may start,
/// or has started.
///
/// # Errors
///
/// It has not ended by the deadline, or its lock cannot be looked at.
pub async fn wait_until_gone(
    endpoint: &Endpoint,
    pid: u32,
    deadline: Instant,
) -> Result<(), Error> {
    loop {
        match held_lock(endpoint)? {
            None => return Ok(()),
            Some(HeldLock { holder: Some(by) }) if by != pid => return Ok(()),
            Some(_) => {}
        }
        pause(deadline).await.map_err(|Late| {
            Error::new(ErrorKind::Daemon, "the daemon has not ended in time")
                .why(format!("it still holds {}", endpoint.lock.display()))
                .hint("run `aws-ssm daemon stop --now`")
        })?;
    }
}

/// Ends a daemon that takes connections and answers none, and waits until it is
/// gone; returns the process that it was.
///
/// Only a process that listens on our socket, as the system says, and holds our lock
/// and has written so, is taken for the daemon.
///
/// # Errors
///
/// Nobody listens, who listens does not hold the lock, or it may not be ended.
pub async fn end_by_force(endpoint: &Endpoint, deadline: Instant) -> Result<u32, Error> {
    let pid = suspect(endpoint, deadline).await?;
    let process = Process::open(pid).map_err(|error| immortal(pid, &error))?;
    // It is looked at again with the process in hand: the number cannot have passed
    // to another between this look and the signal.
    if suspect(endpoint, deadline).await? == pid {
        process.kill().map_err(|error| immortal(pid, &error))?;
    }
    wait_until_gone(endpoint, pid, deadline).await?;
    Ok(pid)
}

/// The process that both listens and holds the lock.
async fn suspect(endpoint: &Endpoint, deadline: Instant) -> Result<u32, Error> {
    let stream = connect_only(endpoint, deadline).await?;
    let stream = stream.ok_or_else(|| not_running(endpoint))?;
    let listener = stream.peer_cred().ok().and_then(|peer| peer.pid());
    let listener = listener.and_then(|pid| u32::try_from(pid).ok());
    let holder = lock_holder(endpoint)?;
    match (listener, holder) {
        (Some(listener), Some(holder)) if listener == holder => Ok(listener),
        _ => Err(unknown_listener(endpoint, listener, holder)),
    }
}

/// A lock that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldLock {
    /// The process; `None`: it has not said so yet.
    pub holder: Option<u32>,
}

/// Who holds the lock; `None`: nobody.
fn look(endpoint: &Endpoint) -> io::Result<Option<HeldLock>> {
    let lock = match File::open(&endpoint.lock) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match lock.try_lock_shared() {
        Ok(()) => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut text = String::new();
    lock.take(LONGEST).read_to_string(&mut text)?;
    let holder = text.trim().parse().ok();
    Ok(Some(HeldLock { holder }))
}

/// A process that stays the same one whatever becomes of its number.
struct Process {
    #[cfg(target_os = "linux")]
    descriptor: rustix::fd::OwnedFd,
    #[cfg(not(target_os = "linux"))]
    pid: Pid,
}

impl Process {
    fn open(pid: u32) -> io::Result<Self> {
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = raw.ok_or(io::ErrorKind::NotFound)?;
        #[cfg(target_os = "linux")]
        {
            let flags = rustix::process::PidfdFlags::empty();
            let descriptor = rustix::process::pidfd_open(pid, flags)?;
            Ok(Self { descriptor })
        }
        #[cfg(not(target_os = "linux"))]
        Ok(Self { pid })
    }

    fn kill(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::process::pidfd_send_signal(&self.descriptor, Signal::KILL)?;
        #[cfg(not(target_os = "linux"))]
        rustix::process::kill_process(self.pid, Signal::KILL)?;
        Ok(())
    }
}

fn unknown_listener(endpoint: &Endpoint, listener: Option<u32>, holder: Option<u32>) -> Error {
    let process = |pid: Option<u32>| match pid {
        Some(pid) => format!("process {pid}"),
        None => "nobody that could be told".to_owned(),
    };
    Error::new(
        ErrorKind::Daemon,
        "whoever does not answer is not ended, because it may be no daemon",
    )
    .why(format!(
        "{} listens on {}, and {} holds its lock",
        process(listener),
        endpoint.socket.display(),
        process(holder),
    ))
    .hint("look at what that process is, and end it yourself")
}

fn immortal(pid: u32, error: &io::Error) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon cannot be ended")
        .why(format!("process {pid}: {error}"))
        .hint(format!("look at what it does: `ps -fp {pid}`"))
}

fn unreadable_lock(endpoint: &Endpoint, error: &io::Error) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon's lock cannot be looked at")
        .why(format!("{}: {error}", endpoint.lock.display()))
        .hint("check who owns that file and who may read it")
}

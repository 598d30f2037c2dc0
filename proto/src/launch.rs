//! Reaches the daemon, and starts one when nobody answers.
//!
//! A daemon that runs costs one `connect` and the look at who is at the other
//! end; no directory is checked and no file is read for it. Everything else here
//! happens on the first command after a boot. However many clients come at once,
//! one of them starts one daemon, and the others wait for it.
//!
//! Nothing here waits past the deadline it is given, and no daemon is ever
//! judged by its process id.

mod command;
mod failure;
mod gone;
mod oneshot;
mod owner;
pub mod report;
mod spawn;
mod start;
mod succeed;

use std::io;
use std::time::{Duration, SystemTime};

use tokio::net::UnixStream;
use tokio::time::{Instant, sleep_until};

pub use command::{DAEMON_VARIABLE, DaemonCommand, LAUNCHED_VARIABLE};
pub use gone::{HeldLock, end_by_force, held_lock, lock_holder, wait_until_gone};
pub use oneshot::{Oneshot, oneshot};
pub use start::{Starts, hold_starts};
pub use succeed::{SUCCESSOR, succeed};

pub(crate) use spawn::wait_until_exit;

use crate::domain::{Error, ErrorKind};
use crate::endpoint::Endpoint;
use crate::peer::{PeerError, check_peer};
use crate::service::Service;
use report::Greeting;

/// Between two looks at something that another process does.
const POLL: Duration = Duration::from_millis(5);

/// A daemon that was reached.
#[derive(Debug)]
pub struct Reached {
    /// The connection to it.
    pub stream: UnixStream,
    /// What it said to us who started it; nothing when it ran already.
    pub greeting: Greeting,
}

impl Reached {
    /// One that ran already, and had nothing to say.
    fn running(stream: UnixStream) -> Self {
        Self {
            stream,
            greeting: Greeting::default(),
        }
    }
}

/// Connects to the daemon, starting one first if none listens. `daemon` says how
/// to start it and is asked only then; where a service manager owns the socket, only
/// the manager starts it.
///
/// # Errors
///
/// The socket's place breaks a rule, another user listens there, or the daemon
/// does not start: then its own reason, with its kind.
pub async fn connect_or_start(
    endpoint: &Endpoint,
    daemon: impl FnOnce() -> Result<DaemonCommand, Error>,
    deadline: Instant,
) -> Result<Reached, Error> {
    if let Some(stream) = connect_only(endpoint, deadline).await? {
        return Ok(Reached::running(stream));
    }
    match Service::owner_of(endpoint) {
        Some(service) => owner::start(&service, endpoint, deadline).await,
        None => start::start(endpoint, &daemon()?, deadline).await,
    }
}

/// Connects to the daemon if one runs. A socket on which only a service manager
/// listens is left alone: to connect would start the daemon.
///
/// # Errors
///
/// Those of [`connect_only`], or the daemon's lock cannot be looked at.
pub async fn connect_running(
    endpoint: &Endpoint,
    deadline: Instant,
) -> Result<Option<UnixStream>, Error> {
    if Service::owner_of(endpoint).is_some() && !gone::is_held(endpoint)? {
        return Ok(None);
    }
    connect_only(endpoint, deadline).await
}

/// Connects to whoever listens, which may be a service manager that starts the daemon
/// for it; [`not_running`] is the error for those who need one.
///
/// # Errors
///
/// The socket's place breaks a rule, another user listens there, or the daemon
/// takes no connection before the deadline.
pub async fn connect_only(
    endpoint: &Endpoint,
    deadline: Instant,
) -> Result<Option<UnixStream>, Error> {
    loop {
        let error = match UnixStream::connect(&endpoint.socket).await {
            Ok(stream) => {
                check_peer(&stream).map_err(|error| stranger(endpoint, &error))?;
                return Ok(Some(stream));
            }
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::NotFound => return Ok(None),
            io::ErrorKind::ConnectionRefused => {
                // This is also what connecting to a plain file gives.
                endpoint.check_socket_file()?;
                return Ok(None);
            }
            // It died with us in its queue; the next look finds nobody, or its
            // successor. Or its queue is full, because it is short of descriptors.
            io::ErrorKind::ConnectionReset | io::ErrorKind::WouldBlock => {
                pause(deadline).await.map_err(|Late| crowded(endpoint))?
            }
            _ => return Err(unreachable(endpoint, &error)),
        }
    }
}

/// When the last start failed, and why; `None` once one has succeeded.
#[must_use]
pub fn last_failure(endpoint: &Endpoint) -> Option<(SystemTime, Error)> {
    let failure = failure::Failure::recall(&endpoint.start_failure)?;
    Some((failure.at, failure.error))
}

/// The error of a command that needs a running daemon and may not start one.
#[must_use]
pub fn not_running(endpoint: &Endpoint) -> Error {
    Error::new(ErrorKind::Daemon, "no daemon is running")
        .why(format!("nobody listens on {}", endpoint.socket.display()))
        .hint("run `aws-ssm daemon start`, or any command that asks about instances")
}

/// The deadline has passed.
struct Late;

/// Waits a moment, but not past `deadline`.
async fn pause(deadline: Instant) -> Result<(), Late> {
    let now = Instant::now();
    if now >= deadline {
        return Err(Late);
    }
    sleep_until(deadline.min(now + POLL)).await;
    Ok(())
}

fn stranger(endpoint: &Endpoint, error: &PeerError) -> Error {
    Error::new(
        ErrorKind::Daemon,
        format!("{} is not this user's daemon", endpoint.socket.display()),
    )
    .why(error.to_string())
    .hint("run aws-ssm as the user whose daemon it is, or set AWS_SSM_HOME to another place")
}

fn crowded(endpoint: &Endpoint) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon took no connection in time")
        .why(format!("too many wait at {}", endpoint.socket.display()))
        .hint("try again, or look at `aws-ssm daemon status`")
}

/// Whichever rule the place breaks explains more than the failed call does.
fn unreachable(endpoint: &Endpoint, error: &io::Error) -> Error {
    endpoint.prepare().err().unwrap_or_else(|| {
        Error::new(ErrorKind::Daemon, "the daemon cannot be reached")
            .why(format!("{}: {error}", endpoint.socket.display()))
            .hint("check who owns that directory and who may enter it, or use --no-daemon")
    })
}

#[cfg(test)]
mod tests;

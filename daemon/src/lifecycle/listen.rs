//! The daemon's socket: bound, handed over, or a single connection.
//!
//! Only the same user's connections come out of it. When the end begins, the
//! socket's name goes first, so that new callers find no daemon rather than one
//! that ends; whoever has connected by then is still served.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::Path;
use std::time::Duration;

use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::endpoint::{Endpoint, Probe, probe};

use super::drain::DRAIN;
use super::handover::Inheritance;
use super::lock::{Acquired, Lock};
use super::notify::Starter;
use super::selfcheck::SocketFile;
use super::watchdog::Visits;
use crate::sys;

mod accept;

/// A predecessor that ends holds its lock this long at most; then something is
/// wrong with it.
const PATIENCE: Duration = DRAIN.saturating_mul(2);

/// Who may wait to be accepted; the system caps it (4096 on Linux).
const QUEUE: i32 = i32::MAX;

/// Where callers come from.
#[derive(Debug)]
pub struct Listener {
    source: Source,
    visits: Visits,
}

#[derive(Debug)]
enum Source {
    /// A socket that listens, and its name if it has one.
    Socket {
        listener: StdListener,
        file: Option<SocketFile>,
        /// The name is ours to remove.
        ours: bool,
    },
    /// The one caller we were started for.
    Caller(StdStream),
}

/// What opening the socket came to.
#[derive(Debug)]
pub enum Opened {
    /// Callers can connect. The lock is to be kept until the daemon is done.
    Listening(Listener, Lock),
    /// Another daemon serves them.
    AlreadyServed,
}

impl Listener {
    /// Makes this the daemon of `endpoint`, on the socket that the service manager
    /// handed over or else on one that is bound now.
    ///
    /// # Errors
    ///
    /// The socket's place breaks a rule (see [`Endpoint::prepare`]), the service
    /// manager's socket is elsewhere, or another daemon holds the lock and does not
    /// serve.
    pub async fn open(endpoint: &Endpoint, starter: &mut Starter) -> Result<Opened, Error> {
        endpoint.prepare()?;
        if let Some(inheritance) = starter.take_inheritance() {
            return Self::inherit(endpoint, inheritance);
        }
        let handed_over = starter.take_listener();
        if let Some(listener) = &handed_over {
            check_place(listener, endpoint)?;
        }
        // A socket that was handed over listens already, and it is ours.
        let may_be_served = handed_over.is_none();
        let is_served = || may_be_served && matches!(probe(&endpoint.socket), Ok(Probe::Listening));
        let acquired = Lock::acquire(&endpoint.lock, PATIENCE, is_served).await;
        let lock = match acquired.map_err(|error| failed(endpoint, &endpoint.lock, &error))? {
            Acquired::Ours(lock) => lock,
            Acquired::Served => return Ok(Opened::AlreadyServed),
            Acquired::Held => return Err(held(endpoint)),
        };
        let source = match handed_over {
            Some(listener) => Some(Source::handed_over(listener)),
            None => Source::bind(&endpoint.socket, &lock)
                .map_err(|error| failed(endpoint, &endpoint.socket, &error))?,
        };
        Ok(match source {
            Some(source) => Opened::Listening(Self::of(source), lock),
            None => Opened::AlreadyServed,
        })
    }

    /// Takes over from a daemon that hands over its socket and its lock.
    fn inherit(endpoint: &Endpoint, inheritance: Inheritance) -> Result<Opened, Error> {
        let unusable = |path: &Path, error| failed(endpoint, path, &error);
        let file = SocketFile::at(&endpoint.socket);
        let file = file.map_err(|error| unusable(&endpoint.socket, error))?;
        let confirmed = inheritance.confirm();
        let (listener, lock) = confirmed.map_err(|error| unusable(&endpoint.socket, error))?;
        let lock = Lock::inherited(lock, &endpoint.lock).ok_or_else(|| {
            let error = io::Error::other("what was handed over guards another file");
            unusable(&endpoint.lock, error)
        })?;
        let listener = Self::of(Source::Socket {
            listener: claimed(listener),
            file: Some(file),
            ours: true,
        });
        Ok(Opened::Listening(listener, lock))
    }

    /// Whether a service manager made the socket and keeps it.
    pub(super) fn is_managed(&self) -> bool {
        matches!(self.source, Source::Socket { ours: false, .. })
    }

    /// Another descriptor of the socket that listens.
    pub(super) fn share(&self) -> io::Result<Option<OwnedFd>> {
        match &self.source {
            Source::Socket { listener, .. } => Ok(Some(listener.try_clone()?.into())),
            Source::Caller(_) => Ok(None),
        }
    }

    /// Serves the one connection that is this process's standard input.
    ///
    /// # Errors
    ///
    /// The descriptor cannot be taken over.
    pub fn standard_input() -> Result<Self, Error> {
        let stream = sys::take_standard_input().map_err(|error| {
            Error::new(ErrorKind::Daemon, "the standard input cannot be served")
                .why(error.to_string())
                .hint("--oneshot is for aws-ssm, which runs it for --no-daemon")
        })?;
        Ok(Self::caller(stream))
    }

    /// Serves one connection.
    #[must_use]
    pub fn caller(stream: StdStream) -> Self {
        Self::of(Source::Caller(stream))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            visits: Visits::default(),
        }
    }

    /// Also lets these in, who are no callers.
    #[must_use]
    pub fn visited(self, visits: Visits) -> Self {
        Self { visits, ..self }
    }

    /// The socket's file, for as long as it is to be there.
    #[must_use]
    pub fn file(&self) -> Option<&SocketFile> {
        match &self.source {
            Source::Socket { file, .. } => file.as_ref(),
            Source::Caller(_) => None,
        }
    }
}

impl Source {
    /// Binds `path`, clearing away what a dead daemon left there. `None`: somebody
    /// without the lock listens there, such as a service manager on behalf of a
    /// daemon that it has not started yet.
    ///
    /// The directory lets nobody else in, so it does not matter that the socket
    /// has its own mode only from the next step on.
    fn bind(path: &Path, _lock: &Lock) -> io::Result<Option<Self>> {
        match probe(path)? {
            Probe::Listening => return Ok(None),
            Probe::Stale => fs::remove_file(path)?,
            Probe::Absent => {}
        }
        let listener = StdListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Some(Self::Socket {
            listener,
            file: Some(SocketFile::at(path)?),
            ours: true,
        }))
    }

    /// The service manager made the socket, and removes it.
    fn handed_over(listener: StdListener) -> Self {
        let address = listener.local_addr().ok();
        let path = address.as_ref().and_then(|address| address.as_pathname());
        Self::Socket {
            file: path.and_then(|path| SocketFile::at(path).ok()),
            listener: claimed(listener),
            ours: false,
        }
    }
}

/// The same socket, of which the system tells callers that this process listens on it;
/// else it would go on naming the one that was the first to.
fn claimed(listener: StdListener) -> StdListener {
    if let Err(error) = rustix::net::listen(&listener, QUEUE) {
        tracing::warn!(%error, "callers are told of another process than this one");
    }
    listener
}

/// A socket elsewhere is one that no client finds, while the daemon behind it keeps
/// every other from starting.
fn check_place(listener: &StdListener, endpoint: &Endpoint) -> Result<(), Error> {
    let address = listener.local_addr().ok();
    let Some(path) = address.as_ref().and_then(|address| address.as_pathname()) else {
        return Ok(());
    };
    let file = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
    if path == endpoint.socket || file(path).is_some_and(|own| file(&endpoint.socket) == Some(own))
    {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Daemon,
        "the service manager listens where no client looks",
    )
    .why(format!(
        "it handed over {}, and clients connect to {}",
        path.display(),
        endpoint.socket.display()
    ))
    .hint(
        "have ListenStream=%t/aws-ssm/v1.sock in aws-ssmd.socket, as `aws-ssm daemon install` \
         writes it, and no AWS_SSM_HOME in the environment of aws-ssmd.service",
    ))
}

fn failed(endpoint: &Endpoint, path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon cannot listen")
        .why(format!("{}: {error}", path.display()))
        .hint(format!(
            "look at {}, or set AWS_SSM_HOME to another place",
            endpoint.run_dir().display()
        ))
}

fn held(endpoint: &Endpoint) -> Error {
    Error::new(ErrorKind::Daemon, "another daemon is in the way")
        .why(format!(
            "it holds {} and does not listen",
            endpoint.lock.display()
        ))
        .hint("end the process that has the file open: `fuser` names it")
}

#[cfg(test)]
mod tests;

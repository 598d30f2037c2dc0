//! Who started this process, and how they hear that it is ready.
//!
//! A client that launched it reads its standard output; a service manager has a
//! socket for it and may have opened ours already; a person sees the terminal.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::{env, io, process};

use aws_ssm_proto::domain::Error;
use aws_ssm_proto::launch::{LAUNCHED_VARIABLE, SUCCESSOR, report};
use listenfd::ListenFd;
use sd_notify::NotifyState;

use super::handover::Inheritance;
use super::program::Program;
use crate::sys;

/// Device and inode of the journal's stream, as systemd sets it.
const JOURNAL_VARIABLE: &str = "JOURNAL_STREAM";

/// Who started this process.
#[derive(Debug)]
pub struct Starter {
    launched: bool,
    /// By a service manager that keeps nothing of what is printed.
    unheard: bool,
    listener: Option<UnixListener>,
    inheritance: Option<Inheritance>,
    /// `None`: the process is somebody else's, or the system does not tell.
    program: Option<Program>,
}

impl Starter {
    /// Reads who started this process, takes over the socket it was given, and
    /// makes the process a daemon's: away from the terminal of the client that
    /// launched it, with nothing of it left open, and closed to other users.
    ///
    /// To be the first thing that `main` does: it clears variables and closes
    /// descriptors, which no other thread may use.
    ///
    /// # Errors
    ///
    /// The system refuses one of these, or what was handed over is no socket that
    /// listens.
    pub fn of_this_process() -> io::Result<Self> {
        let program = Program::of_this_process().ok();
        let (mut listener, mut unheard) = (handed_over()?, false);
        if listener.is_none() {
            listener = sys::launchd_listener()?;
            unheard = listener.is_some();
        }
        let launched = env::var_os(LAUNCHED_VARIABLE);
        let succeeds = launched.as_ref().is_some_and(|by| by == SUCCESSOR);
        let launched = launched.is_some();
        if launched {
            if listener.is_none() {
                sys::close_inherited()?;
            }
            // Refused to a process that leads a group already, and has no
            // terminal to leave for that reason.
            let _ = sys::leave_terminal();
        }
        sys::keep_to_ourselves()?;
        sys::raise_descriptor_limit()?;
        let papers = succeeds.then(sys::take_standard_input).transpose()?;
        Ok(Self {
            launched,
            unheard,
            listener,
            inheritance: papers.map(Inheritance::receive).transpose()?,
            program,
        })
    }

    /// For a daemon inside another program: there is nobody to tell.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            launched: false,
            unheard: false,
            listener: None,
            inheritance: None,
            program: None,
        }
    }

    /// With a socket that was opened for it.
    #[cfg(test)]
    pub(super) fn with_listener(mut self, listener: UnixListener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Whether a client started this process.
    #[must_use]
    pub fn is_launched(&self) -> bool {
        self.launched
    }

    /// The program that this process was started from.
    pub(super) fn program(&self) -> Option<&Program> {
        self.program.as_ref()
    }

    /// Whether nobody reads the standard error of this process: a client started it,
    /// or launchd, which has no journal.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        self.launched || self.unheard
    }

    /// What the daemon hands over that started us in its place.
    pub(super) fn take_inheritance(&mut self) -> Option<Inheritance> {
        self.inheritance.take()
    }

    /// Whether our standard error is the service manager's journal. It says of which
    /// file it is, since a child of ours would inherit the variable alone.
    #[must_use]
    pub fn is_journaled(&self) -> bool {
        let stream = env::var(JOURNAL_VARIABLE).unwrap_or_default();
        rustix::fs::fstat(rustix::stdio::stderr())
            .is_ok_and(|found| stream == format!("{}:{}", found.st_dev, found.st_ino))
    }

    /// The socket that a service manager opened for us.
    pub(super) fn take_listener(&mut self) -> Option<UnixListener> {
        self.listener.take()
    }

    /// Tells whoever launched this process what to know of the settings.
    pub fn greet(&self, greeting: &report::Greeting) {
        if self.launched {
            // A client that no longer waits needs to know nothing.
            let _ = tell_client(&greeting.text());
        }
    }

    /// Tells that callers are served from now on, and lets go of the standard
    /// streams of whoever launched this process: what it still prints goes to
    /// `log`.
    ///
    /// # Errors
    ///
    /// There is no `/dev/null` to put in their place.
    pub fn ready(&self, log: Option<&Path>) -> io::Result<()> {
        tell_service_manager(NotifyState::Ready);
        if !self.launched {
            return Ok(());
        }
        // A client that no longer waits is no reason to end: the next one comes.
        let _ = tell_client(report::READY);
        sys::release_standard_streams(log)
    }

    /// Tells that another daemon serves this socket. Whoever launched us has what
    /// he wants; a person is told.
    pub fn already_served(&self, socket: &Path) {
        if self.launched {
            let _ = tell_client(report::READY);
        } else {
            eprintln!(
                "aws-ssmd is running already: it listens on {}",
                socket.display()
            );
        }
    }

    /// Tells why the daemon does not start.
    pub fn failed(&self, error: &Error) {
        if self.launched {
            let _ = tell_client(&report::failure(error));
            return;
        }
        let parts = [&error.what, &error.why, &error.hint];
        for part in parts.into_iter().chain(&error.candidates) {
            if !part.is_empty() {
                eprintln!("{part}");
            }
        }
    }
}

/// Tells the service manager, if there is one, that the end has begun.
pub(super) fn stopping() {
    tell_service_manager(NotifyState::Stopping);
}

/// Tells the service manager that the daemon lives.
pub(super) fn alive() {
    tell_service_manager(NotifyState::Watchdog);
}

fn tell_service_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

fn tell_client(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// The socket that systemd passed to this very process. The variables that say so are
/// cleared, so that no child takes them for its own.
fn handed_over() -> io::Result<Option<UnixListener>> {
    let ours = env::var("LISTEN_PID").is_ok_and(|pid| pid == process::id().to_string());
    let mut passed = ListenFd::from_env();
    sys::forget_variables(&["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]);
    if !ours {
        return Ok(None);
    }
    if passed.len() > 1 {
        return Err(misfit(format!("there are {}", passed.len())));
    }
    let listener = passed.take_unix_listener(0);
    let listener = listener.map_err(|error| misfit(error.to_string()))?;
    match &listener {
        Some(listener) if !sys::listens(listener)? => Err(misfit("it does not listen")),
        _ => Ok(listener),
    }
}

fn misfit(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "the service manager is to hand over one socket that listens, and {why}; \
             aws-ssmd.socket as `aws-ssm daemon install` writes it has ListenStream= once"
        ),
    )
}

//! Where the daemon is found: one socket for each user and host.
//!
//! The place follows from the user and the host, never from the session's
//! variables, so that every terminal, editor and cron job of a user reaches the
//! same daemon and no record has to say where it is. (`/run/user/UID` comes and
//! goes with logins. Who does not see it meets at the place in the home
//! directory; every place has a lock of its own, so that neither side can be
//! locked out by a daemon it cannot reach.)
//!
//! This module creates directories, but never changes one that exists, and never
//! removes a file.

mod directory;
mod probe;

use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

pub use directory::{look_at_private_directory, private_directory};
pub use probe::{Probe, probe};

use crate::domain::{Error, ErrorKind};
use crate::hello::PROTOCOL_MAJOR;

/// Bytes of a socket's path that the system takes, its final zero not counted:
/// `sun_path` has 108 on Linux and 104 on macOS.
pub const SOCKET_PATH_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Where snapshots are, below the directory for caches.
pub const SNAPSHOT_DIRECTORY: &str = "snapshots";

/// What decides where the daemon is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSettings {
    /// `AWS_SSM_HOME`: everything is under it. Absolute.
    pub aws_ssm_home: Option<PathBuf>,
    /// The user's home directory. Absolute.
    pub home: PathBuf,
    /// `/run/user/UID`, if it is there and belongs to the user.
    pub run_user: Option<PathBuf>,
    /// Keeps hosts apart that share a home directory.
    pub hostname: String,
}

/// Where one user's daemon on one host is found, and the files around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where the daemon listens.
    pub socket: PathBuf,
    /// Locked by the daemon for as long as it lives.
    pub lock: PathBuf,
    /// Locked by the one client that starts a daemon.
    pub startup_lock: PathBuf,
    /// Why the last start failed, for the clients that waited for it.
    pub start_failure: PathBuf,
    /// What the settings of the running daemon are; see
    /// [`published`](crate::published).
    pub settings: PathBuf,
    /// What outlives a daemon.
    pub state_dir: PathBuf,
    /// The daemon's log.
    pub log: PathBuf,
    /// It is the one that this user's service manager would listen on, if it does;
    /// no place that `AWS_SSM_HOME` names is.
    pub is_the_users: bool,
}

impl Endpoint {
    /// Where these settings lead; touches no file.
    #[must_use]
    pub fn resolve(settings: &EndpointSettings) -> Self {
        Self::resolve_for(settings, PROTOCOL_MAJOR)
    }

    /// The same for a daemon that speaks this major of the protocol. Daemons of two
    /// majors live side by side: no file is both's.
    #[must_use]
    pub fn resolve_for(settings: &EndpointSettings, major: u32) -> Self {
        let (state_dir, run_dir) = match &settings.aws_ssm_home {
            Some(home) => (home.join("state"), home.join("run")),
            None => {
                let state = state_dir(&settings.home, &settings.hostname);
                let run = match &settings.run_user {
                    Some(run_user) => run_user.join("aws-ssm"),
                    None => state.join("run"),
                };
                (state, run)
            }
        };
        let has_runtime = settings.run_user.is_some() || cfg!(target_os = "macos");
        let file = |end: &str| run_dir.join(format!("v{major}.{end}"));
        Self {
            socket: file("sock"),
            lock: file("lock"),
            startup_lock: file("start"),
            start_failure: file("failed"),
            settings: file("settings"),
            log: state_dir.join(format!("aws-ssmd-v{major}.log")),
            state_dir,
            is_the_users: settings.aws_ssm_home.is_none() && has_runtime,
        }
    }

    /// Where this process's user and host lead. Of the environment only
    /// `AWS_SSM_HOME` and `HOME` count, and they are read nowhere else.
    ///
    /// # Errors
    ///
    /// `AWS_SSM_HOME` is not absolute, or neither variable is set.
    pub fn from_process_environment() -> Result<Self, Error> {
        let aws_ssm_home = absolute("AWS_SSM_HOME", env::var_os("AWS_SSM_HOME").as_deref())?;
        let home = absolute("HOME", env::var_os("HOME").as_deref())?;
        if aws_ssm_home.is_none() && home.is_none() {
            return Err(
                Error::new(ErrorKind::Daemon, "no place for the daemon's socket")
                    .why("the variable HOME is not set")
                    .hint("set HOME, or AWS_SSM_HOME to a directory for all of aws-ssm"),
            );
        }
        let euid = geteuid().as_raw();
        Ok(Self::resolve(&EndpointSettings {
            aws_ssm_home,
            home: home.unwrap_or_default(),
            run_user: own_run_user(Path::new("/run/user"), euid),
            hostname: hostname(),
        }))
    }

    /// The directory of the socket and its locks.
    #[must_use]
    pub fn run_dir(&self) -> &Path {
        self.socket
            .parent()
            .expect("the socket was joined to a directory")
    }

    /// Makes the socket's directory, and holds everything against the rules that
    /// must be kept before a daemon may listen there: the path's length, the
    /// directory's owner and mode, and nothing but a socket at the socket's path.
    ///
    /// # Errors
    ///
    /// The rule that is broken, and by which file.
    pub fn prepare(&self) -> Result<(), Error> {
        self.check_length()?;
        private_directory(self.run_dir(), geteuid().as_raw())?;
        self.check_socket_file()
    }

    /// Holds the length of the socket's path against what the system takes.
    ///
    /// # Errors
    ///
    /// It is longer.
    pub fn check_length(&self) -> Result<(), Error> {
        let length = self.socket.as_os_str().len();
        if length <= SOCKET_PATH_MAX {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Daemon,
            "the path of the daemon's socket is too long",
        )
        .why(format!(
            "{} has {length} bytes, and this system takes {SOCKET_PATH_MAX}",
            self.socket.display()
        ))
        .hint("set AWS_SSM_HOME to a directory with a shorter path"))
    }

    /// Holds it against the rule that nothing but a socket is in the socket's place.
    ///
    /// # Errors
    ///
    /// Something else is.
    pub fn check_socket_file(&self) -> Result<(), Error> {
        match self.socket.symlink_metadata() {
            Ok(found) if !found.file_type().is_socket() => Err(Error::new(
                ErrorKind::Daemon,
                "something else is in the place of the daemon's socket",
            )
            .why(format!("{} is not a socket", self.socket.display()))
            .hint("look at what it is, and move it away")),
            _ => Ok(()),
        }
    }
}

/// The fixed place of state in a home directory. macOS gives hosts names that
/// change with the network and has no shared homes, so the host's name is left
/// out there.
fn state_dir(home: &Path, hostname: &str) -> PathBuf {
    if cfg!(target_os = "macos") {
        home.join("Library/Application Support/aws-ssm")
    } else {
        home.join(".local/state/aws-ssm").join(host_hash(hostname))
    }
}

/// Eight hexadecimal digits for a host: short, for the sake of the socket's
/// path, and the same in every build (FNV-1a; nobody picks a host's name to
/// collide with another's).
fn host_hash(hostname: &str) -> String {
    let hash = hostname.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{hash:08x}")
}

fn hostname() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// The user's directory under `/run/user`, even if no variable names it.
fn own_run_user(root: &Path, euid: u32) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let dir = root.join(euid.to_string());
    let found = dir.symlink_metadata().ok()?;
    (found.is_dir() && found.uid() == euid).then_some(dir)
}

/// The daemon's working directory is not the client's, so a relative path would
/// lead them apart.
fn absolute(name: &str, value: Option<&OsStr>) -> Result<Option<PathBuf>, Error> {
    let Some(value) = value.filter(|value| !value.as_bytes().is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(value);
    if path.is_absolute() {
        Ok(Some(path))
    } else {
        Err(
            Error::new(ErrorKind::Usage, format!("{name} is not an absolute path"))
                .why(format!("it is `{}`", path.display()))
                .hint(format!("set {name} to a path that begins with /")),
        )
    }
}

#[cfg(test)]
mod tests;

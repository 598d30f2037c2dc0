//! The daemon as a service of its user: which service manager owns it, and in what
//! state it is there.
//!
//! A socket has one owner. Where a service manager listens on it, no client starts a
//! daemon beside it: it asks the manager instead. All this is looked at only when
//! nobody answers, so a daemon that runs is reached without any of it.
//!
//! It owns the names and places of the units, and asks the manager's own tool, always
//! with a deadline. It writes no file; `aws-ssm daemon install` does.

mod ask;
mod state;

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use tokio::time::Instant;

pub use ask::{Said, no_manager};
pub use state::{Failed, State};

use crate::domain::Error;
use crate::endpoint::Endpoint;

/// The unit that listens, on systemd.
pub const SOCKET_UNIT: &str = "aws-ssmd.socket";
/// The unit that serves, on systemd.
pub const SERVICE_UNIT: &str = "aws-ssmd.service";
/// The name of the job, on launchd.
pub const JOB: &str = "aws-ssmd";

/// Whoever starts what a user wants to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// The user's own systemd, `systemctl --user`.
    Systemd,
    /// macOS.
    Launchd,
}

/// Where a user's service is, whether it is installed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Who would run it.
    pub manager: Manager,
    /// The directory of its units.
    pub units: PathBuf,
    /// The user's runtime directory, `/run/user/UID`.
    runtime: PathBuf,
    /// Where units are that an administrator has enabled for all users.
    for_all: PathBuf,
    uid: u32,
}

impl Service {
    /// The one of this process's user. Of the environment, `HOME` and
    /// `XDG_CONFIG_HOME` count.
    ///
    /// `None`: there is no home directory to have it in.
    #[must_use]
    pub fn of_this_process() -> Option<Self> {
        let path = |name| env::var_os(name).map(PathBuf::from);
        let home = path("HOME").filter(|home| home.is_absolute())?;
        let config = path("XDG_CONFIG_HOME").filter(|config| config.is_absolute());
        let uid = geteuid().as_raw();
        let runtime = Path::new("/run/user").join(uid.to_string());
        Some(match cfg!(target_os = "macos") {
            true => Self::launchd(&home, uid),
            false => Self::systemd(config.unwrap_or_else(|| home.join(".config")), runtime, uid),
        })
    }

    /// One of systemd, with these directories for configuration and runtime files.
    #[must_use]
    pub fn systemd(config: impl AsRef<Path>, runtime: impl Into<PathBuf>, uid: u32) -> Self {
        Self {
            manager: Manager::Systemd,
            units: config.as_ref().join("systemd/user"),
            runtime: runtime.into(),
            for_all: PathBuf::from("/etc/systemd/user"),
            uid,
        }
    }

    /// One of launchd, in this home directory.
    #[must_use]
    pub fn launchd(home: &Path, uid: u32) -> Self {
        Self {
            manager: Manager::Launchd,
            units: home.join("Library/LaunchAgents"),
            runtime: PathBuf::new(),
            for_all: PathBuf::from("/Library/LaunchAgents"),
            uid,
        }
    }

    /// The one that owns this endpoint, if one does: it is enabled, and its manager is
    /// there to start it.
    #[must_use]
    pub fn owner_of(endpoint: &Endpoint) -> Option<Self> {
        let service = endpoint.is_the_users.then(Self::of_this_process)??;
        (service.is_enabled() && service.has_manager()).then_some(service)
    }

    /// The files that make it, the one that listens first.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        match self.manager {
            Manager::Systemd => [SOCKET_UNIT, SERVICE_UNIT]
                .map(|unit| self.units.join(unit))
                .to_vec(),
            Manager::Launchd => vec![self.units.join(format!("{JOB}.plist"))],
        }
    }

    /// What makes the manager listen whenever the user is there.
    #[must_use]
    pub fn enabled_by(&self) -> PathBuf {
        enabled_in(self.manager, &self.units)
    }

    /// Whether it is to listen whenever the user is there.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        [&self.units, &self.for_all]
            .into_iter()
            .any(|units| enabled_in(self.manager, units).symlink_metadata().is_ok())
    }

    /// Whether a manager runs for this user. Without one nobody else would start the
    /// daemon, as in a container that shares a home directory.
    #[must_use]
    pub fn has_manager(&self) -> bool {
        match self.manager {
            Manager::Systemd => self.runtime.join("systemd/private").exists(),
            Manager::Launchd => true,
        }
    }

    /// Has the manager listen, anew if it does already: its socket may have lost its
    /// name.
    ///
    /// # Errors
    ///
    /// It cannot be asked, or it refuses.
    pub async fn listen(&self, deadline: Instant) -> Result<(), Error> {
        let (tool, arguments) = match self.manager {
            Manager::Systemd => ("systemctl", words(&["--user", "restart", SOCKET_UNIT])),
            Manager::Launchd => {
                let plist = self.enabled_by().display().to_string();
                ("launchctl", vec!["bootstrap".into(), self.domain(), plist])
            }
        };
        self.order(tool, &arguments, deadline).await
    }

    /// Has the manager forget that it has given up, if it has.
    pub async fn forgive(&self, deadline: Instant) {
        if self.manager == Manager::Systemd {
            let arguments = words(&["--user", "reset-failed", SOCKET_UNIT, SERVICE_UNIT]);
            // Units that it does not know have not failed.
            let _ = self.ask("systemctl", &arguments, deadline).await;
        }
    }

    /// In what state it is.
    ///
    /// # Errors
    ///
    /// The manager cannot be asked.
    pub async fn state(&self, deadline: Instant) -> Result<State, Error> {
        match self.manager {
            Manager::Systemd => {
                let arguments = state::question();
                let said = self.ask("systemctl", &arguments, deadline).await?;
                match said.succeeded {
                    true => Ok(State::of_systemd(&said.stdout)),
                    false => Err(ask::refused("systemctl", &arguments, &said)),
                }
            }
            Manager::Launchd => {
                let job = format!("{}/{JOB}", self.domain());
                let arguments = ["print".to_owned(), job];
                let said = self.ask("launchctl", &arguments, deadline).await?;
                Ok(State::of_launchd(&said))
            }
        }
    }

    /// Has the manager's tool do something.
    ///
    /// # Errors
    ///
    /// It is not there, or it refuses; then with its words.
    pub async fn order(
        &self,
        tool: &str,
        arguments: &[String],
        deadline: Instant,
    ) -> Result<(), Error> {
        let said = self.ask(tool, arguments, deadline).await?;
        match said.succeeded {
            true => Ok(()),
            false => Err(ask::refused(tool, arguments, &said)),
        }
    }

    /// What the manager's tool says to these arguments, whether it is pleased or not.
    ///
    /// # Errors
    ///
    /// It is not there, or has not ended by `deadline`.
    pub async fn ask(
        &self,
        tool: &str,
        arguments: &[String],
        deadline: Instant,
    ) -> Result<Said, Error> {
        let mut command = std::process::Command::new(tool);
        command.args(arguments);
        // It finds the manager by this, which not every session has.
        if self.manager == Manager::Systemd && env::var_os("XDG_RUNTIME_DIR").is_none() {
            command.env("XDG_RUNTIME_DIR", &self.runtime);
        }
        let said = ask::ask(command, deadline).await;
        said.map_err(|error| ask::cannot(tool, &error))
    }

    /// Where launchd keeps the jobs of this user.
    #[must_use]
    pub fn domain(&self) -> String {
        format!("gui/{}", self.uid)
    }
}

fn enabled_in(manager: Manager, units: &Path) -> PathBuf {
    match manager {
        Manager::Systemd => units.join("sockets.target.wants").join(SOCKET_UNIT),
        Manager::Launchd => units.join(format!("{JOB}.plist")),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Whether a tool could not be run because there is none.
fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn systemd(home: &Path) -> Service {
        Service {
            for_all: home.join("etc"),
            ..Service::systemd(home.join("config"), home.join("run"), 1000)
        }
    }

    #[test]
    fn the_units_of_a_user_are_where_systemd_looks_for_them() {
        let service = Service::systemd("/home/ada/.config", "/run/user/1000", 1000);
        let units = "/home/ada/.config/systemd/user";
        let files = ["aws-ssmd.socket", "aws-ssmd.service"];
        assert_eq!(
            service.files(),
            files.map(|file| Path::new(units).join(file))
        );
        let enabled = "sockets.target.wants/aws-ssmd.socket";
        assert_eq!(service.enabled_by(), Path::new(units).join(enabled));
    }

    #[test]
    fn the_job_of_a_user_is_where_launchd_looks_for_it() {
        let service = Service::launchd(Path::new("/Users/ada"), 501);
        let plist = Path::new("/Users/ada/Library/LaunchAgents/aws-ssmd.plist");
        assert_eq!(service.files(), [plist]);
        assert_eq!(service.enabled_by(), plist);
        assert_eq!(service.domain(), "gui/501");
    }

    #[test]
    fn a_unit_is_enabled_by_its_link_and_not_by_its_file() {
        let home = tempfile::tempdir().unwrap();
        let service = systemd(home.path());
        let link = service.enabled_by();
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        fs::write(&service.files()[0], "").unwrap();
        assert!(!service.is_enabled());
        // Also one that leads nowhere: the manager has loaded it before.
        symlink("../gone", &link).unwrap();
        assert!(service.is_enabled());
    }

    #[test]
    fn an_administrator_may_have_enabled_it_for_all() {
        let home = tempfile::tempdir().unwrap();
        let service = systemd(home.path());
        let link = enabled_in(service.manager, &service.for_all);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink("/usr/lib/systemd/user/aws-ssmd.socket", link).unwrap();
        assert!(service.is_enabled());
    }

    #[test]
    fn without_a_manager_nobody_else_would_start_it() {
        let home = tempfile::tempdir().unwrap();
        let service = systemd(home.path());
        assert!(!service.has_manager());
        fs::create_dir_all(home.path().join("run/systemd/private")).unwrap();
        assert!(service.has_manager());
    }
}

//! What the service manager knows of the units: read from its words, judged nowhere
//! else.

use std::path::PathBuf;

use super::{SERVICE_UNIT, SOCKET_UNIT, Said, words};
use crate::domain::{Error, ErrorKind};

/// The properties that are asked for, of both units.
const PROPERTIES: &str = "Id,LoadState,LoadError,UnitFileState,ActiveState,SubState,Result,\
     FragmentPath,NeedDaemonReload,MainPID,ExecMainStatus,NRestarts,ExecStart";

/// What the daemon exits with when its configuration is wrong.
const CONFIGURATION: u32 = 2;

/// The units of one user at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The file of the unit that listens, as the manager has loaded it.
    pub socket_file: Option<PathBuf>,
    /// The file of the unit that serves.
    pub service_file: Option<PathBuf>,
    /// Whether it listens after the next login, too.
    pub enabled: bool,
    /// Whether the manager listens, or the daemon that it started does.
    pub listening: bool,
    /// The process of the daemon that the manager has started.
    pub pid: Option<u32>,
    /// How often it was started again after a failure.
    pub restarts: u32,
    /// The program that would be started.
    pub program: Option<PathBuf>,
    /// The files have changed since the manager read them.
    pub needs_reload: bool,
    /// The manager has given up.
    pub failed: Option<Failed>,
}

/// Why a manager has given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The unit.
    pub unit: String,
    /// The manager's word for it, such as `service-start-limit-hit`.
    pub result: String,
    /// What the daemon exited with last.
    pub exit_status: Option<u32>,
}

/// The arguments that have systemd say it.
pub(super) fn question() -> Vec<String> {
    let property = format!("--property={PROPERTIES}");
    words(&["--user", "show", &property, SOCKET_UNIT, SERVICE_UNIT])
}

impl State {
    /// Reads what `systemctl show` says of both units.
    pub(super) fn of_systemd(said: &str) -> Self {
        let mut state = Self::default();
        let mut failed = [None, None];
        for block in said.split("\n\n") {
            let unit = Unit(block);
            let file = unit.get("FragmentPath").map(PathBuf::from);
            state.needs_reload |= unit.get("NeedDaemonReload") == Some("yes");
            match unit.get("Id") {
                Some(SOCKET_UNIT) => {
                    state.socket_file = file;
                    let enabled = unit.get("UnitFileState");
                    state.enabled = enabled.is_some_and(|state| state.starts_with("enabled"));
                    state.listening = unit.get("ActiveState") == Some("active");
                    failed[0] = unit.failed();
                }
                Some(SERVICE_UNIT) => {
                    state.service_file = file;
                    state.pid = unit.number("MainPID").filter(|pid| *pid != 0);
                    state.restarts = unit.number("NRestarts").unwrap_or(0);
                    state.program = unit.get("ExecStart").and_then(program);
                    failed[1] = unit.failed();
                }
                _ => {}
            }
        }
        let [socket, service] = failed;
        // The socket fails of the service, which knows more; but a service that has
        // failed is started by the next connection, as long as the socket listens.
        state.failed = socket.map(|socket| Failed {
            exit_status: service.and_then(|service| service.exit_status),
            ..socket
        });
        state
    }

    /// Reads what `launchctl print` says of the job.
    pub(super) fn of_launchd(said: &Said) -> Self {
        let value = |key: &str| {
            let lines = said.stdout.lines().map(str::trim);
            lines
                .filter_map(|line| line.split_once(" = "))
                .find_map(|(name, value)| (name == key).then_some(value))
        };
        Self {
            socket_file: value("path").map(PathBuf::from),
            service_file: value("path").map(PathBuf::from),
            enabled: said.succeeded,
            listening: said.succeeded,
            pid: value("pid").and_then(|pid| pid.parse().ok()),
            program: value("program").map(PathBuf::from),
            ..Self::default()
        }
    }

    /// The error of whoever needs the daemon of a manager that has given up.
    #[must_use]
    pub fn failure(&self) -> Option<Error> {
        let failed = self.failed.as_ref()?;
        let exit = failed.exit_status.filter(|status| *status != 0);
        let missing = self.program.as_ref().filter(|program| !program.exists());
        let (kind, why, first) = match (missing, exit) {
            (Some(program), _) => (
                ErrorKind::Daemon,
                format!("its program is gone, {}", program.display()),
                "put it back, or run `aws-ssm daemon install` for another one".to_owned(),
            ),
            (None, Some(CONFIGURATION)) => (
                ErrorKind::Config,
                "the daemon finds a mistake in its configuration".to_owned(),
                "mend what `aws-ssm config check` shows".to_owned(),
            ),
            (None, exit) => {
                let exit = exit.map(|status| format!(", and exited with {status} last"));
                (
                    ErrorKind::Daemon,
                    format!(
                        "it has failed to start too often{}",
                        exit.unwrap_or_default()
                    ),
                    format!("`journalctl --user-unit {SERVICE_UNIT}` says why; mend that"),
                )
            }
        };
        let (unit, result) = (&failed.unit, &failed.result);
        Some(
            Error::new(kind, "the service manager has given the daemon up")
                .why(format!("{unit} has failed ({result}): {why}"))
                .hint(format!(
                    "{first}, then run `aws-ssm daemon start` (which is `systemctl --user \
                     reset-failed {SOCKET_UNIT} {SERVICE_UNIT}` and `systemctl --user start \
                     {SOCKET_UNIT}`)"
                )),
        )
    }
}

/// What is said of one unit, a property a line.
struct Unit<'a>(&'a str);

impl<'a> Unit<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix('=');
        self.0.lines().find_map(value).filter(|v| !v.is_empty())
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }

    fn failed(&self) -> Option<Failed> {
        (self.get("ActiveState") == Some("failed")).then(|| Failed {
            unit: self.get("Id").unwrap_or_default().to_owned(),
            result: self.get("Result").unwrap_or_default().to_owned(),
            exit_status: self.number("ExecMainStatus"),
        })
    }
}

/// The path in `{ path=/usr/bin/aws-ssmd ; argv[]=… ; … }`.
fn program(started: &str) -> Option<PathBuf> {
    let path = started.split_once("path=")?.1;
    let path = path.split_once(" ; ").map_or(path, |(path, _)| path);
    Some(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As systemd 252 says it.
    fn said(socket: &str, result: &str, service: &str, exit: u32) -> String {
        format!(
            "Result={result}\nId=aws-ssmd.socket\nLoadState=loaded\nActiveState={socket}\n\
             SubState=listening\nFragmentPath=/h/.config/systemd/user/aws-ssmd.socket\n\
             UnitFileState=enabled\nNeedDaemonReload=no\n\n\
             MainPID=42\nResult=success\nNRestarts=3\nExecMainStatus={exit}\n\
             ExecStart={{ path=/opt/with space/aws-ssmd ; argv[]=/opt/with space/aws-ssmd ; \
             ignore_errors=no ; start_time=[n/a] }}\n\
             Id=aws-ssmd.service\nLoadState=loaded\nActiveState={service}\nSubState=running\n\
             FragmentPath=/h/.config/systemd/user/aws-ssmd.service\nUnitFileState=static\n\
             NeedDaemonReload=yes\n"
        )
    }

    #[test]
    fn a_service_that_runs_is_read() {
        let state = State::of_systemd(&said("active", "success", "active", 0));
        assert!(state.enabled && state.listening && state.needs_reload);
        assert_eq!((state.pid, state.restarts), (Some(42), 3));
        assert_eq!(state.program, Some("/opt/with space/aws-ssmd".into()));
        assert_eq!(state.failed, None);
        assert_eq!(state.failure(), None);
    }

    #[test]
    fn units_that_are_not_there_are_in_no_state() {
        let said = "Id=aws-ssmd.socket\nLoadState=not-found\nActiveState=inactive\n\n\
                    Id=aws-ssmd.service\nLoadState=not-found\nActiveState=inactive\nMainPID=0\n";
        assert_eq!(State::of_systemd(said), State::default());
    }

    #[test]
    fn a_socket_that_was_given_up_is_told_with_what_brings_it_back() {
        let said = said("failed", "service-start-limit-hit", "failed", 6);
        let said = said.replace("/opt/with space/aws-ssmd", "/bin/sh");
        let error = State::of_systemd(&said).failure().expect("a failure");
        assert_eq!(error.kind, ErrorKind::Daemon);
        for word in ["service-start-limit-hit", "exited with 6"] {
            assert!(error.why.contains(word), "{error}");
        }
        for word in ["journalctl --user-unit", "daemon start", "reset-failed"] {
            assert!(error.hint.contains(word), "{error:?}");
        }
    }

    #[test]
    fn a_wrong_configuration_is_told_as_one() {
        let said = said("failed", "service-start-limit-hit", "failed", 2);
        let said = said.replace("/opt/with space/aws-ssmd", "/bin/sh");
        let error = State::of_systemd(&said).failure().expect("a failure");
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.hint.contains("aws-ssm config check"), "{error:?}");
    }

    #[test]
    fn a_program_that_is_gone_is_named() {
        let said = said("failed", "service-start-limit-hit", "failed", 203);
        let error = State::of_systemd(&said).failure().expect("a failure");
        assert!(error.why.contains("/opt/with space/aws-ssmd"), "{error}");
        assert!(error.hint.contains("daemon install"), "{error:?}");
    }

    #[test]
    fn a_service_that_failed_under_a_socket_that_listens_has_another_try() {
        let state = State::of_systemd(&said("active", "success", "failed", 6));
        assert_eq!(state.failure(), None);
    }

    #[test]
    fn a_job_of_launchd_is_read() {
        let said = Said {
            succeeded: true,
            stdout: "gui/501/aws-ssmd = {\n\tpath = /Users/ada/Library/LaunchAgents/aws-ssmd.plist\
                     \n\tstate = running\n\n\tprogram = /opt/homebrew/bin/aws-ssmd\n\tpid = 42\n}\n"
                .into(),
            ..Said::default()
        };
        let state = State::of_launchd(&said);
        assert_eq!(state.pid, Some(42));
        assert_eq!(state.program, Some("/opt/homebrew/bin/aws-ssmd".into()));
        assert!(!State::of_launchd(&Said::default()).listening);
    }
}

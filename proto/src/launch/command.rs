//! How the daemon is started: which program, and with what of our environment.
//!
//! The daemon serves every terminal of its user, so it gets nothing of the one
//! that happens to start it: no credentials, no AWS settings, no descriptors, and
//! no working directory.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf, absolute};
use std::process::Command;

use crate::domain::{Error, ErrorKind};

/// Names the daemon's program; for packagers and for tests.
pub const DAEMON_VARIABLE: &str = "AWS_SSM_DAEMON";

/// Set for a daemon that a client starts: its standard output is the client's to
/// read until it is ready, see [`report`](super::report), and its standard error
/// goes the same way. One that another daemon starts in its own place is told so by
/// the value, [`SUCCESSOR`](super::SUCCESSOR).
pub const LAUNCHED_VARIABLE: &str = "AWS_SSM_LAUNCHED";

const PROGRAM: &str = "aws-ssmd";

/// Variables that a daemon inherits.
const INHERITED: [&str; 9] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "LANG",
    "TZ",
    "RUST_BACKTRACE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
/// Beginnings of variables that a daemon inherits.
const INHERITED_PREFIXES: [&str; 3] = ["LC_", "XDG_", "AWS_SSM_"];

/// A program to start, with all it is given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DaemonCommand {
    /// Its path; absolute, since it starts in the root directory.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl DaemonCommand {
    /// The daemon's program with `args`, and what it may have of this process's
    /// environment.
    ///
    /// The program is the one that [`DAEMON_VARIABLE`] names, else the one beside
    /// our own, else the first in `PATH`.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn from_process_environment(args: Vec<OsString>) -> Result<Self, Error> {
        let program = find_program(
            env::var_os(DAEMON_VARIABLE).as_deref(),
            env::current_exe().ok().as_deref(),
            env::var_os("PATH").as_deref(),
        )?;
        Ok(Self {
            program,
            args,
            environment: env::vars_os().filter_map(inherited).collect(),
        })
    }

    /// Another program with what this process was given: its arguments, and of its
    /// environment what a daemon may have.
    #[must_use]
    pub fn like_this_process(program: PathBuf) -> Self {
        Self {
            program,
            args: env::args_os().skip(1).collect(),
            environment: env::vars_os().filter_map(inherited).collect(),
        }
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env(LAUNCHED_VARIABLE, "1")
            .current_dir("/");
        command
    }
}

/// The variable as the daemon gets it, if it gets it.
fn inherited((name, value): (OsString, OsString)) -> Option<(OsString, OsString)> {
    let bytes = name.as_bytes();
    let allowed = INHERITED.iter().any(|known| known.as_bytes() == bytes)
        || INHERITED_PREFIXES
            .iter()
            .any(|prefix| bytes.starts_with(prefix.as_bytes()));
    if !allowed || name == LAUNCHED_VARIABLE {
        return None;
    }
    // Relative to our directory, which is not the daemon's.
    let value = match absolute(&value) {
        Ok(path) if name == "AWS_SSM_CONFIG" => path.into_os_string(),
        _ => value,
    };
    Some((name, value))
}

fn find_program(
    named: Option<&OsStr>,
    ourselves: Option<&Path>,
    path: Option<&OsStr>,
) -> Result<PathBuf, Error> {
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        let program = absolute(named).unwrap_or_else(|_| named.into());
        return if is_program(&program) {
            Ok(program)
        } else {
            Err(
                Error::new(ErrorKind::Daemon, "the daemon's program is missing")
                    .why(format!(
                        "{DAEMON_VARIABLE} names {}, which is no program",
                        program.display()
                    ))
                    .hint(format!("mend or unset {DAEMON_VARIABLE}")),
            )
        };
    }
    let beside = ourselves.map(|ourselves| ourselves.with_file_name(PROGRAM));
    let searched = path.into_iter().flat_map(env::split_paths);
    beside
        .into_iter()
        .chain(searched.map(|directory| directory.join(PROGRAM)))
        .find(|candidate| candidate.is_absolute() && is_program(candidate))
        .ok_or_else(|| {
            Error::new(ErrorKind::Daemon, "the daemon's program is missing")
                .why(format!("{PROGRAM} is neither beside aws-ssm nor in PATH"))
                .hint(format!(
                    "install it there, or set {DAEMON_VARIABLE} to its path"
                ))
        })
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn program(directory: &Path, mode: u32) -> PathBuf {
        fs::create_dir_all(directory).unwrap();
        let path = directory.join(PROGRAM);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn inherits(name: &str) -> bool {
        inherited((name.into(), "value".into())).is_some()
    }

    #[test]
    fn the_daemon_inherits_no_aws_settings_and_no_credentials() {
        for name in [
            "AWS_PROFILE",
            "AWS_REGION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SSO_TOKEN",
            "AWS_ENDPOINT_URL",
            "LD_PRELOAD",
            "LANGUAGE_SECRET",
            "SSH_AUTH_SOCK",
            LAUNCHED_VARIABLE,
        ] {
            assert!(!inherits(name), "{name}");
        }
    }

    #[test]
    fn the_daemon_inherits_where_things_are() {
        for name in [
            "HOME",
            "PATH",
            "LC_ALL",
            "XDG_RUNTIME_DIR",
            "AWS_SSM_HOME",
            "SSL_CERT_FILE",
        ] {
            assert!(inherits(name), "{name}");
        }
    }

    #[test]
    fn a_relative_configuration_file_is_made_absolute() {
        let given = inherited(("AWS_SSM_CONFIG".into(), "config.yaml".into()));
        let expected = env::current_dir().unwrap().join("config.yaml");
        assert_eq!(given.unwrap().1, expected.into_os_string());
        let other = inherited(("AWS_SSM_DEFAULT_REGION".into(), "eu-west-1".into()));
        assert_eq!(other.unwrap().1, "eu-west-1");
    }

    #[test]
    fn the_variable_comes_first_then_our_own_directory_then_path() {
        let temp = tempfile::tempdir().unwrap();
        let named = program(&temp.path().join("named"), 0o755);
        let beside = program(&temp.path().join("beside"), 0o755);
        let in_path = program(&temp.path().join("path"), 0o755);
        let ourselves = beside.with_file_name("aws-ssm");
        let alone = temp.path().join("alone/aws-ssm");
        let path = env::join_paths([Path::new("relative"), in_path.parent().unwrap()]).unwrap();
        let find = |named: Option<&Path>, ourselves: &Path| {
            find_program(named.map(Path::as_os_str), Some(ourselves), Some(&path)).unwrap()
        };
        assert_eq!(find(Some(&named), &ourselves), named);
        assert_eq!(find(None, &ourselves), beside);
        assert_eq!(find(Some(Path::new("")), &ourselves), beside);
        assert_eq!(find(None, &alone), in_path);
    }

    #[test]
    fn what_cannot_be_executed_is_no_program() {
        let temp = tempfile::tempdir().unwrap();
        let plain = program(temp.path(), 0o644);
        let error = find_program(Some(plain.as_os_str()), None, None).unwrap_err();
        assert!(error.why.contains(plain.to_str().unwrap()), "{error}");
        let error = find_program(None, Some(&plain), None).unwrap_err();
        assert!(error.hint.contains(DAEMON_VARIABLE), "{error}");
    }
}

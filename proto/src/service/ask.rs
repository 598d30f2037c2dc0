//! One question to the service manager's tool, up to its end or the deadline.

use std::io::{self, PipeReader, pipe};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, timeout_at};

use super::is_missing;
use crate::domain::{Error, ErrorKind};
use crate::launch::wait_until_exit;

/// The state of two units is a tenth of this.
const MOST_SAID: u64 = 64 << 10;

/// What a tool left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Whether it was pleased.
    pub succeeded: bool,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs `command` to its end. One that has not ended by `deadline` is ended, which
/// leaves the manager to do what it was asked.
pub(super) async fn ask(mut command: Command, deadline: Instant) -> io::Result<Said> {
    let ((out, out_writer), (err, err_writer)) = (pipe()?, pipe()?);
    command
        .stdin(Stdio::null())
        .stdout(out_writer)
        .stderr(err_writer);
    let mut child = command.spawn()?;
    // It holds our copies of the writing ends, which would hide the child's end.
    drop(command);
    let said = async { tokio::try_join!(all(out), all(err)) };
    let said = match timeout_at(deadline, said).await {
        Ok(said) => said,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    let ended = wait_until_exit(&mut child, deadline).await;
    let (stdout, stderr) = match (said, ended) {
        (Ok(said), Some(_)) => said,
        (said, ended) => {
            if ended.is_none() {
                // It may have ended just now, which is as good.
                let _ = child.kill();
                let _ = child.wait();
            }
            return Err(said.err().unwrap_or(io::ErrorKind::TimedOut.into()));
        }
    };
    Ok(Said {
        succeeded: ended.is_some_and(|status| status.success()),
        stdout,
        stderr,
    })
}

async fn all(reader: PipeReader) -> io::Result<String> {
    let mut said = Vec::new();
    let mut reader = Receiver::from_owned_fd(OwnedFd::from(reader))?.take(MOST_SAID);
    reader.read_to_end(&mut said).await?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// The tool could not be asked.
pub(super) fn cannot(tool: &str, error: &io::Error) -> Error {
    if is_missing(error) {
        return Error::new(ErrorKind::Daemon, "there is no service manager to ask")
            .why(format!("{tool} is not in PATH"))
            .hint("nothing is lost: without a service, the first command starts the daemon");
    }
    let why = match error.kind() {
        io::ErrorKind::TimedOut => format!("{tool} has not answered in time"),
        _ => format!("{tool}: {error}"),
    };
    Error::new(ErrorKind::Daemon, "the service manager cannot be asked")
        .why(why)
        .hint("try again with a longer --timeout, or use --no-daemon")
}

/// The tool was asked, and refused.
pub(super) fn refused(tool: &str, arguments: &[String], said: &Said) -> Error {
    let words: Vec<&str> = said.stderr.split_whitespace().collect();
    let words = words.join(" ");
    // systemctl's words for that name a bus, which tells nobody anything.
    if words.contains("Failed to connect to") || words.contains("Failed to get D-Bus") {
        return no_manager(&words);
    }
    let asked = arguments.join(" ");
    Error::new(ErrorKind::Daemon, "the service manager refuses")
        .why(match words.is_empty() {
            true => format!("`{tool} {asked}` failed without a word"),
            false => format!("`{tool} {asked}`: {words}"),
        })
        .hint("look at `systemctl --user status aws-ssmd.socket aws-ssmd.service`, or use --no-daemon")
}

/// The error of those who need a manager of this user, where none runs.
#[must_use]
pub fn no_manager(why: &str) -> Error {
    Error::new(ErrorKind::Daemon, "no service manager runs for this user")
        .why(why)
        .hint(
            "log in as this user (not by su or sudo), or have its manager started: \
             `sudo loginctl enable-linger USER`",
        )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn shell(script: &str, patience: Duration) -> io::Result<Said> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        ask(command, Instant::now() + patience).await
    }

    const AMPLE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_a_tool_says_is_kept_apart_from_what_it_complains_of() {
        let said = shell("echo yes; echo no >&2; exit 3", AMPLE).await.unwrap();
        assert!(!said.succeeded);
        assert_eq!(
            (said.stdout.as_str(), said.stderr.as_str()),
            ("yes\n", "no\n")
        );
        assert!(shell(":", AMPLE).await.unwrap().succeeded);
    }

    #[tokio::test]
    async fn a_tool_that_hangs_is_waited_for_until_the_deadline_only() {
        let error = shell("exec sleep 600", Duration::from_millis(20)).await;
        let error = cannot("systemctl", &error.unwrap_err());
        assert!(error.why.contains("systemctl has not answered"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_tool_is_no_riddle() {
        let missing = Command::new("/nonexistent/systemctl");
        let error = ask(missing, Instant::now() + AMPLE).await.unwrap_err();
        let error = cannot("systemctl", &error);
        assert!(error.what.contains("no service manager"), "{error}");
        assert!(error.hint.contains("first command starts"), "{error}");
    }

    #[test]
    fn a_session_without_a_manager_is_told_how_to_get_one() {
        let said = Said {
            stderr: "Failed to connect to bus: No medium found\n".into(),
            ..Said::default()
        };
        let error = refused("systemctl", &["--user".into()], &said);
        assert!(error.what.contains("no service manager runs"), "{error}");
        assert!(error.hint.contains("enable-linger"), "{error}");
    }

    #[test]
    fn a_refusal_has_the_words_of_who_refuses() {
        let said = Said {
            stderr: "Failed to start aws-ssmd.socket:\n Unit is masked.\n".into(),
            ..Said::default()
        };
        let error = refused("systemctl", &["--user".into(), "start".into()], &said);
        let why = "`systemctl --user start`: Failed to start aws-ssmd.socket: Unit is masked.";
        assert_eq!(error.why, why);
    }
}

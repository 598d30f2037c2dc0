//! One attempt to start a daemon, up to its first word.

use std::io::{self, pipe};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, timeout_at};

use super::report::{self, Greeting};
use super::{Late, pause};
use crate::domain::{Error, ErrorKind};

/// A start that takes longer is stuck, and its process is ended. A younger one is
/// left alone by a client that cannot wait: it may be ready for the next.
const STUCK: Duration = Duration::from_secs(5);

/// Between a daemon's last word and its exit.
const EXIT: Duration = Duration::from_secs(1);

/// More is no reason, but noise.
const MOST_SAID: u64 = 64 << 10;

/// Starts `command` and waits until it says that it is ready. Its first
/// descriptor is `stdin`; it has no other of ours but the way to say so.
///
/// # Errors
///
/// It cannot be started, ends, or is not ready by `deadline`.
pub(super) async fn spawn(
    mut command: Command,
    stdin: Stdio,
    deadline: Instant,
) -> Result<(Child, Greeting), Error> {
    let began = Instant::now();
    let (reader, writer) = pipe().map_err(|error| cannot(&command, &error))?;
    let other = writer
        .try_clone()
        .map_err(|error| cannot(&command, &error))?;
    command.stdin(stdin).stdout(writer).stderr(other);
    let child = command.spawn().map_err(|error| cannot(&command, &error))?;
    let mut child = Unready(Some(child));
    // It holds our copies of the writing end, which would hide the child's end.
    drop(command);

    let mut said = Vec::new();
    match timeout_at(deadline, listen(reader, &mut said)).await {
        Ok(Ok(true)) => {
            let greeting = Greeting::read(&String::from_utf8_lossy(&said));
            Ok((child.let_live(), greeting))
        }
        Ok(Ok(false)) => {
            let exit = deadline.min(Instant::now() + EXIT);
            let status = wait_until_exit(&mut child.let_live(), exit).await;
            Err(ended(&String::from_utf8_lossy(&said), status))
        }
        Ok(Err(error)) => Err(Error::new(ErrorKind::Daemon, "the daemon did not start")
            .why(format!("what it says cannot be read: {error}"))
            .hint("try again, or use --no-daemon")),
        Err(_) => {
            if began.elapsed() < STUCK {
                child.leave();
            }
            Err(late(&String::from_utf8_lossy(&said)))
        }
    }
}

/// A process that has not said yet that it is ready. Dropping this ends it, since
/// nobody is left who could judge it.
struct Unready(Option<Child>);

impl Unready {
    /// From here on it lives without us.
    fn let_live(&mut self) -> Child {
        self.0.take().expect("it is let go of once")
    }

    /// Lets it live, and does not look after it any more.
    fn leave(&mut self) {
        self.0 = None;
    }
}

impl Drop for Unready {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have ended by itself just now, which is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// How a process ended; `None` if it has not by `deadline`. It is looked at now and
/// then: to be told would take a handler of signals in every client.
pub(crate) async fn wait_until_exit(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        // One whose state cannot be had was somebody else's to bury.
        match child.try_wait() {
            Ok(None) => {}
            ended => return ended.ok().flatten(),
        }
        if let Err(Late) = pause(deadline).await {
            return None;
        }
    }
}

/// Reads what the daemon says, until it is ready (true) or ends (false).
async fn listen(reader: io::PipeReader, said: &mut Vec<u8>) -> io::Result<bool> {
    let mut reader = Receiver::from_owned_fd(OwnedFd::from(reader))?.take(MOST_SAID);
    while reader.read_buf(said).await? > 0 {
        if report::is_ready(said) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn cannot(command: &Command, error: &io::Error) -> Error {
    let program = command.get_program().to_string_lossy();
    Error::new(ErrorKind::Daemon, "the daemon cannot be started")
        .why(format!("{program}: {error}"))
        .hint("reinstall aws-ssm, or set AWS_SSM_DAEMON to the path of aws-ssmd")
}

fn ended(said: &str, status: Option<ExitStatus>) -> Error {
    if let Some(error) = report::read_failure(said) {
        return error;
    }
    let status = status.map_or_else(|| "it closed its output".to_owned(), |s| s.to_string());
    Error::new(ErrorKind::Daemon, "the daemon did not start")
        .why(format!("{status}: {}", last_resort(said)))
        .hint("run `aws-ssmd --foreground` to see more")
}

fn late(said: &str) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon was not ready in time")
        .why(last_resort(said))
        .hint("try again with a longer --timeout, or use --no-daemon")
}

/// What came out, on one line and short enough to read.
fn last_resort(said: &str) -> String {
    const READABLE: usize = 400;
    let words: Vec<&str> = said.split_whitespace().collect();
    if words.is_empty() {
        return "it gave no reason".to_owned();
    }
    words.join(" ").chars().take(READABLE).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    async fn run(script: &str, patience: Duration) -> Result<(Child, Greeting), Error> {
        spawn(shell(script), Stdio::null(), Instant::now() + patience).await
    }

    const AMPLE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn ready_ends_the_wait_while_the_daemon_lives() {
        let script = "echo hello; echo warning: careful; echo ready; exec sleep 600";
        let (mut child, greeting) = run(script, AMPLE).await.unwrap();
        assert_eq!(greeting.warnings, ["careful"]);
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn its_own_reason_is_shown_with_its_kind() {
        let script = "printf 'failed config\\nline 3 is wrong\\nno such key\\nmend it\\n'; exit 2";
        let error = run(script, AMPLE).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
        assert_eq!(
            (error.what.as_str(), error.why.as_str(), error.hint.as_str()),
            ("line 3 is wrong", "no such key", "mend it")
        );
    }

    #[tokio::test]
    async fn without_a_reason_its_last_words_and_its_status_are_shown() {
        let error = run("echo cannot load libfoo >&2; exit 127", AMPLE)
            .await
            .unwrap_err();
        assert!(error.why.contains("127"), "{error}");
        assert!(error.why.contains("cannot load libfoo"), "{error}");
        let error = run("kill -9 $$", AMPLE).await.unwrap_err();
        assert!(error.why.contains("signal: 9"), "{error}");
    }

    #[tokio::test]
    async fn a_silent_daemon_is_waited_for_until_the_deadline_only() {
        let error = run("exec sleep 5", Duration::from_millis(20))
            .await
            .unwrap_err();
        assert!(error.what.contains("not ready in time"), "{error}");
    }

    #[tokio::test]
    async fn a_flood_of_words_is_cut() {
        let error = run("yes | head -c 1000000", AMPLE).await.unwrap_err();
        assert!(error.why.len() < 1000, "{error}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let path = Path::new("/nonexistent/aws-ssmd");
        let error = spawn(Command::new(path), Stdio::null(), Instant::now() + AMPLE)
            .await
            .unwrap_err();
        assert!(error.why.contains("/nonexistent/aws-ssmd"), "{error}");
    }
}

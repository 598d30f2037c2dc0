//! Runs a credential process, as the `aws` command does: without a shell, in this
//! process's environment and directory, its standard error on this terminal.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use aws_ssm_proto::domain::{Error, ErrorKind, ProcessCredentials};
use zeroize::Zeroizing;

use super::{output, words};

/// Nobody's keys are longer; the longest session tokens have a few KiB.
const MOST_OUTPUT: usize = 64 << 10;
/// Between two looks at whether a program that has closed its output has ended.
const POLL: Duration = Duration::from_millis(5);

/// The credentials that the process of a profile prints before the deadline.
///
/// # Errors
///
/// It cannot be started, fails, takes too long, or prints something else.
pub(super) async fn credentials(
    profile: &str,
    command: &str,
    deadline: tokio::time::Instant,
) -> Result<ProcessCredentials, Error> {
    let words = words::split(command).map_err(|words::Unfinished| open_quote(profile))?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(no_command(profile));
    };
    let limit = deadline.saturating_duration_since(tokio::time::Instant::now());
    let mut command = Command::new(program);
    command.args(arguments);
    let run = tokio::task::spawn_blocking(move || run(command, limit));
    let ended = run
        .await
        .unwrap_or_else(|panic| Err(Trouble::Start(io::Error::other(panic))));
    let printed = ended.map_err(|trouble| trouble.explain(profile, program, limit))?;
    output::read(&printed).map_err(|why| not_credentials(profile, &why))
}

/// Why a program has printed nothing that is of use.
enum Trouble {
    Start(io::Error),
    Output(io::Error),
    TooMuch,
    Slow,
    Failed(ExitStatus),
}

/// What the program prints; it has ended then. Blocks, for `limit` at most.
fn run(mut command: Command, limit: Duration) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let deadline = Instant::now() + limit;
    // A pipe that feeds this command is not meant for another program.
    let stdin = match rustix::termios::isatty(rustix::stdio::stdin()) {
        true => Stdio::inherit(),
        false => Stdio::null(),
    };
    command.stdin(stdin).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(Trouble::Start)?;
    let ended = attend(&mut child, deadline);
    if ended.is_err() {
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
    ended
}

fn attend(child: &mut Child, deadline: Instant) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let pipe = child.stdout.take().expect("its output is a pipe");
    let (send, printed) = mpsc::channel();
    // Reads to the end of the output, or of this process: a program that another one
    // has started may keep the pipe open.
    thread::spawn(move || send.send(read(pipe)));
    let left = deadline.saturating_duration_since(Instant::now());
    let printed = printed.recv_timeout(left).map_err(|_| Trouble::Slow)?;
    let printed = printed.map_err(Trouble::Output)?;
    if printed.len() > MOST_OUTPUT {
        return Err(Trouble::TooMuch);
    }
    let status = loop {
        match child.try_wait().map_err(Trouble::Output)? {
            Some(status) => break status,
            None if Instant::now() >= deadline => return Err(Trouble::Slow),
            None => thread::sleep(POLL),
        }
    };
    match status.success() {
        true => Ok(printed),
        false => Err(Trouble::Failed(status)),
    }
}

fn read(pipe: ChildStdout) -> io::Result<Zeroizing<Vec<u8>>> {
    let most = MOST_OUTPUT + 1;
    // Room for all at once: growing would leave copies of secrets behind.
    let mut printed = Zeroizing::new(Vec::with_capacity(most));
    pipe.take(most as u64).read_to_end(&mut printed)?;
    Ok(printed)
}

impl Trouble {
    fn explain(self, profile: &str, program: &str, limit: Duration) -> Error {
        let failed = error(format!(
            "the credential process of profile {profile} failed"
        ));
        let by_hand = format!(
            "run the command yourself, and mend what it complains of; it is the \
             credential_process of profile {profile}"
        );
        match self {
            Self::Start(why) => {
                let what = format!("the credential process of profile {profile} cannot be run");
                let reason = match why.kind() {
                    io::ErrorKind::NotFound if program.contains('/') => "it does not exist".into(),
                    io::ErrorKind::NotFound => "it is not on the PATH".into(),
                    io::ErrorKind::PermissionDenied => "it may not be executed".into(),
                    _ => why.to_string(),
                };
                error(what).why(format!("{program}: {reason}")).hint(format!(
                    "check credential_process in profile {profile}; a path with blanks needs quotes"
                ))
            }
            Self::Output(why) => failed
                .why(format!("its output cannot be read: {why}"))
                .hint(by_hand),
            Self::TooMuch => failed
                .why(format!("it has printed more than {MOST_OUTPUT} bytes"))
                .hint(by_hand),
            Self::Slow => failed
                .why(format!("it has not ended within {limit:.0?}"))
                .hint("allow more time with --timeout, or run the command yourself and see"),
            Self::Failed(status) => {
                let end = match (status.code(), status.signal()) {
                    (Some(code), _) => format!("exit status {code}"),
                    (None, signal) => format!("signal {}", signal.unwrap_or_default()),
                };
                failed
                    .why(format!(
                        "{program} ended with {end}; what it said itself stands above"
                    ))
                    .hint(by_hand)
            }
        }
    }
}

fn error(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credentials, what)
}

fn not_credentials(profile: &str, why: &str) -> Error {
    error(format!(
        "the credential process of profile {profile} has printed no credentials"
    ))
    .why(format!("of what it has printed: {why}"))
    .hint("it must print one JSON object with Version 1, AccessKeyId and SecretAccessKey")
}

fn open_quote(profile: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("the credential process of profile {profile} cannot be run"),
    )
    .why("a quote in credential_process is not closed, or it ends with a backslash")
    .hint(format!("mend credential_process in profile {profile}"))
}

fn no_command(profile: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("the credential process of profile {profile} cannot be run"),
    )
    .why("credential_process names no program")
    .hint(format!("name one, or take it out of profile {profile}"))
}

//! `daemon logs`: the end of the daemon's log, and what comes after it.
//!
//! The daemon is asked only where its log is, and briefly; who does not answer has
//! written to the file. Nothing is started for it.

mod follow;
mod tail;

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aws_ssm_proto::domain::{DaemonStatus, Error, ErrorKind};
use aws_ssm_proto::endpoint::Endpoint;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep, timeout_at};

use super::super::{Context, reader};
use crate::cli::LogsArgs;
use crate::connect::running;
use crate::error::{Failure, usage};
use crate::render::escape;
use crate::render::sink::Sink;
use follow::Reader;
use tail::Lines;

/// What is shown when nobody says how much.
const LINES: u64 = 100;

/// What a daemon that is alive needs to say where its log is.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the service manager's journal has it under.
const UNIT: &str = "aws-ssmd.service";

pub(super) async fn run(args: &LogsArgs, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let format = ctx.settings.format.unwrap_or_default();
    if !format.is_table() {
        return Err(usage("the log is text")
            .why("it is printed as it was written, whatever --output says")
            .hint("leave --output out")
            .into());
    }
    let lines = lines(args)?;
    let endpoint = Endpoint::from_process_environment()?;
    let log = match status(ctx).await {
        None => endpoint.log.clone(),
        Some(status) => match (status.log_file, status.log_in_journal) {
            (Some(log), _) => log,
            (None, true) => return Err(journal(lines, args.follow).into()),
            (None, false) => return Err(elsewhere(status.hello.pid).into()),
        },
    };
    let is_terminal = ctx.look(format).terminal;
    show(
        &log,
        lines,
        args.follow,
        Output::new(&mut ctx.sink, is_terminal),
    )
    .await
}

fn lines(args: &LogsArgs) -> Result<Lines, Error> {
    match args.lines.as_deref() {
        None => Ok(Lines::Last(LINES)),
        Some("all") => Ok(Lines::All),
        Some(text) => text.parse().map(Lines::Last).map_err(|_| {
            usage("--lines takes a number of lines")
                .why(format!("{text:?} is none"))
                .hint("write it as in --lines 100, or --lines all")
        }),
    }
}

/// What the running daemon says of itself, if it does so at once.
async fn status(ctx: &Context<'_>) -> Option<DaemonStatus> {
    let deadline = ctx.link.deadline().min(Instant::now() + PATIENCE);
    let asking = async { running(deadline).await.ok()??.status().await.ok() };
    timeout_at(deadline, asking).await.ok()?
}

async fn show(
    log: &Path,
    lines: Lines,
    follow: bool,
    mut output: Output<'_>,
) -> Result<(), Failure> {
    let beginning = tail::beginning(log, lines).map_err(|error| unreadable(log, &error))?;
    if beginning.is_empty() && !follow {
        return Err(missing(log).into());
    }
    let mut reader = Reader::new(log.to_owned(), beginning);
    if !follow {
        reader.read(&mut |bytes| output.put(bytes))?;
        return Ok(output.end()?);
    }
    let number = Signal::INT.as_raw();
    let mut interrupted = signal(SignalKind::from_raw(number))?;
    while !reader::is_gone() {
        reader.read(&mut |bytes| output.put(bytes))?;
        output.sink.flush()?;
        tokio::select! {
            () = sleep(follow::INTERVAL) => {}
            _ = interrupted.recv() => {
                return Err(Failure::Interrupted(u8::try_from(number).unwrap_or(0)));
            }
        }
    }
    Err(Failure::BrokenPipe)
}

/// Where the lines go: as they are, but to a terminal without what would steer it.
struct Output<'a> {
    sink: &'a mut Sink,
    /// The beginning of a line whose end has not come yet; `None`: lines are passed on
    /// as they are.
    line: Option<Vec<u8>>,
}

impl<'a> Output<'a> {
    fn new(sink: &'a mut Sink, is_terminal: bool) -> Self {
        let line = is_terminal.then(Vec::new);
        Self { sink, line }
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(begun) = &mut self.line else {
            self.sink.buffer().extend_from_slice(bytes);
            return self.sink.relieve();
        };
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            begun.extend_from_slice(part);
            if begun.last() == Some(&b'\n') {
                begun.pop();
                put_line(self.sink, begun);
                begun.clear();
            }
        }
        self.sink.relieve()
    }

    /// Nothing comes any more.
    fn end(self) -> io::Result<()> {
        if let Some(begun) = self.line.filter(|begun| !begun.is_empty()) {
            put_line(self.sink, &begun);
        }
        self.sink.flush()
    }
}

fn put_line(sink: &mut Sink, line: &[u8]) {
    let line = String::from_utf8_lossy(line);
    let buffer = sink.buffer();
    buffer.extend_from_slice(escape::shown(&line).as_bytes());
    buffer.push(b'\n');
}

/// Becomes the program that reads the journal; returns only if that is not there.
fn journal(lines: Lines, follow: bool) -> Error {
    let lines = match lines {
        Lines::All => "all".to_owned(),
        Lines::Last(lines) => lines.to_string(),
    };
    let mut arguments = vec!["--user-unit", UNIT, "--output", "cat", "--lines", &lines];
    arguments.extend(follow.then_some("--follow"));
    let error = Command::new("journalctl").args(&arguments).exec();
    Error::new(
        ErrorKind::Daemon,
        "the daemon's log is in the journal, which cannot be read",
    )
    .why(format!("journalctl: {error}"))
    .hint(format!(
        "run it yourself: journalctl {}",
        arguments.join(" ")
    ))
}

fn elsewhere(pid: u32) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon keeps no log file")
        .why(format!(
            "it writes to the standard error that process {pid} was started with"
        ))
        .hint("look there, or have it started by a command: `aws-ssm daemon restart`")
}

fn missing(log: &Path) -> Error {
    Error::new(ErrorKind::Daemon, "there is no log")
        .why(format!(
            "no daemon runs, and none has written {}",
            log.display()
        ))
        .hint(format!(
            "`aws-ssm daemon start` begins it; a daemon of systemd's writes to the journal: \
             `journalctl --user-unit {UNIT}`"
        ))
}

fn unreadable(log: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon's log cannot be read")
        .why(format!("{}: {error}", log.display()))
        .hint("check who owns that file and who may read it")
}

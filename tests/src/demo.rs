//! `cargo demo`: what `aws-ssm` does, shown on a local AWS in a temporary home.
//!
//! Every command is run as it is printed, what it prints is shown, and what is said
//! of it is checked. Nothing of whoever runs it is read or written, and whatever
//! happens, what was started is stopped.

mod farewell;
mod stage;
mod tour;
mod transcript;

use std::io;
use std::process::ExitCode;

use aws_ssm_proto::domain::{Error, ErrorKind};
use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};

use stage::Stage;
use tour::Tour;
use transcript::Transcript;

/// Shows aws-ssm on a local AWS; touches neither the real one nor your files
#[derive(Debug, Parser)]
#[command(name = "demo", bin_name = "cargo demo", version)]
struct Arguments {
    /// Leave the local AWS and the daemon running until Ctrl-C, to go on by hand
    #[arg(long)]
    keep: bool,
}

/// Why the demo ended before its end.
#[derive(Debug)]
enum Stop {
    /// A step did not do what it should.
    Failed(Box<Error>),
    /// Ctrl-C and the like.
    Interrupted,
    /// Nobody reads the output any more.
    ReaderGone,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => failed("cannot print", error.to_string()).into(),
        }
    }
}

/// Something that should have worked.
fn failed(what: impl Into<String>, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Internal, what)
        .why(why)
        .hint("run it again; if it stays so, `cargo test --workspace` looks closer")
}

/// The whole program, with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    // `cargo demo -- --keep` means the same as `cargo demo --keep`.
    let arguments = std::env::args_os().filter(|argument| argument != "--");
    let arguments = Arguments::parse_from(arguments);
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Stop::from)
        .and_then(|runtime| runtime.block_on(run(&arguments)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Interrupted) => ExitCode::from(130),
        Err(Stop::ReaderGone) => ExitCode::from(141),
        Err(Stop::Failed(error)) => {
            eprintln!(
                "\nerror: {}\n  why: {}\n hint: {}",
                error.what, error.why, error.hint
            );
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Stop> {
    // First, so that nothing which is started can be left behind.
    let mut interrupts = Interrupts::new()?;
    let mut transcript = Transcript::stdout();
    let stage = Stage::set().await?;
    let mut tour = Tour::new(&stage, &mut transcript);
    let shown = show(arguments.keep, &mut tour, &mut interrupts).await;
    let farewell = farewell::farewell(&stage, tour.commands());
    // Whatever has happened, and before anything more is said.
    let struck = stage.strike().await;
    shown?;
    struck?;
    Ok(transcript.lines(&farewell)?)
}

async fn show(keep: bool, tour: &mut Tour<'_>, interrupts: &mut Interrupts) -> Result<(), Stop> {
    let walk = async {
        tour.walk().await?;
        if keep {
            tour.hand_over()
        } else {
            tour.stop().await
        }
    };
    tokio::select! {
        walked = walk => walked?,
        () = interrupts.next() => return Err(Stop::Interrupted),
    }
    if keep {
        interrupts.next().await;
    }
    Ok(())
}

/// What a terminal or a supervisor ends a program with.
#[derive(Debug)]
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Interrupts {
    /// From here on they no longer end the process.
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

//! `aws-ssmd` as a program: its arguments, its environment, its exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::launch::report::Greeting;
use clap::Parser;
use tokio::runtime::{Builder, Handle};

use crate::Seat;
use crate::config::Origin;
use crate::daemon::{Facts, Wanted};
use crate::lifecycle::{Listener, Opened, Starter, Watch};
use crate::sys;
use crate::telemetry::{self, Destination};

/// Threads that load from AWS: two regions can be parsed at one time; more would
/// only cost memory.
const LOADERS: usize = 2;

/// The daemon of aws-ssm. The client starts it; a person hardly needs to.
#[derive(Debug, Parser)]
#[command(name = "aws-ssmd", version)]
struct Arguments {
    /// Read this configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Log to standard error
    #[arg(long)]
    foreground: bool,
    /// Serve the one connection on standard input, then end
    #[arg(long)]
    oneshot: bool,
    /// Log from this level on: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

/// The whole of the program.
#[must_use]
pub fn program() -> ExitCode {
    // Before anything opens a file or starts a thread.
    let mut starter = match Starter::of_this_process() {
        Ok(starter) => starter,
        Err(error) => {
            eprintln!("the daemon cannot start\n{error}");
            return ExitCode::FAILURE;
        }
    };
    sys::keep_large_blocks_apart();
    let arguments = Arguments::parse();
    match run(&arguments, &mut starter) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the daemon ends");
            starter.failed(&error);
            exit_code(error.kind)
        }
    }
}

fn run(arguments: &Arguments, starter: &mut Starter) -> Result<(), Error> {
    let endpoint = Endpoint::from_process_environment()?;
    let origin =
        Origin::of_this_process(arguments.config.as_deref(), arguments.log_level.as_deref());
    let wanted = match origin.load().into_config() {
        Ok(config) => Wanted::from(config),
        // Its one caller may want to know what is wrong.
        Err(error) if arguments.oneshot => Wanted::broken(&origin, error),
        Err(error) => return Err(error),
    };
    let log_file = log_file(arguments, starter, &endpoint);
    let config = &wanted.config;
    telemetry::start(&Destination {
        level: &config.daemon.log_level,
        file: log_file,
        max_bytes: config.daemon.log_max_mb << 20,
        files: config.daemon.log_files,
    });
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    starter.greet(&Greeting {
        warnings: config.warnings.clone(),
        output: config.default.output.clone(),
    });
    let loads = Builder::new_multi_thread()
        .worker_threads(LOADERS)
        .thread_name("aws-ssmd-load")
        .enable_all()
        .build()
        .map_err(|error| cannot_start(&error))?;
    // Callers are answered by this one thread. Between the threads of a pool an
    // answer of 0.1 ms was handed over four times, and took 0.25 ms longer.
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| cannot_start(&error))?;
    let served = if arguments.oneshot {
        runtime.block_on(serve_standard_input(
            wanted,
            &endpoint,
            starter,
            loads.handle(),
        ))
    } else {
        let serving = serve_socket(wanted, &endpoint, starter, log_file, loads.handle());
        runtime.block_on(serving)
    };
    // Whatever still blocks a thread must not hold the process.
    loads.shutdown_background();
    runtime.shutdown_background();
    served
}

async fn serve_socket(
    wanted: Wanted,
    endpoint: &Endpoint,
    starter: &mut Starter,
    log_file: Option<&Path>,
    loads: &Handle,
) -> Result<(), Error> {
    let (listener, lock) = match Listener::open(endpoint, starter).await? {
        Opened::Listening(listener, lock) => (listener, lock),
        Opened::AlreadyServed => {
            starter.already_served(&endpoint.socket);
            return Ok(());
        }
    };
    telemetry::own_log_file();
    let watch = Watch::process(&listener, starter).map_err(|error| cannot_start(&error))?;
    let facts = Facts::new(endpoint, log_file.map(Path::to_owned));
    let facts = facts.in_journal(log_file.is_none() && starter.is_journaled());
    tracing::info!(socket = %endpoint.socket.display(), "listening");
    let seat = Seat {
        listener,
        lock: Some(lock),
        watch,
    };
    crate::serve(wanted, facts, seat, loads, || starter.ready(log_file)).await
}

/// One caller, then the end: nothing is refreshed that nobody waits for.
async fn serve_standard_input(
    wanted: Wanted,
    endpoint: &Endpoint,
    starter: &Starter,
    loads: &Handle,
) -> Result<(), Error> {
    let listener = Listener::standard_input()?;
    let watch = Watch::process(&listener, starter).map_err(|error| cannot_start(&error))?;
    let facts = Facts::for_one(endpoint);
    let seat = Seat {
        listener,
        lock: None,
        watch,
    };
    crate::serve(wanted, facts, seat, loads, || starter.ready(None)).await
}

fn log_file<'a>(
    arguments: &Arguments,
    starter: &Starter,
    endpoint: &'a Endpoint,
) -> Option<&'a Path> {
    let file = starter.is_unheard() && !arguments.foreground && !arguments.oneshot;
    file.then_some(endpoint.log.as_path())
}

fn cannot_start(error: &dyn std::error::Error) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon cannot start").why(error.to_string())
}

fn exit_code(kind: ErrorKind) -> ExitCode {
    match kind {
        ErrorKind::Usage | ErrorKind::Config => ExitCode::from(2),
        ErrorKind::Daemon => ExitCode::from(6),
        _ => ExitCode::FAILURE,
    }
}

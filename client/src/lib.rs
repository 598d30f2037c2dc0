//! The program `aws-ssm`: reads the command line, asks the daemon, prints.
//!
//! It owns what a person types and sees. It never speaks to AWS, opens no AWS file
//! and holds no state: all that is the daemon's.

pub mod caller;
mod challenge;
pub mod cli;
pub mod command;
pub mod connect;
pub mod duration;
mod ending;
pub mod error;
pub mod notices;
mod picker;
mod progress;
pub mod render;
pub mod service;
pub mod settings;
pub mod shell;

use std::convert::Infallible;
use std::io;
use std::process::ExitCode;
use std::time::SystemTime;

use aws_ssm_proto::domain::{Error, ErrorKind};
use tokio::time::Instant;

use crate::caller::{Surroundings, may_be_ours};
use crate::cli::Cli;
use crate::command::Context;
use crate::connect::{Link, Wishes, setting_variables};
use crate::error::Failure;
use crate::notices::{Notices, tell};
use crate::render::sink::Sink;
use crate::settings::Settings;

/// The whole program, with the arguments and environment of this process, which
/// ends here.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    match run(&cli) {
        Ok(never) => match never {},
        Err(error) => ExitCode::from(conclude(&Err(error.into()))),
    }
}

/// Runs a command and ends the process; returns only if that cannot be begun.
fn run(cli: &Cli) -> Result<Infallible, Error> {
    let settings = Settings::new(&cli.global)?;
    let environment: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| may_be_ours(name))
        .collect();
    let surroundings = Surroundings {
        variable: &|name| std::env::var_os(name),
        environment: &environment,
        variables: &|| std::env::vars_os().collect(),
        directory: &std::env::current_dir,
    };
    let config = settings.config.as_ref();
    let wishes = Wishes {
        config: config.map(|file| surroundings.absolute(file)).transpose()?,
        variables: setting_variables(&environment),
    };
    // One thread: there is one question to wait for.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(no_runtime)?;
    runtime.block_on(async {
        let notices = Notices::new(settings.quiet, settings.verbose);
        let deadline = Instant::now() + settings.timeout;
        let mut context = Context {
            args: &cli.global,
            link: Link::new(settings.no_daemon, wishes, deadline, notices),
            settings,
            surroundings: &surroundings,
            sink: Sink::stdout(),
            notices,
            now: SystemTime::now(),
        };
        let outcome = command::run(cli, &mut context).await;
        let code = conclude(&outcome);
        command::tell_candidates(&outcome, &context);
        // The process ends here, with everything it holds still whole: to take the
        // runtime and its connection apart first would take longer than to print.
        std::process::exit(code.into())
    })
}

/// Tells what went wrong, if anything did; returns the exit code.
fn conclude(outcome: &Result<(), Failure>) -> u8 {
    let Err(failure) = outcome else {
        return 0;
    };
    if let Some(lines) = failure.lines() {
        tell(&lines);
    }
    failure.exit_code()
}

/// Help and version are answers; everything else is a mistake in what was typed.
fn explain(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind as Clap;
    match error.kind() {
        Clap::DisplayHelp | Clap::DisplayVersion => {
            // A reader who has gone has read enough.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        Clap::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(2)
        }
        _ => {
            tell(&error::lines(&cli::mistake(error)));
            ExitCode::from(2)
        }
    }
}

fn no_runtime(error: io::Error) -> Error {
    Error::new(ErrorKind::Internal, "cannot wait for answers")
        .why(error.to_string())
        .hint("close other programs of this user, and try again")
}

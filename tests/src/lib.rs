//! A local AWS, and what the tests, the benches, the demo and the long run are made
//! with.

pub mod audit;
pub mod daemon;
pub mod demo;
pub mod harness;
pub mod sandbox;
pub mod soak;
pub mod supervised;

use std::path::PathBuf;
use std::process::ExitCode;

/// Runs the client or the daemon if this process was called by its name, else `own`.
#[must_use]
pub fn by_name(own: fn() -> ExitCode) -> ExitCode {
    let called = std::env::args_os().next().map(PathBuf::from);
    let name = called.as_ref().and_then(|path| path.file_name());
    match name.and_then(|name| name.to_str()) {
        Some("aws-ssm") => aws_ssm::main(),
        Some("aws-ssmd") => daemon::main(),
        _ => own(),
    }
}

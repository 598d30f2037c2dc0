//! The demo. Called by the name of the client or of the daemon it is that program
//! instead, so that `cargo demo` needs nothing else to be built.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let called = std::env::args_os().next().map(PathBuf::from);
    let name = called.as_ref().and_then(|path| path.file_name());
    match name.and_then(|name| name.to_str()) {
        Some("aws-ssm") => aws_ssm::main(),
        Some("aws-ssmd") => aws_ssmd::program(),
        _ => aws_ssm_tests::demo::main(),
    }
}

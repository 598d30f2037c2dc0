//! The long run. Called by the name of the client or of the daemon it is that program
//! instead, so that nothing else has to be built.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws_ssm_tests::by_name(aws_ssm_tests::soak::main)
}

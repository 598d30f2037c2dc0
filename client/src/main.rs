//! The program `aws-ssm`; all of it is in the library, so that tests can run it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws_ssm::main()
}

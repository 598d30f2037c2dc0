//! The daemon, built with the rest of the tests.

fn main() -> std::process::ExitCode {
    aws_ssm_tests::daemon::main()
}

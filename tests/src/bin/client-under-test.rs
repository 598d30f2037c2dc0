//! The client, built with the rest of the tests.

fn main() -> std::process::ExitCode {
    aws_ssm::main()
}

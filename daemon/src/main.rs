//! `aws-ssmd`. Everything is in the library, so that other programs can be it too.

fn main() -> std::process::ExitCode {
    aws_ssmd::program()
}

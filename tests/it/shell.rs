//! What a shell makes of the program: completion, the manual, and Ctrl-C.

mod candidates;
mod interrupted;
mod manual;
mod terminal;

use std::process::Command;

/// Whether a program or a script is there, to judge or to be tried. Where `AWS_SSM_SHELLS=required`
/// is set, as in CI, it must be.
fn is_there(program: &str) -> bool {
    let found = Command::new("/bin/sh")
        .args(["-c", "command -v -- \"$0\" || test -e \"$0\"", program])
        .output()
        .expect("a shell can be run");
    if found.status.success() {
        return true;
    }
    let required = std::env::var("AWS_SSM_SHELLS");
    assert_ne!(required.as_deref(), Ok("required"), "{program} is missing");
    eprintln!("NOT RUN: {program} is missing");
    false
}

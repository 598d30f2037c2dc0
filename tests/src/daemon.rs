//! The daemon under test. It ends with the home it was started for: a client that a test
//! has ended may have just started it, and nobody else would end it before it has been
//! idle for half an hour.

use std::path::PathBuf;
use std::process::{ExitCode, exit};
use std::thread;
use std::time::Duration;

/// Between two looks whether the home is there.
const LOOK: Duration = Duration::from_millis(500);

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    let home = std::env::var_os("AWS_SSM_HOME").map(PathBuf::from);
    // What is measured is the daemon and nothing else.
    let is_watched = |home: &PathBuf| cfg!(debug_assertions) && home.is_absolute();
    match home.filter(is_watched) {
        Some(home) if home.exists() => {
            thread::spawn(move || {
                while home.exists() {
                    thread::sleep(LOOK);
                }
                exit(1);
            });
        }
        // It would make itself another. One that serves a single call makes none.
        Some(_) if std::env::args().nth(1).is_none() => return ExitCode::FAILURE,
        _ => {}
    }
    aws_ssmd::program()
}

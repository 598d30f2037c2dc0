//! The daemon in this process over a real socket, and both programs as a person
//! runs them, against the local AWS.
//!
//! Every test has a sandbox and a home of its own and ends what it starts. None
//! sleeps for a fixed time, and none asserts how long something took: what takes
//! for ever here fails at the harness's deadline.

mod ahead;
mod budget;
mod cache;
mod config;
mod demo;
mod doctor;
mod faults;
mod grpc;
mod guide;
mod hostile;
mod identity;
mod interfaces;
mod isolation;
mod journey;
mod life;
mod load;
mod metrics;
mod oracle;
mod output;
mod persist;
mod picker;
mod progress;
mod query;
mod reader;
mod refused;
mod regions;
mod shell;
mod socket;
mod stage;
mod streaming;
mod supervised;
mod targets;
mod watching;
mod without;

use std::path::Path;

/// A file that nobody declares is compiled by nobody, and its tests never run.
#[test]
fn every_file_is_declared() {
    let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/it"));
    assert_declared(&here.join("main.rs"), here);
}

/// Every module in `dir` is declared by `parent`, and so on below it.
fn assert_declared(parent: &Path, dir: &Path) {
    let declarations = std::fs::read_to_string(parent).expect("a module");
    for file in std::fs::read_dir(dir).expect("a directory") {
        let path = file.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        if path.is_dir() {
            assert_declared(&path.with_extension("rs"), &path);
        } else if path != parent {
            let declared = declarations.contains(&format!("mod {name};"));
            assert!(declared, "{} is not declared", path.display());
        }
    }
}

//! The least that any program costs on this machine.

use std::path::PathBuf;
use std::process::Command;

use crate::thin_client::{installed, target_dir};

/// Builds a statically linked program that does nothing.
pub fn build() -> PathBuf {
    let dir = target_dir().join("floor");
    let (source, program) = (dir.join("floor.c"), dir.join("floor"));
    std::fs::create_dir_all(&dir).expect("a directory");
    std::fs::write(&source, "int main(void) { return 0; }\n").expect("a file");
    let built = Command::new("cc")
        .args(["-O2", "-static", "-o"])
        .args([&program, &source])
        .status();
    assert!(
        built.expect("a C compiler").success(),
        "the floor is not built"
    );
    installed(&program)
}

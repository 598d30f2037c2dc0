//! The client as it is released: its own profile, statically linked, installed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where cargo puts what it builds here.
pub fn target_dir() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_daemon-under-test"));
    let dir = program.ancestors().nth(2);
    dir.expect("a program lies in the directory of its profile")
        .to_owned()
}

/// Builds it.
pub fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "rustc",
            "--profile",
            "client",
            "-p",
            "aws-ssm",
            "--bin",
            "aws-ssm",
        ])
        .arg("--target-dir")
        .arg(target_dir())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--", "-C", "target-feature=+crt-static"])
        .args(["-C", "relocation-model=static"])
        .status();
    assert!(
        built.expect("cargo runs").success(),
        "the client is not built"
    );
    installed(&target_dir().join("client/aws-ssm"))
}

/// A copy, as installing makes one. The linker writes its file through a mapping,
/// in single pages, and from such a file a program starts 0.15 ms later than from
/// one that was copied.
pub fn installed(program: &Path) -> PathBuf {
    let dir = target_dir().join("installed");
    std::fs::create_dir_all(&dir).expect("a directory");
    let copy = dir.join(program.file_name().expect("a program has a name"));
    // A copy that runs must not be written to.
    let _ = std::fs::remove_file(&copy);
    std::fs::copy(program, &copy).expect("a copy");
    copy
}

//! The client as it is released: its own profile, statically linked, installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where cargo puts what it builds here.
pub fn target_dir() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_daemon-under-test"));
    let dir = program.ancestors().nth(2);
    dir.expect("a program lies in the directory of its profile")
        .to_owned()
}

/// Builds it, with musl if that can be had and else with the usual C library.
pub fn build() -> PathBuf {
    let musl = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let (target, flags): (_, &[&str]) = if is_installed(&musl) {
        (Some(&*musl), &[])
    } else {
        eprintln!("{musl} is not installed: the client starts later than it could");
        (None, &["-C", "target-feature=+crt-static"])
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["rustc", "--profile", "client"])
        .args(["-p", "aws-ssm", "--bin", "aws-ssm"])
        .args(target.iter().flat_map(|target| ["--target", target]))
        .arg("--target-dir")
        .arg(target_dir())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--", "-C", "relocation-model=static"])
        .args(flags);
    let built = cargo.status().expect("cargo runs");
    assert!(built.success(), "the client is not built");
    let dir = target.map_or_else(target_dir, |target| target_dir().join(target));
    installed(&dir.join("client/aws-ssm"))
}

/// Whether programs can be built for a target; rustup is asked to see to it.
fn is_installed(target: &str) -> bool {
    let _ = Command::new("rustup")
        .args(["target", "add", target])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let rustc = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .output();
    rustc.is_ok_and(|libdir| {
        let libdir = String::from_utf8_lossy(&libdir.stdout).trim().to_owned();
        !libdir.is_empty() && Path::new(&libdir).is_dir()
    })
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

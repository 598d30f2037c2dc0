//! The unit files and the plist, as `daemon install` writes them, before systemd's own
//! judge and Python's.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aws_ssm::service::{Program, files};
use aws_ssm_proto::service::Service;
use tempfile::TempDir;

const HARDENING: &str = include_str!("../../../systemd/hardening.conf");

/// The units in a directory of their own.
fn units() -> (TempDir, Vec<PathBuf>) {
    let dir = tempfile::tempdir().expect("a directory");
    let service = Service::systemd(dir.path(), dir.path(), 1000);
    let program = Program {
        path: env!("CARGO_BIN_EXE_daemon-under-test").into(),
        config: Some("/home/ada/my config.yaml".into()),
    };
    let files = files(&service, &program, Path::new("/unused")).expect("units");
    for file in &files {
        file.write().expect("a unit");
    }
    let paths = files.into_iter().map(|file| file.path).collect();
    (dir, paths)
}

fn harden(service: &Path) {
    let drop_ins = service.with_extension("service.d");
    fs::create_dir(&drop_ins).expect("a directory");
    fs::write(drop_ins.join("hardening.conf"), HARDENING).expect("a drop-in");
}

/// What a judge says; `None` where it is not installed, which it says.
fn judged(judge: &mut Command) -> Option<Output> {
    match judge.output() {
        Ok(output) => Some(output),
        Err(error) => {
            let required = std::env::var("AWS_SSM_USER_MANAGER");
            assert_ne!(required.as_deref(), Ok("required"), "{judge:?}: {error}");
            let _ = writeln!(std::io::stderr(), "NOT JUDGED: {judge:?}: {error}");
            None
        }
    }
}

fn verify(runtime: &TempDir, units: &[PathBuf]) -> Option<Output> {
    judged(
        Command::new("systemd-analyze")
            .args(["--user", "verify", "--man=no", "--recursive-errors=yes"])
            .args(units)
            .env("XDG_RUNTIME_DIR", runtime.path()),
    )
}

#[test]
fn systemd_finds_nothing_to_say_about_the_units() {
    let (dir, units) = units();
    for hardened in [false, true] {
        if hardened {
            harden(&units[1]);
        }
        let Some(said) = verify(&dir, &units) else {
            return;
        };
        assert!(said.status.success(), "{said:?}");
        assert_eq!(String::from_utf8_lossy(&said.stderr), "");
    }
}

#[test]
fn the_judge_of_units_finds_a_misspelt_key() {
    let (dir, units) = units();
    let text = fs::read_to_string(&units[1]).expect("a unit");
    fs::write(&units[1], text.replace("WatchdogSec", "WatchDogSeconds")).expect("a unit");
    let Some(said) = verify(&dir, &units) else {
        return;
    };
    assert!(!said.status.success(), "{said:?}");
}

/// The threshold is systemd's exposure times ten; without any hardening it is 98.
#[test]
fn the_units_are_as_closed_as_they_are_said_to_be() {
    let (dir, units) = units();
    for (hardened, threshold) in [(false, "--threshold=66"), (true, "--threshold=33")] {
        if hardened {
            harden(&units[1]);
        }
        let said = judged(
            Command::new("systemd-analyze")
                .args(["--user", "security", "--offline=true", threshold])
                .arg(&units[1])
                .env("XDG_RUNTIME_DIR", dir.path()),
        );
        let Some(said) = said else { return };
        let told = String::from_utf8_lossy(&said.stdout);
        assert!(said.status.success(), "{threshold}: {told}");
    }
}

#[test]
fn launchd_gets_a_plist_of_the_keys_and_types_that_it_knows() {
    let home = Path::new("/Users/ada");
    let service = Service::launchd(home, 501);
    let program = Program {
        path: "/opt/homebrew/opt/aws-ssm/bin/aws-ssmd".into(),
        config: Some("/Users/ada/a & b.yaml".into()),
    };
    let socket = home.join("Library/Application Support/aws-ssm/run/v1.sock");
    let files = files(&service, &program, &socket).expect("a plist");
    let dir = tempfile::tempdir().expect("a directory");
    let plist = dir.path().join("aws-ssmd.plist");
    fs::write(&plist, &files[0].text).expect("a plist");
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/supervised/plist.py");
    let said = Command::new("python3")
        .arg(judge)
        .args([plist.as_path(), &program.path, &socket])
        .output()
        .expect("Python");
    assert!(said.status.success(), "{said:?}");

    // It is a judge: what it is to find, it finds.
    for (right, wrong) in [
        ("<integer>384</integer>", "<integer>600</integer>"),
        ("<integer>384</integer>", "<string>0600</string>"),
        ("<key>Crashed</key>", "<key>SuccessfulExit</key>"),
        ("<key>Label</key>", "<key>label</key>"),
        ("<key>ExitTimeOut</key>", "<key>Umask</key>"),
        ("</plist>", ""),
    ] {
        let text = files[0].text.replacen(right, wrong, 1);
        fs::write(&plist, text).expect("a plist");
        let said = Command::new("python3")
            .arg(judge)
            .args([plist.as_path(), &program.path, &socket])
            .output()
            .expect("Python");
        assert!(!said.status.success(), "{right} as {wrong}: {said:?}");
    }
}

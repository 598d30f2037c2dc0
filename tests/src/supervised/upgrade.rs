//! Another program in the place of the one that runs.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{join, join_all};
use tokio::time::{Instant, sleep};

use super::stage::{POLL, SERVICE, SOCKET, Stage};
use crate::harness::{PATIENCE, a_newer_client_calls, finish};

/// Clients at one time.
const CROWD: usize = 2;
/// What each of them asks at least once the new program serves.
const AFTERWARDS: usize = 3;

/// Which file it is, whatever its name.
fn file(path: impl AsRef<Path>) -> (u64, u64) {
    let found = fs::metadata(path).expect("a program");
    (found.dev(), found.ino())
}

/// As a package manager does: written beside the old one, and put in its place.
fn put(program: &Path) {
    let beside = program.with_extension("new");
    fs::copy("/run/bin/aws-ssmd", &beside).expect("a copy");
    fs::rename(beside, program).expect("an upgrade");
}

/// Lists until `over`, and a few times more; says how often.
async fn keep_listing(stage: &Stage, over: &AtomicBool) -> usize {
    let (mut asked, mut afterwards) = (0, 0);
    while afterwards < AFTERWARDS {
        afterwards += usize::from(over.load(Ordering::SeqCst));
        let list = stage.lists().await;
        assert_eq!(list.stderr, "", "the daemon itself answered");
        asked += 1;
    }
    asked
}

pub async fn replaced(stage: Stage) {
    let program = stage.home.join("aws-ssmd");
    put(&program);
    let mut install = stage.command("aws-ssm", &["daemon", "install"]);
    install.env("AWS_SSM_DAEMON", &program);
    let installed = finish(install).await;
    assert_eq!(installed.code(), 0, "{installed:?}");
    stage.lists().await;
    let first = stage.pid().await;

    let over = AtomicBool::new(false);
    let replacing = async {
        put(&program);
        // It would notice by itself within a minute.
        a_newer_client_calls(&stage.endpoint).await;
        // It has a minute to wait until nobody is connected.
        let deadline = Instant::now() + 2 * PATIENCE;
        loop {
            let pid = stage.property(SERVICE, "MainPID");
            if pid != "0" && pid != first.to_string() {
                break;
            }
            assert!(Instant::now() < deadline, "no successor came");
            sleep(POLL).await;
        }
        over.store(true, Ordering::SeqCst);
    };
    let crowd = join_all((0..CROWD).map(|_| keep_listing(&stage, &over)));
    let (asked, ()) = join(crowd, replacing).await;
    assert!(asked.iter().all(|asked| *asked > AFTERWARDS), "{asked:?}");

    let second = stage.pid().await;
    assert_eq!(stage.daemons(), [second], "one owner");
    assert_eq!(stage.property(SERVICE, "MainPID"), second.to_string());
    let runs = stage.done(&["daemon", "status", "-o", "json"]).await;
    let status: serde_json::Value = serde_json::from_str(&runs.stdout).expect("JSON");
    let executable = status["executable"].as_str().expect("a path");
    assert_eq!(file(executable), file(&program), "the new program serves");
    // It ended well, and nobody had to restart it.
    assert_eq!(stage.property(SERVICE, "NRestarts"), "0");
    assert_eq!(stage.property(SERVICE, "Result"), "success");
    assert_eq!(stage.property(SOCKET, "ActiveState"), "active");
}

//! Disks that are full, files that are damaged, daemons that are killed.

use std::path::Path;

use aws_ssm_tests::harness::finish;
use rustix::process::{Pid, Signal, kill_process};

use super::{directory, everything, kept, listed_once, stop, warnings};
use crate::stage::{Stage, eventually, sorted};

/// What is done to a file.
type Damage = fn(&Path);

fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).expect("a file");
    change(&mut bytes);
    std::fs::write(path, bytes).expect("a file");
}

const DAMAGES: [(&str, Damage); 6] = [
    ("truncated", |path| {
        rewrite(path, |bytes| bytes.truncate(bytes.len() / 2))
    }),
    ("empty", |path| rewrite(path, Vec::clear)),
    ("damaged", |path| {
        rewrite(path, |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        });
    }),
    ("newer", |path| rewrite(path, |bytes| bytes[8] += 1)),
    ("foreign", |path| {
        rewrite(path, |bytes| *bytes = b"[default]\n".to_vec())
    }),
    ("a link", |path| {
        let moved = path.with_extension("moved");
        std::fs::rename(path, &moved).expect("moved");
        std::os::unix::fs::symlink(moved, path).expect("a link");
    }),
];

#[tokio::test]
async fn a_file_that_is_of_no_use_is_set_aside_with_one_warning() {
    for (what, damage) in DAMAGES {
        let stage = Stage::new().await;
        let before = listed_once(&stage).await;
        let [snapshot] = &kept(&stage.programs, "instances")[..] else {
            panic!("one snapshot");
        };
        damage(snapshot);
        let calls = stage.calls("DescribeInstances");
        for _ in 0..3 {
            let list = stage.done(&["list", "-o", "ids"]).await;
            assert_eq!(
                (list.stdout, list.stderr),
                (before.clone(), String::new()),
                "{what}"
            );
        }
        assert_eq!(stage.calls("DescribeInstances"), calls + 1, "{what}");
        assert_eq!(warnings(&stage.programs, "set aside"), 1, "{what}");
        let aside = directory(&stage.programs).join("aside-0");
        assert!(aside.symlink_metadata().is_ok(), "{what}");
        // A whole one takes its place.
        stop(&stage.programs).await;
        stage.done(&["list", "-o", "ids"]).await;
        assert_eq!(stage.calls("DescribeInstances"), calls + 1, "{what}");
    }
}

#[tokio::test]
async fn a_key_that_is_damaged_costs_one_load() {
    let stage = Stage::new().await;
    listed_once(&stage).await;
    rewrite(&directory(&stage.programs).join("key"), |bytes| {
        bytes[30] ^= 1
    });
    let calls = stage.calls("DescribeInstances");
    for _ in 0..2 {
        stage.done(&["list"]).await;
        stop(&stage.programs).await;
    }
    assert_eq!(stage.calls("DescribeInstances"), calls + 1);
}

/// A limit on the size of files stands for a disk that is full: it holds for root too.
#[tokio::test]
async fn with_the_disk_full_answers_come_from_memory_with_one_warning() {
    let stage = Stage::new().await;
    // 8 blocks of 512 bytes are room for the log, and for no snapshot.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$CLIENT\" list -o ids";
    let list = finish(stage.programs.shell(script)).await;
    assert_eq!(list.code(), 0, "{list:?}");
    assert_eq!(sorted(list.lines()), stage.listed());
    stage.done(&["list"]).await;
    stage.settled().await;
    for _ in 0..3 {
        stage.done(&["cache", "refresh"]).await;
        eventually("a warning", || {
            warnings(&stage.programs, "cannot be kept") > 0
        })
        .await;
    }
    stage.sandbox.reset_counts();
    stage.done(&["list"]).await;
    assert_eq!(stage.calls("DescribeInstances"), 0);
    stop(&stage.programs).await;
    assert_eq!(warnings(&stage.programs, "cannot be kept"), 1);
    assert!(kept(&stage.programs, "instances").is_empty());
    let rests = everything(&stage.programs);
    let rests = rests.iter().map(|path| path.display().to_string());
    assert_eq!(rests.filter(|name| name.contains(".new-")).count(), 0);
}

/// The log is on that disk too.
#[tokio::test]
async fn with_no_room_for_the_log_the_daemon_goes_on_answering() {
    let stage = Stage::new().await;
    // One block of 512 bytes is full after the first lines.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$CLIENT\" list -o ids";
    let list = finish(stage.programs.shell(script)).await;
    assert_eq!((list.code(), &*list.stderr), (0, ""));
    let pid = stage.programs.daemon_pid().await.expect("a daemon answers");
    // Who is seen for the first time is told of in the log.
    let role = stage.sandbox.account(1).role_arn("ops");
    for arguments in [&["list", "--role-arn", &role][..], &["list"]] {
        let list = stage.done(arguments).await;
        assert_eq!(list.stderr, "", "{list:?}");
    }
    assert_eq!(stage.programs.daemon_pid().await, Some(pid));
    let log = std::fs::metadata(stage.programs.home.endpoint().log).expect("a log");
    assert_eq!(log.len(), 512, "it was full");
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_costs_one_warning() {
    let stage = Stage::new().await;
    stage.programs.home.write("cache", "a file is in its place");
    for _ in 0..3 {
        let list = stage.done(&["list", "--fresh", "-o", "ids"]).await;
        assert_eq!(sorted(list.lines()), stage.listed());
        assert_eq!(list.stderr, "");
    }
    stop(&stage.programs).await;
    assert_eq!(warnings(&stage.programs, "cannot be kept"), 1);
}

#[tokio::test]
async fn kill_9_while_writing_leaves_the_old_or_the_new_whole() {
    let stage = Stage::new().await;
    let before = listed_once(&stage).await;
    for _ in 0..5 {
        stage.done(&["cache", "refresh"]).await;
        let pid = stage.programs.daemon_pid().await.expect("a daemon answers");
        let pid = Pid::from_raw(pid.cast_signed()).expect("a process");
        // Into the middle of it: the file is being written, or about to be.
        let unfinished = || {
            let mut files = everything(&stage.programs).into_iter();
            files.any(|path| path.display().to_string().contains(".new-"))
        };
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(1);
        while !unfinished() && tokio::time::Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
        kill_process(pid, Signal::KILL).expect("our own daemon can be killed");
        let calls = stage.calls("DescribeInstances");
        let list = stage.done(&["list", "-o", "ids"]).await;
        assert_eq!(list.stdout, before);
        assert_eq!(
            stage.calls("DescribeInstances"),
            calls,
            "it was read from disk"
        );
    }
    assert_eq!(warnings(&stage.programs, "set aside"), 0);
}

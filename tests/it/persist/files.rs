//! The files themselves.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use aws_ssm_tests::harness::Programs;
use aws_ssm_tests::sandbox::Account;

use super::{directory, everything, kept, listed_once, stop};
use crate::stage::Stage;

#[tokio::test]
async fn files_and_directory_are_the_users_alone() {
    let stage = Stage::new().await;
    listed_once(&stage).await;
    let mode = |path: &Path| std::fs::metadata(path).expect("there").mode() & 0o777;
    assert_eq!(mode(&directory(&stage.programs)), 0o700);
    let files = everything(&stage.programs);
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn no_secret_is_written_to_any_file() {
    let stage = Stage::new().await;
    let Account {
        access_key,
        secret_key,
        ..
    } = stage.sandbox.account(0);
    let profiles = format!(
        "[work]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n\
         [ops]\nrole_arn = {}\nsource_profile = work\nexternal_id = an-external-id\n",
        stage.sandbox.account(0).role_arn("ops")
    );
    let home = &stage.programs.home;
    home.write(".aws/credentials", &profiles);
    stage.done(&["list"]).await;
    stage.done(&["list", "-p", "work"]).await;
    stage.run(&["list", "-p", "ops"]).await;
    stage.settled().await;
    stop(&stage.programs).await;
    let snapshots = kept(&stage.programs, "instances");
    assert!(!snapshots.is_empty());
    let whole = |secret: &str| secret.as_bytes().to_vec();
    let secrets = [
        whole(access_key),
        whole(secret_key),
        whole("an-external-id"),
        // A piece of it would be too much as well.
        whole(&secret_key[..12]),
    ];
    for file in below(home.path()) {
        if file.starts_with(home.path().join(".aws")) {
            continue;
        }
        let bytes = std::fs::read(&file).expect("a file");
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|part| part == secret);
            assert!(!found, "{}", file.display());
        }
    }
}

/// Every regular file below a directory.
fn below(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            files.extend(below(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}

#[tokio::test]
async fn clear_all_leaves_nothing() {
    let stage = Stage::new().await;
    listed_once(&stage).await;
    // A daemon that has none of it in memory clears it as well.
    let cleared = stage.json(&["cache", "clear", "--all"]).await;
    assert_eq!(cleared["dropped_entries"], 2, "{cleared}");
    assert!(!directory(&stage.programs).exists());
    stop(&stage.programs).await;
    assert!(!directory(&stage.programs).exists());

    // Nor does it leave what still waits to be written.
    stage.done(&["list"]).await;
    stage.done(&["cache", "clear", "--all"]).await;
    stop(&stage.programs).await;
    assert!(kept(&stage.programs, "instances").is_empty());
    assert!(kept(&stage.programs, "agents").is_empty());
}

#[tokio::test]
async fn clear_leaves_what_is_another_identitys() {
    let mut stage = Stage::new().await;
    listed_once(&stage).await;
    let account = stage.sandbox.account(1).clone();
    stage.programs.set("AWS_ACCESS_KEY_ID", account.access_key);
    stage
        .programs
        .set("AWS_SECRET_ACCESS_KEY", account.secret_key);
    stage.done(&["list"]).await;
    stage.settled().await;
    stop(&stage.programs).await;
    assert_eq!(kept(&stage.programs, "instances").len(), 2);
    stage.done(&["cache", "clear"]).await;
    stop(&stage.programs).await;
    assert_eq!(kept(&stage.programs, "instances").len(), 1);
    let account = stage.sandbox.account(0).clone();
    stage.programs.set("AWS_ACCESS_KEY_ID", account.access_key);
    stage
        .programs
        .set("AWS_SECRET_ACCESS_KEY", account.secret_key);
    let calls = stage.calls("DescribeInstances");
    stage.done(&["list"]).await;
    assert_eq!(stage.calls("DescribeInstances"), calls);
}

/// The settings under which nothing is written.
const NOWHERE: [&str; 3] = [
    "cache:\n  persist: false\n",
    "cache:\n  share: credentials\n",
    "cache:\n  enabled: false\n",
];

#[tokio::test]
async fn settings_that_keep_nothing_write_nothing_and_remove_what_was_there() {
    let stage = Stage::new().await;
    for config in NOWHERE {
        stage.programs.home.write("config.yaml", "");
        stage.done(&["list"]).await;
        stop(&stage.programs).await;
        assert_eq!(kept(&stage.programs, "instances").len(), 1);
        stage.programs.home.write("config.yaml", config);
        let calls = stage.calls("DescribeInstances");
        stage.done(&["list"]).await;
        assert!(stage.calls("DescribeInstances") > calls, "{config}");
        stop(&stage.programs).await;
        assert!(!directory(&stage.programs).exists(), "{config}");
    }
}

#[tokio::test]
async fn the_directory_can_be_chosen() {
    let stage = Stage::new().await;
    let elsewhere = stage.programs.home.path().join("elsewhere");
    let config = format!("cache:\n  cache_dir: {}\n", elsewhere.display());
    let stage = stage.configured(&config);
    stage.done(&["list"]).await;
    stop(&stage.programs).await;
    assert!(everything(&stage.programs).is_empty());
    let found = std::fs::read_dir(elsewhere.join("snapshots")).expect("snapshots");
    assert!(found.count() > 0);
}

/// What a person sees who looks for whose data there is.
#[tokio::test]
async fn no_name_of_a_file_tells_whose_it_is() {
    let stage = Stage::new().await;
    listed_once(&stage).await;
    let names = |programs: &Programs| format!("{:?}", everything(programs));
    let shown = names(&stage.programs);
    let account = stage.sandbox.account(0);
    for part in [&account.id, &account.access_key, "eu-west", "arn"] {
        assert!(!shown.contains(part), "{shown}");
    }
}

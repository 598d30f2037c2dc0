//! Homes in which no daemon can be.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, symlink};
use std::path::Path;

use aws_ssm_tests::harness::finish;

use crate::stage::{Stage, assert_refused, sorted};

/// The error of every command that needs the socket, and that of none of them
/// stands in the way of a call that does not.
async fn assert_unusable(stage: &Stage, words: &[&str]) {
    for arguments in [&["list"][..], &["daemon", "start"]] {
        assert_refused(&stage.run(arguments).await, 6, words);
    }
    let alone = stage.done(&["list", "--no-daemon", "-o", "ids"]).await;
    assert_eq!(sorted(alone.lines()), stage.listed());
}

fn make_private(path: &Path) {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .expect("a directory");
}

#[tokio::test]
async fn a_socket_directory_that_others_may_enter_is_refused_and_left_alone() {
    let stage = Stage::new().await;
    let run = stage.programs.home.endpoint().run_dir().to_owned();
    make_private(&run);
    for mode in [0o755, 0o710] {
        fs::set_permissions(&run, Permissions::from_mode(mode)).expect("our own");
        assert_unusable(&stage, &["not safe", "chmod 700"]).await;
        let kept = fs::metadata(&run)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777;
        assert_eq!(kept, mode);
    }
    assert_eq!(
        fs::read_dir(&run).expect("it is there").count(),
        0,
        "nothing was made in it"
    );
    fs::set_permissions(&run, Permissions::from_mode(0o700)).expect("our own");
    stage.done(&["list"]).await;
}

#[tokio::test]
async fn a_socket_directory_that_is_none_is_refused() {
    let stage = Stage::new().await;
    let run = stage.programs.home.endpoint().run_dir().to_owned();
    fs::write(&run, "").expect("a file");
    assert_unusable(&stage, &["not a directory"]).await;
    fs::remove_file(&run).expect("the file");
    let elsewhere = stage.programs.home.path().join("elsewhere");
    make_private(&elsewhere);
    symlink(&elsewhere, &run).expect("a link");
    assert_unusable(&stage, &["symbolic link"]).await;
}

/// Only root can give a directory away; everybody else has to leave this untried.
#[tokio::test]
async fn another_users_socket_directory_is_refused() {
    let stage = Stage::new().await;
    let run = stage.programs.home.endpoint().run_dir().to_owned();
    make_private(&run);
    if chown(&run, Some(65_534), None).is_err() {
        return;
    }
    assert_unusable(&stage, &["belongs to user 65534"]).await;
}

#[tokio::test]
async fn something_else_in_the_sockets_place_is_named_and_left_alone() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    make_private(endpoint.run_dir());
    fs::write(&endpoint.socket, "precious").expect("a file");
    let shown = endpoint.socket.display().to_string();
    assert_unusable(&stage, &["not a socket", &shown]).await;
    assert_eq!(
        fs::read_to_string(&endpoint.socket).expect("a file"),
        "precious"
    );
    fs::remove_file(&endpoint.socket).expect("the file");
    make_private(&endpoint.socket);
    assert_unusable(&stage, &["not a socket", &shown]).await;
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_told_with_its_limit() {
    let mut stage = Stage::new().await;
    let home = stage.programs.home.path().join("h".repeat(120));
    stage
        .programs
        .set("AWS_SSM_HOME", home.display().to_string());
    assert_unusable(&stage, &["too long", "bytes", "AWS_SSM_HOME"]).await;
    for dir in ["run", "state"] {
        assert!(!home.join(dir).exists(), "nothing was made");
    }
}

#[tokio::test]
async fn a_home_that_leads_nowhere_is_told() {
    let mut stage = Stage::new().await;
    stage.programs.set("AWS_SSM_HOME", "relative/home");
    assert_refused(
        &stage.run(&["list"]).await,
        2,
        &["AWS_SSM_HOME", "relative/home"],
    );
    let mut homeless = stage.programs.command(["list"]);
    homeless.env_remove("AWS_SSM_HOME").env_remove("HOME");
    assert_refused(&finish(homeless).await, 2, &["HOME"]);
}

/// A state directory that cannot be written costs the log, not the answer.
#[tokio::test]
async fn a_log_that_cannot_be_written_is_no_reason_not_to_serve() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    fs::write(&endpoint.state_dir, "in the way").expect("a file");
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
}

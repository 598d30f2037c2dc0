//! How a daemon starts, and what a start must not do.

use aws_ssm_tests::harness::finish;

use super::kill::listening_process;
use crate::stage::{Stage, assert_refused, eventually, programs, sorted};

#[tokio::test]
async fn commands_that_look_at_the_daemon_start_none() {
    let programs = programs();
    for arguments in [&["daemon", "status"][..], &["daemon", "stats"]] {
        let finished = programs.run(arguments).await;
        assert_refused(&finished, 6, &["no daemon is running", "daemon start"]);
    }
    let stopped = programs.run(&["daemon", "stop"]).await;
    assert_eq!(stopped.code(), 0, "{stopped:?}");
    let version = programs.run(&["version"]).await;
    assert_eq!(version.code(), 0, "{version:?}");
    let left = std::fs::read_dir(programs.home.path())
        .expect("a home")
        .count();
    assert_eq!(left, 0, "nothing was made");
}

#[tokio::test]
async fn start_is_done_also_when_a_daemon_runs() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let first = listening_process(&stage.programs).await;
    let again = stage.done(&["daemon", "start"]).await;
    assert_eq!(again.stdout, "");
    assert_eq!(listening_process(&stage.programs).await, first);
    stage.done(&["daemon", "restart"]).await;
    let second = listening_process(&stage.programs).await;
    assert!(second.is_some() && second != first);
}

/// The shell waits until every copy of the pipe is closed, and a daemon that kept
/// one would keep the shell.
#[tokio::test]
async fn a_daemon_holds_none_of_the_descriptors_of_its_starter() {
    let stage = Stage::new().await;
    let script = r#"ids=$("$CLIENT" list -o ids 3>&1 4>&2) && printf '%s\n' "$ids""#;
    let finished = finish(stage.programs.shell(script)).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert_eq!(sorted(finished.lines()), stage.listed());
    assert!(
        listening_process(&stage.programs).await.is_some(),
        "it runs on"
    );
}

#[tokio::test]
async fn an_aws_that_is_slow_or_down_holds_up_no_start_because_it_is_not_asked() {
    let mut stage = Stage::new().await;
    stage.sandbox.inject(aws_ssm_tests::sandbox::Fault::hang());
    stage.done(&["daemon", "start"]).await;
    stage.done(&["daemon", "status"]).await;
    assert_eq!(stage.sandbox.counts().total(), 0);
    stage.done(&["daemon", "stop"]).await;
    stage.programs.set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    stage.done(&["daemon", "start"]).await;
    let list = stage.run(&["list"]).await;
    assert_refused(&list, 5, &["127.0.0.1:1"]);
    assert!(listening_process(&stage.programs).await.is_some());
}

#[tokio::test]
async fn thirty_commands_at_once_in_an_empty_home_start_one_daemon() {
    let stage = Stage::new().await;
    let lists = (0..30).map(|_| stage.run(&["list", "-o", "ids"]));
    for list in futures_util::future::join_all(lists).await {
        assert_eq!(list.code(), 0, "{list:?}");
        assert_eq!(sorted(list.lines()), stage.listed());
    }
    let log = std::fs::read_to_string(stage.programs.home.endpoint().log).expect("a log");
    assert_eq!(log.matches("listening").count(), 1, "{log}");
}

#[tokio::test]
async fn sessions_with_other_variables_meet_the_same_daemon() {
    let mut stage = Stage::new().await;
    stage.done(&["list"]).await;
    let first = listening_process(&stage.programs).await;
    assert!(first.is_some());
    for variable in [
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
        "TMPDIR",
        "SSH_CONNECTION",
    ] {
        stage.programs.set(variable, "/nonexistent/elsewhere");
    }
    stage.done(&["list"]).await;
    let status = stage.json(&["daemon", "status"]).await;
    let pid = first.map(|pid| i64::from(pid.as_raw_nonzero().get()));
    assert_eq!(status["pid"].as_i64(), pid);
}

/// A program that only tells how it was started.
#[tokio::test]
async fn a_daemon_gets_the_root_directory_and_an_allow_listed_environment() {
    let mut stage = Stage::new().await;
    let script = "#!/bin/sh\npwd\nenv\nexit 1\n";
    let program = stage.programs.home.write("tells", script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("a program");
    for (variable, value) in [
        ("AWS_SSM_DAEMON", program.display().to_string().as_str()),
        ("AWS_PROFILE", "secret-profile"),
        ("LD_LIBRARY_PATH", "/nonexistent"),
        ("SSH_AUTH_SOCK", "/nonexistent"),
        ("EDITOR", "ed"),
    ] {
        stage.programs.set(variable, value);
    }
    let told = stage.run(&["daemon", "start"]).await;
    assert_refused(&told, 6, &["did not start"]);
    let said = &told.stderr;
    // Its words are the reason, put on one line.
    assert!(said.contains("exit status: 1: / "), "{said}");
    let allowed = [
        "HOME", "PATH", "PWD", "OLDPWD", "SHLVL", "_", "USER", "LANG",
    ];
    let names = said
        .split_whitespace()
        .filter_map(|word| word.split_once('='));
    for (name, _) in names {
        let is_ours = name.starts_with("AWS_SSM_");
        assert!(is_ours || allowed.contains(&name), "{name}: {said}");
    }
}

#[tokio::test]
async fn a_start_that_fails_says_the_daemons_own_reason_and_not_that_nobody_answers() {
    let stage = Stage::new().await.configured("cache:\n  ttl_minutes: 0\n");
    let list = stage.run(&["list"]).await;
    assert_refused(&list, 2, &["cache.ttl_minutes"]);
    assert!(!list.stderr.contains("connect"), "{list:?}");
    // Whoever has mended it is not told of it again.
    let stage = stage.configured("cache:\n  ttl_minutes: 5\n");
    stage.done(&["list"]).await;
}

#[tokio::test]
async fn a_call_without_the_daemon_leaves_no_process_no_socket_and_no_lock() {
    let stage = Stage::new().await;
    let list = stage.done(&["list", "--no-daemon", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    assert!(!stage.programs.home.endpoint().run_dir().exists());
}

#[tokio::test]
async fn the_second_daemon_of_a_home_says_so_and_leaves() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let first = listening_process(&stage.programs).await;
    let second = finish(stage.programs.daemon_command(["--foreground"])).await;
    assert_eq!(second.code(), 0, "{second:?}");
    let said = format!("{}{}", second.stdout, second.stderr);
    let socket = stage.programs.home.endpoint().socket;
    assert!(said.contains(&socket.display().to_string()), "{second:?}");
    assert_eq!(listening_process(&stage.programs).await, first);
    stage.done(&["list"]).await;
}

#[tokio::test]
async fn two_homes_have_two_daemons() {
    let (one, other) = (Stage::new().await, Stage::new().await);
    let lists = futures_util::future::join(one.done(&["list"]), other.done(&["list"])).await;
    drop(lists);
    let pids = [&one, &other].map(|stage| listening_process(&stage.programs));
    let [first, second] = pids;
    assert_ne!(first.await, second.await);
}

#[tokio::test]
async fn a_daemon_started_by_hand_serves_and_ends_with_its_terminal() {
    let stage = Stage::new().await;
    let command = stage
        .programs
        .daemon_command(["--foreground", "--log-level", "debug"]);
    let mut command = tokio::process::Command::from(command);
    command.stderr(std::process::Stdio::null());
    let mut daemon = command.kill_on_drop(true).spawn().expect("the daemon");
    let socket = stage.programs.home.endpoint().socket;
    eventually("the socket", || socket.exists()).await;
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    let pid = listening_process(&stage.programs)
        .await
        .expect("it listens");
    assert_eq!(Some(pid.as_raw_nonzero().get().unsigned_abs()), daemon.id());
    super::kill::send(pid, rustix::process::Signal::INT);
    let status = daemon.wait().await.expect("it ends");
    assert!(status.success(), "{status}");
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_missing_daemon_program_is_named() {
    let stage = Stage::new().await;
    let mut command = stage.programs.command(["list"]);
    command.env("AWS_SSM_DAEMON", "/nonexistent/aws-ssmd");
    assert_refused(
        &finish(command).await,
        6,
        &["/nonexistent/aws-ssmd", "AWS_SSM_DAEMON"],
    );
    let mut command = stage.programs.command(["list", "--timeout", "5s"]);
    command.env("AWS_SSM_DAEMON", "/bin/false");
    assert_refused(&finish(command).await, 6, &["did not start"]);
}

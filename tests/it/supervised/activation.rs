//! How a socket is handed to the daemon, and what it tells of itself: the protocol of
//! `sd_listen_fds(3)` and `sd_notify(3)`, by hand and by systemd's own tool.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use aws_ssm_tests::harness::{Finished, PATIENCE, finish};
use rustix::process::Signal;
use tokio::net::UnixDatagram;
use tokio::process::{Child, Command as TokioCommand};
use tokio::time::timeout;

use crate::life::kill::send;
use crate::stage::{Stage, eventually};

/// Gives the daemon its standard input as descriptor 3, and says so.
const HAND_OVER: &str =
    r#"exec 3<&0 </dev/null; LISTEN_PID=${FOR:-$$} LISTEN_FDS=${FDS:-1} exec "$0" "$@""#;

/// The service manager's part.
struct Manager {
    stage: Stage,
    ears: UnixDatagram,
}

impl Manager {
    async fn new() -> Self {
        Self::of(Stage::new().await)
    }

    fn of(stage: Stage) -> Self {
        stage.programs.home.endpoint().prepare().expect("a place");
        let notify = stage.programs.home.path().join("notify");
        let ears = UnixDatagram::bind(notify).expect("a socket");
        Self { stage, ears }
    }

    fn socket(&self) -> std::path::PathBuf {
        self.stage.programs.home.endpoint().socket
    }

    /// The daemon's program, with what a manager sets for it.
    fn daemon(&self, handed_over: impl Into<OwnedFd>) -> Command {
        let plain = self.stage.programs.daemon_command([""; 0]);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", HAND_OVER]).arg(plain.get_program());
        command.env_clear();
        let variables = plain.get_envs().filter_map(|(k, v)| Some((k, v?)));
        command
            .envs(variables)
            .env(
                "NOTIFY_SOCKET",
                self.stage.programs.home.path().join("notify"),
            )
            .stdin(handed_over.into())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    async fn told(&self) -> String {
        let mut text = [0; 256];
        let heard = timeout(PATIENCE, self.ears.recv(&mut text)).await;
        let length = heard.expect("it tells something").expect("a word");
        String::from_utf8_lossy(&text[..length]).trim().to_owned()
    }
}

fn spawn(command: Command) -> Child {
    let mut command = TokioCommand::from(command);
    command.kill_on_drop(true).spawn().expect("the daemon")
}

fn terminate(daemon: &Child) {
    let pid = daemon.id().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.and_then(rustix::process::Pid::from_raw);
    send(pid.expect("it runs"), Signal::TERM);
}

async fn ended(daemon: Child) -> Finished {
    let output = timeout(PATIENCE, daemon.wait_with_output()).await;
    output.expect("it ends").expect("its output").into()
}

#[tokio::test]
async fn a_daemon_says_ready_when_it_serves_and_stopping_before_anything_else() {
    let manager = Manager::new().await;
    let socket = UnixListener::bind(manager.socket()).expect("a socket");
    let daemon = spawn(manager.daemon(socket));
    assert_eq!(manager.told().await, "READY=1");
    manager.stage.done(&["list"]).await;
    terminate(&daemon);
    assert_eq!(manager.told().await, "STOPPING=1");
    let ended = ended(daemon).await;
    assert_eq!(ended.code(), 0, "{ended:?}");
    assert!(manager.socket().exists(), "it is the manager's");
}

#[tokio::test]
async fn a_socket_that_was_meant_for_another_process_is_not_taken() {
    let manager = Manager::new().await;
    let elsewhere = manager.stage.programs.home.path().join("elsewhere");
    let socket = UnixListener::bind(elsewhere).expect("a socket");
    let mut command = manager.daemon(socket);
    command.env("FOR", "1");
    let daemon = spawn(command);
    assert_eq!(manager.told().await, "READY=1");
    assert!(manager.socket().exists(), "it has bound its own");
    manager.stage.done(&["list"]).await;
    terminate(&daemon);
    assert_eq!(ended(daemon).await.code(), 0);
}

/// It would keep every other daemon from starting, and nobody would find it.
#[tokio::test]
async fn a_socket_where_no_client_looks_is_an_error_that_names_both_places() {
    let manager = Manager::new().await;
    let elsewhere = manager.stage.programs.home.path().join("elsewhere");
    let socket = UnixListener::bind(&elsewhere).expect("a socket");
    let refused = finish(manager.daemon(socket)).await;
    assert_eq!(refused.code(), 6, "{refused:?}");
    for place in [&elsewhere, &manager.socket()] {
        let place = place.to_str().expect("a path");
        assert!(refused.stderr.contains(place), "{refused:?}");
    }
    assert!(refused.stderr.contains("ListenStream="), "{refused:?}");
}

#[tokio::test]
async fn what_is_no_socket_that_listens_is_an_error_that_says_what_was_expected() {
    let manager = Manager::new().await;
    let file = File::open("/dev/null").expect("a file");
    let silent = rustix::net::socket(
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::STREAM,
        None,
    );
    let datagrams = std::os::unix::net::UnixDatagram::unbound().expect("a socket");
    let misfits: [OwnedFd; 3] = [file.into(), silent.expect("a socket"), datagrams.into()];
    for misfit in misfits {
        let refused = finish(manager.daemon(misfit)).await;
        assert_eq!(refused.code(), 1, "{refused:?}");
        for word in [
            "cannot start",
            "hand over one socket that listens",
            "aws-ssmd.socket",
        ] {
            assert!(refused.stderr.contains(word), "{refused:?}");
        }
    }
    let socket = UnixListener::bind(manager.socket()).expect("a socket");
    let mut command = manager.daemon(socket);
    command.env("FDS", "2");
    let refused = finish(command).await;
    assert!(refused.stderr.contains("there are 2"), "{refused:?}");
}

/// The visits that it pays itself are no callers: they keep nobody from ending it.
#[tokio::test]
async fn the_watchdog_is_told_while_the_daemon_answers_itself_and_that_is_no_use_of_it() {
    let stage = Stage::new()
        .await
        .configured("daemon:\n  idle_timeout_minutes: 0.05\n");
    let manager = Manager::of(stage);
    let socket = UnixListener::bind(manager.socket()).expect("a socket");
    let mut command = manager.daemon(socket);
    command.env("WATCHDOG_USEC", "200000");
    let daemon = spawn(command);
    assert_eq!(manager.told().await, "READY=1");
    for _ in 0..3 {
        assert_eq!(manager.told().await, "WATCHDOG=1");
    }
    while manager.told().await != "STOPPING=1" {}
    assert_eq!(ended(daemon).await.code(), 0);
}

#[tokio::test]
async fn systemds_own_tool_hands_over_the_socket_and_the_daemon_answers_on_it() {
    let manager = Manager::new().await;
    let home = manager.stage.programs.home.path();
    let daemon = manager.stage.programs.daemon_command([""; 0]);
    let mut command = Command::new("systemd-socket-activate");
    command
        .arg("--listen")
        .arg(manager.socket())
        .arg("--fdname=aws-ssmd.socket")
        .args(["-E", &assignment("AWS_SSM_HOME", home)])
        .args(["-E", &assignment("NOTIFY_SOCKET", &home.join("notify"))])
        .arg(daemon.get_program())
        .env("HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut command = TokioCommand::from(command);
    let activate = match command.kill_on_drop(true).spawn() {
        Ok(activate) => activate,
        Err(error) => {
            let required = std::env::var("AWS_SSM_USER_MANAGER");
            assert_ne!(required.as_deref(), Ok("required"), "{error}");
            let _ = writeln!(
                std::io::stderr(),
                "NOT RUN: systemd-socket-activate: {error}"
            );
            return;
        }
    };
    let socket = manager.socket();
    eventually("the tool listens", || socket.exists()).await;
    manager.stage.done(&["list"]).await;
    assert_eq!(manager.told().await, "READY=1");
    // It has become the daemon.
    assert_eq!(manager.stage.programs.daemon_pid().await, activate.id());
    terminate(&activate);
    assert_eq!(manager.told().await, "STOPPING=1");
    assert_eq!(ended(activate).await.code(), 0);
    assert!(fs::exists(&socket).expect("a directory"), "it is not ours");
}

fn assignment(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

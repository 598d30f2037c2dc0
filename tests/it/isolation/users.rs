//! Other users of the machine, root among them, at both ends of the socket. Only root
//! can become somebody else; everybody else has to leave these untried.
#![cfg(target_os = "linux")]

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Stdio;

use aws_ssm_proto::domain::ListQuery;
use aws_ssm_tests::harness::{PATIENCE, Programs, TestDaemon, finish, list_ids};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdout, Command};

use crate::stage::{REGION, Stage, eventually, first_caller, listed, programs, sandbox, sorted};

/// A user whom nothing belongs to.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn open_to_all(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

/// Becomes nobody, connects, asks as a client does, and prints what it hears.
const ASK: &str = "
import os, socket, sys
os.setuid(65534)
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
peer.settimeout(30)
heard = b''
try:
    peer.sendall(b'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n' + bytes(4) + b'\\x04' + bytes(5))
    heard = peer.recv(1000)
except (BrokenPipeError, ConnectionResetError):
    pass
print(len(heard))
";

/// Binds as root, listens as nobody, and prints how much each caller says.
const LISTEN: &str = "
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.setuid(65534)
listener.listen()
print('listening', flush=True)
while True:
    caller, _ = listener.accept()
    caller.settimeout(30)
    print(len(caller.recv(1000)), flush=True)
";

#[tokio::test]
async fn another_user_at_the_socket_is_hung_up_on_unheard() {
    if !is_root() {
        return;
    }
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let endpoint = daemon.home.endpoint();
    // What keeps him away first is out of the way.
    for dir in endpoint.socket.ancestors().skip(1) {
        if !dir.starts_with(daemon.home.path()) {
            break;
        }
        open_to_all(dir, 0o755);
    }
    open_to_all(&endpoint.socket, 0o666);
    let mut ask = std::process::Command::new("python3");
    ask.args(["-c", ASK]).arg(&endpoint.socket);
    let asked = finish(ask).await;
    assert_eq!(asked.stdout, "0\n", "{asked:?}");
    let client = daemon.client().await;
    let list = list_ids(&client, &first_caller(&sandbox), ListQuery::default()).await;
    assert_eq!(sorted(list.expect("a list").0), listed(&sandbox, 0, REGION));
    drop(client);
    daemon.stop().await;
}

/// A daemon that nobody runs, in a home of his own.
async fn nobodys_daemon(programs: &Programs) -> Child {
    let home = programs.home.path();
    let program = home.join("aws-ssmd");
    std::fs::copy(env!("CARGO_BIN_EXE_daemon-under-test"), &program).expect("a copy");
    for path in [home, program.as_path()] {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
    }
    let daemon = Command::new(program)
        .arg("--foreground")
        .env_clear()
        .env("HOME", home)
        .env("AWS_SSM_HOME", home)
        .uid(NOBODY)
        .gid(NOBODY)
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it can be run");
    let socket = programs.home.endpoint().socket;
    eventually("the socket", || socket.exists()).await;
    daemon
}

#[tokio::test]
async fn root_is_refused_by_a_users_daemon_and_refuses_it() {
    if !is_root() {
        return;
    }
    let stage = Stage::new().await;
    let mut daemon = nobodys_daemon(&stage.programs).await;
    let mut peer = UnixStream::connect(stage.programs.home.endpoint().socket)
        .await
        .expect("root may connect to everything");
    let _ = peer.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let mut heard = Vec::new();
    let _ = peer.read_to_end(&mut heard).await;
    assert_eq!(heard, b"");
    let mut log = BufReader::new(daemon.stderr.take().expect("it is ours")).lines();
    let refusal = "user 0 is at the other end of the socket, and only user 65534 may be";
    wait_for(&mut log, refusal).await;

    let list = stage.run(&["list", "--timeout", "10s"]).await;
    assert_eq!(list.code(), 6, "{list:?}");
    assert!(list.stderr.contains("65534"), "{list:?}");
    assert_eq!(
        stage.sandbox.counts().total(),
        0,
        "root's keys went nowhere"
    );
    daemon.kill().await.expect("it is ours");
}

async fn wait_for<R: AsyncReadExt + Unpin>(log: &mut Lines<BufReader<R>>, words: &str) {
    loop {
        let line = tokio::time::timeout(PATIENCE, log.next_line()).await;
        let line = line.expect("in time").expect("text").expect("more");
        if line.contains(words) {
            return;
        }
    }
}

/// To the system, a process that is not dumpable belongs to root: nobody else may look
/// into its memory or attach to it.
#[tokio::test]
async fn no_process_of_the_same_user_can_look_into_the_daemon() {
    if !is_root() {
        return;
    }
    let programs = programs();
    let daemon = nobodys_daemon(&programs).await;
    let owner = |pid: u32| {
        std::fs::metadata(format!("/proc/{pid}/mem"))
            .expect("it runs")
            .uid()
    };
    let mut other = Command::new("sleep");
    let other = other
        .arg("600")
        .uid(NOBODY)
        .kill_on_drop(true)
        .spawn()
        .expect("sleep runs");
    let other_pid = other.id().expect("it runs");
    eventually("a process like any other", || owner(other_pid) == NOBODY).await;
    assert_eq!(owner(daemon.id().expect("it runs")), 0);
    for mut child in [daemon, other] {
        child.kill().await.expect("it is ours");
    }
}

async fn listening_nobody(socket: &Path) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut listener = Command::new("python3");
    listener
        .args(["-c", LISTEN])
        .arg(socket)
        .stdout(Stdio::piped());
    let mut listener = listener.kill_on_drop(true).spawn().expect("python3 runs");
    let mut said = BufReader::new(listener.stdout.take().expect("it is ours")).lines();
    wait_for(&mut said, "listening").await;
    (listener, said)
}

#[tokio::test]
async fn a_client_says_nothing_to_a_daemon_that_is_another_users() {
    if !is_root() {
        return;
    }
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    let mut dirs = std::fs::DirBuilder::new();
    dirs.recursive(true).mode(0o700);
    dirs.create(endpoint.run_dir()).expect("a directory");
    let (mut listener, mut said) = listening_nobody(&endpoint.socket).await;
    for arguments in [
        &["list"][..],
        &["whoami"],
        &["daemon", "status"],
        &["daemon", "stop"],
    ] {
        let arguments = [arguments, &["--timeout", "10s"]].concat();
        let refused = stage.run(&arguments).await;
        crate::stage::assert_refused(&refused, 6, &["user 65534", "only user 0"]);
    }
    assert_eq!(stage.sandbox.counts().total(), 0);
    listener.kill().await.expect("it is ours");
    while let Some(line) = said.next_line().await.expect("text") {
        assert_eq!(line, "0", "bytes that it was told");
    }
}

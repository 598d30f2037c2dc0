//! Ctrl-C, wherever a command is.

use std::process::Command;

use aws_ssm_tests::harness::{PATIENCE, Programs, finish};
use aws_ssm_tests::sandbox::Fault;
use tokio::net::UnixListener;
use tokio::time::timeout;

use crate::stage::{Stage, eventually, programs};

/// Runs a program in a terminal from a shell, presses Ctrl-C when somebody says that
/// it waits, and prints the exit code that the shell saw and whether the terminal's
/// settings are as before.
const TERMINAL: &str = r#"
import os, pty, select, sys, termios, time
pid, terminal = pty.fork()
if pid == 0:
    script = 'trap : INT; echo ready; "$@"; echo "code=$?"'
    os.execv("/bin/bash", ["bash", "-c", script, "bash"] + sys.argv[2:])
before, said, pressed, end = termios.tcgetattr(terminal), b"", False, time.monotonic() + 50
while b"code=" not in said or not said.endswith(b"\n"):
    if time.monotonic() > end:
        sys.exit("never ended: %r" % said)
    if not pressed and b"ready" in said and os.path.exists(sys.argv[1]):
        pressed = True
        os.write(terminal, b"\x03")
    if select.select([terminal], [], [], 0.01)[0]:
        said += os.read(terminal, 65536)
same = before == termios.tcgetattr(terminal)
os.waitpid(pid, 0)
print(said.decode().rsplit("code=")[-1].strip(), same)
"#;

/// Interrupts a command once `waits` is over.
async fn interrupt(programs: &Programs, arguments: &[&str], waits: impl Future<Output = ()>) {
    let client = programs.command(arguments);
    let sign = programs.home.path().join("waits");
    let mut command = Command::new("python3");
    command
        .args(["-c", TERMINAL])
        .arg(&sign)
        .arg(client.get_program())
        .args(client.get_args())
        .env_clear()
        .env("TERM", "xterm")
        .envs(
            client
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let waits = async {
        waits.await;
        programs.home.write("waits", "");
    };
    let (finished, ()) = tokio::join!(finish(command), waits);
    std::fs::remove_file(sign).expect("it was made");
    assert_eq!(
        finished.stdout.trim(),
        "130 True",
        "{arguments:?}: {finished:?}"
    );
}

#[tokio::test]
async fn ctrl_c_ends_every_command_that_waits_for_aws_and_leaves_the_terminal_alone() {
    let stage = Stage::new().await;
    stage.sandbox.inject(Fault::hang());
    for arguments in [
        &["list"][..],
        &["list", "--count", "state:running"],
        &["list", "--sort", "none", "-o", "jsonl", "--no-daemon"],
        &["show", "web-1", "--fresh"],
        &["resolve", "web-1"],
        &["regions"],
        &["whoami", "-r", "us-east-1"],
        &["cache", "refresh"],
        &["doctor"],
    ] {
        // Whoever asked before must not be waited with.
        stage.done(&["daemon", "restart"]).await;
        let before = stage.sandbox.counts().total();
        // From then on it waits for AWS, which says nothing.
        let waits = eventually("a call", || stage.sandbox.counts().total() > before);
        interrupt(&stage.programs, arguments, waits).await;
    }
    stage.done(&["daemon", "status"]).await;
}

#[tokio::test]
async fn ctrl_c_ends_every_command_that_waits_for_a_daemon_that_hangs() {
    let programs = programs().with("AWS_REGION", "eu-west-1");
    let socket = programs.home.endpoint().socket;
    let dir = socket.parent().expect("a directory");
    std::fs::create_dir_all(dir).expect("a directory");
    let deaf = UnixListener::bind(&socket).expect("a socket");
    let mut heard = Vec::new();
    for arguments in [
        &["list"][..],
        &["show", "web-1"],
        &["cache", "show"],
        &["cache", "clear"],
        &["daemon", "status"],
        &["daemon", "stats"],
        &["daemon", "reload"],
        &["daemon", "stop"],
        &["daemon", "restart"],
        &["version"],
    ] {
        let waits = async {
            let caller = timeout(PATIENCE, deaf.accept()).await;
            heard.push(caller.expect("a caller").expect("a socket"));
        };
        interrupt(&programs, arguments, waits).await;
    }
    drop(deaf);
    std::fs::remove_file(socket).expect("it is ours");
}

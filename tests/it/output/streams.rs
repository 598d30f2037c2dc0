//! Where the output goes: pipes that end, files that are full, terminals that are
//! narrow, and a person who has seen enough.

use std::process::Command;

use aws_ssm_tests::harness::finish;
use aws_ssm_tests::sandbox::Fault;
use rustix::process::Signal;

use crate::stage::{Stage, assert_refused, assert_told, eventually};

#[tokio::test]
async fn a_pipe_that_ends_early_is_no_error() {
    let stage = Stage::new().await;
    let script = r#""$CLIENT" list --all -o json | head -n 1"#;
    let finished = finish(stage.programs.shell(script)).await;
    assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""));
    assert_eq!(finished.lines().len(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_an_error() {
    let stage = Stage::new().await;
    for arguments in ["list", "list -o json", "daemon status", "whoami"] {
        let script = format!(r#""$CLIENT" {arguments} > /dev/full"#);
        let finished = finish(stage.programs.shell(&script)).await;
        assert_refused(&finished, 1, &["no space left"]);
    }
}

#[tokio::test]
async fn closed_streams_are_survived() {
    let stage = Stage::new().await;
    for (streams, rows) in [
        ("<&-", true),
        (">&-", false),
        ("2>&-", true),
        ("<&- 2>&-", true),
    ] {
        let script = format!(r#""$CLIENT" list -o ids {streams}"#);
        let finished = finish(stage.programs.shell(&script)).await;
        assert_eq!(finished.stderr, "", "{streams}");
        assert!(finished.code() <= 1, "{streams}: {finished:?}");
        if rows {
            assert_eq!(finished.lines().len(), stage.listed().len(), "{streams}");
        }
    }
    stage.done(&["daemon", "status"]).await;
}

#[tokio::test]
async fn a_person_may_interrupt_at_any_time() {
    let stage = Stage::new().await;
    stage.sandbox.inject(Fault::hang().on("DescribeInstances"));
    for flags in ["", "--no-daemon"] {
        stage.sandbox.reset_counts();
        // A program in the background of a script is told to ignore the signal, and
        // tells its children, so that this is not a person's terminal any more.
        let script = format!(r#"exec env --default-signal=INT "$CLIENT" list {flags}"#);
        let command = stage.programs.shell(&script);
        let mut command = tokio::process::Command::from(command);
        let client = command.kill_on_drop(true).spawn().expect("the client");
        let pid = client
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            .expect("a process");
        let pid = rustix::process::Pid::from_raw(pid).expect("not zero");
        let loading = || stage.calls("DescribeInstances") + stage.calls("GetCallerIdentity") > 0;
        eventually("the load", loading).await;
        rustix::process::kill_process(pid, Signal::INT).expect("our own");
        let finished: aws_ssm_tests::harness::Finished =
            client.wait_with_output().await.expect("it ends").into();
        assert_eq!(finished.code(), 130, "{flags}: {finished:?}");
        assert_eq!(
            (finished.stdout.as_str(), finished.stderr.as_str()),
            ("", ""),
            "{flags}"
        );
    }
    stage.done(&["daemon", "status"]).await;
}

#[tokio::test]
async fn quiet_means_errors_only() {
    let stage = Stage::new().await;
    for arguments in [
        &["daemon", "start", "-q"][..],
        &["list", "-q", "--tag", "Name=nobody"],
        &["list", "-q", "-o", "ids"],
        &["cache", "refresh", "-q"],
        &["daemon", "stop", "-q"],
        &["daemon", "stop", "-q"],
    ] {
        assert_eq!(stage.done(arguments).await.stderr, "", "{arguments:?}");
    }
    let refused = stage.run(&["list", "-q", "--profile", "nonesuch"]).await;
    assert_told(&refused, &["nonesuch"]);
}

#[tokio::test]
async fn standard_output_carries_data_only() {
    let stage = Stage::new().await;
    let verbose = stage.done(&["list", "-vv", "-o", "ids"]).await;
    assert_eq!(verbose.lines().len(), stage.listed().len());
    assert!(!verbose.stderr.is_empty());
    for arguments in [
        &["daemon", "start"][..],
        &["daemon", "restart"],
        &["daemon", "stop"],
    ] {
        let said = stage.done(arguments).await;
        assert_eq!(said.stdout, "", "{arguments:?}");
        assert!(!said.stderr.is_empty(), "{arguments:?}");
    }
}

#[tokio::test]
async fn colours_are_for_terminals_and_for_those_who_ask() {
    let stage = Stage::new().await;
    let escape = '\u{1b}';
    assert!(!stage.done(&["list", "--all"]).await.stdout.contains(escape));
    assert!(
        stage
            .done(&["list", "--all", "--color", "always"])
            .await
            .stdout
            .contains(escape)
    );
    let mut asked = stage.programs.command(["list", "--all"]);
    asked.env("NO_COLOR", "1");
    assert!(!finish(asked).await.stdout.contains(escape));
}

/// Runs a program in a terminal of some columns and passes on what it prints on
/// standard output.
const TERMINAL: &str = "
import fcntl, os, pty, struct, sys, termios
columns = int(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.execv(sys.argv[2], sys.argv[2:])
while True:
    try:
        said = os.read(terminal, 65536)
    except OSError:
        break
    if not said:
        break
    os.write(1, said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

#[tokio::test]
async fn a_table_fits_its_terminal() {
    let stage = Stage::new().await;
    for columns in [20, 40, 80, 200] {
        let client = stage
            .programs
            .command(["list", "--all", "--color", "never"]);
        let mut command = Command::new("python3");
        command
            .args(["-c", TERMINAL, &columns.to_string()])
            .arg(client.get_program());
        command.args(client.get_args());
        command.env_clear().env("TERM", "xterm");
        let variables = client.get_envs();
        command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        let shown = finish(command).await;
        assert_eq!(shown.code(), 0, "{shown:?}");
        assert!(shown.lines().len() > 60, "{shown:?}");
        for line in shown.stdout.lines() {
            let width = line.trim_end_matches('\r').chars().count();
            assert!(width <= columns, "{width} of {columns}: {line:?}");
        }
    }
}

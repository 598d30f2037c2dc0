//! How far a load is, on a terminal's standard error.

use std::process::Command;
use std::time::Duration;

use aws_ssm_tests::harness::finish;
use aws_ssm_tests::sandbox::{Fault, SandboxConfig};
use serde::Deserialize;

use crate::stage::{OTHER_REGION, REGION, Stage, small};

/// Runs a program whose standard error is a terminal of some width and whose standard
/// output is a pipe, and presses Ctrl-C once a text is on the terminal.
const TERMINAL: &str = r#"
import fcntl, json, os, pty, struct, subprocess, sys, termios, threading
columns, press = int(sys.argv[1]), sys.argv[2].encode()
ours, theirs = pty.openpty()
fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
def own():
    os.setsid()
    fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
child = subprocess.Popen(sys.argv[3:], stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, preexec_fn=own)
os.close(theirs)
printed = []
reader = threading.Thread(target=lambda: printed.append(child.stdout.read()))
reader.start()
said, pressed = b"", False
while True:
    try:
        more = os.read(ours, 65536)
    except OSError:
        break
    if not more:
        break
    said += more
    if press and not pressed and press in said:
        pressed = True
        os.write(ours, b"\x03")
reader.join()
print(json.dumps({"said": said.decode(), "printed": printed[0].decode(), "code": child.wait()}))
"#;

const ERASED: &str = "\r\u{1b}[K";

#[derive(Debug, Deserialize)]
struct Seen {
    said: String,
    printed: String,
    code: i32,
}

impl Seen {
    /// What was shown in the line, one after the other.
    fn shown(&self) -> Vec<&str> {
        let parts = self.said.split(['\r', '\n']);
        let parts = parts.map(|part| part.trim_end_matches("\u{1b}[K"));
        parts.filter(|part| part.starts_with("load")).collect()
    }
}

async fn stage(instances: usize) -> Stage {
    let stage = Stage::with(SandboxConfig {
        instances,
        ..small()
    })
    .await;
    let latency = Duration::from_millis(700);
    stage.sandbox.set_latency(latency, Duration::ZERO);
    stage
}

async fn at_terminal(
    stage: &Stage,
    arguments: &[&str],
    (kind, columns): (&str, u16),
    press: &str,
) -> Seen {
    let client = stage.programs.command(arguments);
    let mut command = Command::new("python3");
    command
        .args(["-c", TERMINAL, &columns.to_string(), press])
        .arg(client.get_program())
        .args(client.get_args());
    command.env_clear();
    let variables = client.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    command.env("TERM", kind);
    let finished = finish(command).await;
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

#[tokio::test]
async fn a_cold_load_says_how_far_it_is_and_leaves_no_trace() {
    let stage = stage(1500).await;
    let list = ["list", "--all", "-o", "ids"];
    let cold = at_terminal(&stage, &list, ("xterm", 80), "").await;
    assert_eq!(cold.code, 0, "{cold:?}");
    assert_eq!(cold.printed.lines().count(), 1500);
    assert!(cold.said.ends_with(ERASED), "{cold:?}");
    let shown = cold.shown();
    let counted = shown
        .iter()
        .any(|line| line.contains("100 instances, 1 page, "));
    assert!(counted, "{shown:?}");

    let warm = at_terminal(&stage, &list, ("xterm", 80), "").await;
    assert_eq!((warm.code, warm.said.as_str()), (0, ""));
    assert_eq!(warm.printed, cold.printed);
}

#[tokio::test]
async fn nobody_else_is_told() {
    let stage = stage(60).await;
    let list = ["list", "--fresh", "-o", "ids"];
    for (kind, more) in [
        ("dumb", None),
        ("xterm", Some("-q")),
        ("xterm", Some("--sort=none")),
    ] {
        let arguments: Vec<&str> = list.into_iter().chain(more).collect();
        let seen = at_terminal(&stage, &arguments, (kind, 80), "").await;
        assert_eq!((seen.code, seen.said.as_str()), (0, ""), "{arguments:?}");
    }
    let piped = stage.done(&list).await;
    assert_eq!(piped.stderr, "");
}

#[tokio::test]
async fn a_narrow_terminal_keeps_it_on_one_line() {
    let stage = stage(300).await;
    let list = ["list", "--fresh", "-o", "ids"];
    for columns in [10, 20] {
        let seen = at_terminal(&stage, &list, ("xterm", columns), "").await;
        let shown = seen.shown();
        assert!(!shown.is_empty(), "{seen:?}");
        for line in shown {
            assert!(line.len() < columns.into(), "{line:?}");
        }
        assert!(!seen.said.contains('\n'), "{seen:?}");
    }
}

#[tokio::test]
async fn several_regions_are_one_line_and_all_who_wait_see_it() {
    let stage = stage(300).await;
    let regions = format!("{REGION},{OTHER_REGION}");
    let list = ["list", "--all", "-o", "ids", "-r", &regions];
    let look = || at_terminal(&stage, &list, ("xterm", 80), "");
    for seen in <[Seen; 2]>::from(tokio::join!(look(), look())) {
        assert_eq!(seen.printed.lines().count(), 600, "{seen:?}");
        let shown = seen.shown();
        let summed = shown
            .iter()
            .any(|line| line.contains("200 instances, 2 pages, "));
        assert!(summed, "{shown:?}");
    }
    assert_eq!(
        stage.calls("DescribeInstances"),
        4,
        "one load of each region"
    );
}

#[tokio::test]
async fn ctrl_c_takes_the_line_away_and_exits_with_130() {
    let stage = stage(60).await;
    stage.sandbox.inject(Fault::hang().on("DescribeInstances"));
    let list = ["list", "-o", "ids"];
    let seen = at_terminal(&stage, &list, ("xterm", 80), "loading: ").await;
    assert_eq!((seen.code, seen.printed.as_str()), (130, ""), "{seen:?}");
    assert!(seen.said.ends_with(ERASED), "{seen:?}");
}

#[tokio::test]
async fn a_failure_is_told_where_the_line_was() {
    let stage = stage(60).await;
    let denied = Fault::access_denied().on("DescribeInstances");
    stage.sandbox.inject(denied.after(1));
    let small_pages = "performance:\n  streaming_page_size: 20\n";
    let stage = stage.configured(small_pages);
    let seen = at_terminal(&stage, &["list", "-o", "ids"], ("xterm", 80), "").await;
    assert_eq!((seen.code, seen.printed.as_str()), (4, ""), "{seen:?}");
    let (_, told) = seen.said.rsplit_once(ERASED).expect("it was taken away");
    assert!(told.starts_with("error: "), "{seen:?}");
}

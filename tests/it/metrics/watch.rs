//! `daemon stats --watch`, in a terminal and in a pipe.

use std::process::Command;

use aws_ssm_tests::harness::{Finished, finish};
use serde::Deserialize;

use crate::stage::{Stage, assert_refused};

/// Runs a program in a terminal until it has written a text so many times, and presses a
/// key. Tells what it wrote, how it ended, and whether the terminal's settings are as
/// before. At Ctrl-C this terminal keeps what it has not shown yet; others throw it
/// away, which may be half a frame.
const TERMINAL: &str = r#"
import fcntl, json, os, pty, struct, sys, termios
columns, rows = int(sys.argv[1]), int(sys.argv[2])
text, times, key = sys.argv[3].encode(), int(sys.argv[4]), sys.argv[5]
pid, terminal = pty.fork()
if pid == 0:
    os.read(0, 1)
    os.execv(sys.argv[6], sys.argv[6:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
before = termios.tcgetattr(terminal)
before[3] |= termios.NOFLSH
termios.tcsetattr(terminal, termios.TCSANOW, before)
before = termios.tcgetattr(terminal)
os.write(terminal, b"\n")
said, pressed = b"", False
while True:
    try:
        more = os.read(terminal, 65536)
    except OSError:
        break
    if not more:
        break
    said += more
    if not pressed and said.count(text) >= times:
        pressed = True
        os.write(terminal, key.encode())
after = termios.tcgetattr(terminal)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({"said": said.decode(), "code": code, "same": before == after}))
"#;

const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l";
const LEAVE: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";

/// What a run in a terminal left.
#[derive(Debug, Deserialize)]
pub struct Seen {
    /// All that the terminal got.
    pub said: String,
    /// The exit code; of a run that a signal ended, the signal's number, negative.
    pub code: i32,
    /// The terminal's settings are as before.
    pub same: bool,
}

impl Seen {
    /// The text of each frame that was drawn, without what moves the cursor.
    fn frames(&self) -> Vec<Vec<String>> {
        // A terminal turns each line feed into two characters itself.
        let said = self.said.replace("\r\r\n", "\r\n");
        let frames = said.split("\u{1b}[H").skip(1);
        frames
            .map(|frame| {
                let frame = frame.split("\u{1b}[?2026l").next().unwrap_or_default();
                let plain = frame.replace("\u{1b}[2K", "").replace("\u{1b}[J", "");
                plain.split("\r\n").map(str::to_owned).collect()
            })
            .collect()
    }
}

async fn in_terminal(stage: &Stage, size: (u16, u16), frames: usize, key: &str) -> Seen {
    let watch = [
        "daemon",
        "stats",
        "--watch",
        "--interval",
        "100ms",
        "--color",
        "never",
    ];
    pressed(stage, &watch, size, ("\u{1b}[H", frames), key).await
}

/// Runs the client in a terminal of this size until it has written a text so many times,
/// and presses a key.
pub async fn pressed(
    stage: &Stage,
    arguments: &[&str],
    (columns, rows): (u16, u16),
    (text, times): (&str, usize),
    key: &str,
) -> Seen {
    let client = stage.programs.command(arguments);
    let mut command = Command::new("python3");
    command
        .args(["-c", TERMINAL, &columns.to_string(), &rows.to_string()])
        .args([text, &times.to_string(), key])
        .arg(client.get_program())
        .args(client.get_args());
    command.env_clear().env("TERM", "xterm");
    let variables = client.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    let finished = finish(command).await;
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    stage.settled().await;
    stage
}

#[tokio::test]
async fn ctrl_c_leaves_the_terminal_as_it_was() {
    let stage = stage().await;
    let seen = in_terminal(&stage, (80, 24), 3, "\u{3}").await;
    assert_eq!(seen.code, 130, "{seen:?}");
    assert!(seen.same, "the terminal's settings have changed");
    assert_eq!(seen.said.matches(ENTER).count(), 1);
    assert!(seen.said.trim_end().ends_with(LEAVE), "{:?}", seen.said);
    stage.done(&["daemon", "status"]).await;
}

#[tokio::test]
async fn a_terminal_is_drawn_in_place_and_never_scrolls() {
    let stage = stage().await;
    for size in [(80, 60), (80, 24), (40, 12), (20, 200), (20, 3)] {
        let (columns, rows) = size;
        let seen = in_terminal(&stage, size, 3, "\u{3}").await;
        let frames = seen.frames();
        assert!(frames.len() >= 3, "{size:?}: {seen:?}");
        for frame in &frames {
            assert!(frame.len() <= rows.into(), "{size:?}: {frame:?}");
        }
        if columns == 80 {
            let wide = frames.concat().into_iter();
            let wide: Vec<_> = wide.filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty(), "{wide:?}");
        }
        if rows > 50 {
            let frame = frames[0].join("\n");
            for section in [
                "summary", "cache", "memory", "pool", "api", "rpc", "breakers",
            ] {
                assert!(
                    frame.contains(&format!("\n{section}\n")),
                    "{section}: {frame}"
                );
            }
            assert!(frame.contains("ec2:DescribeInstances"), "{frame}");
        }
    }
}

#[tokio::test]
async fn a_daemon_that_goes_away_ends_the_watch_and_gives_the_terminal_back() {
    let stage = stage().await;
    let watch = in_terminal(&stage, (80, 24), usize::MAX, "");
    let stop = async {
        // The watch keeps its connection, and this question has another.
        while stage.json(&["daemon", "status"]).await["connections"] != 2 {}
        stage.done(&["daemon", "stop"]).await;
    };
    let (seen, ()) = tokio::join!(watch, stop);
    assert_eq!(seen.code, 6, "{seen:?}");
    let (_, told) = seen.said.rsplit_once(LEAVE).expect("it left the screen");
    assert!(told.contains("error: no daemon is running"), "{told}");
    assert!(seen.same);
}

/// What a pipe gets of a watch whose reader has seen enough.
async fn piped(stage: &Stage, flags: &str, lines: usize) -> Finished {
    let script =
        format!(r#""$CLIENT" daemon stats --watch --interval 100ms {flags} | head -n {lines}"#);
    finish(stage.programs.shell(&script)).await
}

#[tokio::test]
async fn a_pipe_gets_block_after_block_without_a_code() {
    let stage = stage().await;
    let blocks = piped(&stage, "", 200).await;
    assert_eq!((blocks.code(), blocks.stderr.as_str()), (0, ""));
    assert!(!blocks.stdout.contains('\u{1b}'));
    assert!(
        blocks.stdout.matches("\n\nsummary\n").count() > 1,
        "{blocks:?}"
    );

    let objects = piped(&stage, "-o jsonl", 3).await;
    assert_eq!(objects.lines().len(), 3, "{objects:?}");
    for line in objects.lines() {
        let stats: serde_json::Value = serde_json::from_str(line).expect("an object a line");
        assert!(stats["summary"]["calls"].as_u64() > Some(0), "{stats}");
    }

    let figures = piped(&stage, "-o csv", 300).await;
    let headers = figures.lines().into_iter();
    let headers = headers.filter(|line| *line == "section,subject,figure,value");
    assert_eq!(headers.count(), 1, "{figures:?}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_drawn() {
    let stage = stage().await;
    for (flags, words) in [
        (&["--watch", "--interval", "0s"][..], "--interval"),
        (&["--watch", "--interval", "1ms"], "100ms"),
        (&["--watch", "--interval", "2"], "2s"),
        (&["--interval", "2s"], "--watch"),
        (&["--watch", "--columns", "hits"], "-o json"),
    ] {
        let refused = stage.run(&[&["daemon", "stats"], flags].concat()).await;
        assert_refused(&refused, 2, &[words]);
    }
    stage.done(&["daemon", "stop"]).await;
    let refused = stage.run(&["daemon", "stats", "--watch"]).await;
    assert_refused(&refused, 6, &["no daemon is running"]);
}

/// Table by table, and upright where a table has no room.
#[tokio::test]
async fn nothing_is_left_out_on_a_narrow_terminal() {
    let stage = stage().await;
    for columns in [20, 40, 80] {
        let seen = in_terminal(&stage, (columns, 400), 1, "\u{3}").await;
        let frame = seen.frames().remove(0).join("\n");
        for figure in ["throttles", "received", "p99", "average", "hit-rate"] {
            let shown = frame.to_lowercase().contains(figure);
            assert!(shown, "{columns}: {figure} is missing: {frame}");
        }
    }
}

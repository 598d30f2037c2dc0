//! A terminal, and somebody who looks at it and presses keys.

use std::process::Command;

use aws_ssm_tests::harness::finish;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

/// Runs a program in a terminal of this size. Each of the things to do is done once its
/// text is on the screen, as the last frame has it: something is typed, the terminal
/// gets another size, or the program gets a signal. Tells every frame, what was written
/// besides, how it ended, and whether the terminal's settings are as before.
const TERMINAL: &str = r#"
import fcntl, json, os, pty, struct, sys, termios
size, todo = json.loads(sys.argv[1]), json.loads(sys.argv[2])
def resize(size):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
pid, terminal = pty.fork()
if pid == 0:
    os.read(0, 1)
    os.execv(sys.argv[3], sys.argv[3:])
resize(size)
before = termios.tcgetattr(terminal)
os.write(terminal, b"\n")
said = b""
while True:
    try:
        more = os.read(terminal, 65536)
    except OSError:
        break
    if not more:
        break
    said += more
    frames = said.split(b"\x1b[?2026h\x1b[H")[1:]
    whole = [frame.split(b"\x1b[?2026l")[0] for frame in frames if b"\x1b[?2026l" in frame]
    if todo and whole and todo[0]["until"].encode() in whole[-1]:
        do = todo.pop(0)
        if "size" in do:
            resize(do["size"])
        if "signal" in do:
            os.kill(pid, do["signal"])
        os.write(terminal, do.get("type", "").encode())
after = termios.tcgetattr(terminal)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({"said": said.decode(), "code": code, "same": before == after, "left": len(todo)}))
"#;

const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l";
const LEAVE: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";

/// What was seen in a terminal.
#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    said: String,
    /// As a shell reports it, but for signals, whose number is negative.
    pub(super) code: i32,
    same: bool,
    left: usize,
}

impl Seen {
    /// The lines of each frame that was drawn, without what moves the cursor.
    pub(super) fn frames(&self) -> Vec<Vec<String>> {
        let frames = self.said.split("\u{1b}[H").skip(1);
        frames
            .map(|frame| {
                let frame = frame.split("\u{1b}[?2026l").next().unwrap_or_default();
                let plain = frame.replace("\u{1b}[2K", "").replace("\u{1b}[J", "");
                plain.split("\r\n").map(str::to_owned).collect()
            })
            .collect()
    }

    pub(super) fn last_frame(&self) -> String {
        self.frames().pop().expect("a frame").join("\n")
    }

    /// What stands on the terminal once the picker has left it.
    pub(super) fn afterwards(&self) -> &str {
        let (_, after) = self.said.rsplit_once(LEAVE).unwrap_or(("", &self.said));
        after
    }

    /// Whether there was a picker at all.
    pub(super) fn was_opened(&self) -> bool {
        self.said.contains(ENTER)
    }

    /// Everything was done, and the terminal is as it was.
    #[track_caller]
    pub(super) fn assert_restored(&self) {
        assert_eq!(self.left, 0, "not everything was done: {self:?}");
        assert!(self.same, "the terminal's settings have changed");
        let count = |code: &str| self.said.matches(code).count();
        assert_eq!(count(ENTER), count(LEAVE), "{self:?}");
    }
}

/// Once this is on the screen, these keys are pressed.
pub(super) fn keys(until: &str, typed: &str) -> Value {
    json!({"until": until, "type": typed})
}

/// Once this is on the screen, it gets another size.
pub(super) fn size(until: &str, size: (u16, u16)) -> Value {
    json!({"until": until, "size": size})
}

/// Once this is on the screen, the program gets a signal.
pub(super) fn signal(until: &str, number: i32) -> Value {
    json!({"until": until, "signal": number})
}

/// Runs the client in a terminal of 100 columns and 24 rows.
pub(super) async fn client(stage: &Stage, arguments: &[&str], todo: &[Value]) -> Seen {
    run(&stage.programs.command(arguments), "xterm", (100, 24), todo).await
}

/// Runs a program in a terminal of this kind and size.
pub(super) async fn run(program: &Command, kind: &str, size: (u16, u16), todo: &[Value]) -> Seen {
    let mut command = Command::new("python3");
    command
        .args([
            "-c",
            TERMINAL,
            &json!(size).to_string(),
            &json!(todo).to_string(),
        ])
        .arg(program.get_program())
        .args(program.get_args());
    command.env_clear().env("TERM", kind);
    let variables = program.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    let finished = finish(command).await;
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

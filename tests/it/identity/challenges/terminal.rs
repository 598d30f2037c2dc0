//! A terminal of its own, and somebody who types in it.

use std::process::Command;

use aws_ssm_tests::harness::{Finished, finish};
use serde::Deserialize;

use crate::stage::Stage;

/// Runs a program in a terminal. Whenever it asks for a code the next of the things
/// to do is done: something is typed, or, after a `!`, a command is run and then the
/// next one is done as well. Tells what was seen, how it ended, and whether the
/// terminal's settings are as before.
const TERMINAL: &str = r#"
import json, os, pty, sys, termios
todo = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.read(0, 1)
    os.execv(sys.argv[2], sys.argv[2:])
before = termios.tcgetattr(terminal)
os.write(terminal, b"\n")
said, asked = b"", 0
while True:
    try:
        more = os.read(terminal, 65536)
    except OSError:
        break
    if not more:
        break
    said += more
    while todo and said.count(b"Enter MFA code") > asked:
        do = todo.pop(0)
        if do.startswith("!"):
            os.system(do[1:])
        else:
            asked += 1
            os.write(terminal, do.encode())
after = termios.tcgetattr(terminal)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({"said": said.decode(), "code": code, "same": before == after}))
"#;

/// Runs a program that belongs to no terminal.
const NO_TERMINAL: &str = r#"
import os, sys
os.setsid()
os.execv(sys.argv[1], sys.argv[1:])
"#;

/// What was seen in a terminal.
#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    pub(super) said: String,
    /// As a shell reports it, but for signals, whose number is negative.
    pub(super) code: i32,
    /// The terminal's settings are as before.
    pub(super) same: bool,
}

impl Seen {
    /// How often a code was asked for.
    pub(super) fn prompts(&self) -> usize {
        self.said.matches("Enter MFA code for ").count()
    }
}

/// Runs a command in a terminal, and does these things when it asks for codes.
pub(super) async fn in_terminal(program: &Command, todo: &[&str]) -> Seen {
    let todo = serde_json::to_string(todo).expect("JSON");
    let finished = finish(python(TERMINAL, &[&todo], program)).await;
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

/// Runs the client where nobody could be asked.
pub(super) async fn unattended(stage: &Stage, arguments: &[&str]) -> Finished {
    let client = stage.programs.command(arguments);
    finish(python(NO_TERMINAL, &[], &client)).await
}

fn python(script: &str, arguments: &[&str], program: &Command) -> Command {
    let mut command = Command::new("python3");
    command
        .args(["-c", script])
        .args(arguments)
        .arg(program.get_program())
        .args(program.get_args());
    command.env_clear().env("TERM", "xterm");
    let variables = program.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    command
}

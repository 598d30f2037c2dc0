//! How long somebody waits who names no instance: until the first whole frame of the
//! list is on the terminal.

use std::process::Command;

use crate::report::{Report, Target};
use crate::stage::{Stage, run};

const TIMES: usize = 50;

/// Runs a program in a terminal so many times, leaves it when it has drawn a frame, and
/// prints the median of the milliseconds until then.
const TERMINAL: &str = r#"
import os, pty, statistics, sys, time
taken = []
for _ in range(int(sys.argv[1])):
    began = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.argv[2], sys.argv[2:])
    said = b""
    while b"\x1b[?2026l" not in said:
        said += os.read(terminal, 65536)
    taken.append((time.monotonic() - began) * 1000)
    os.write(terminal, b"\x03")
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass
    os.waitpid(pid, 0)
print(statistics.median(taken))
"#;

pub fn measure(stage: &Stage, report: &mut Report) {
    const WHAT: &str = "first frame of a picker, 10,000 instances, warm";
    let large = stage.warm_home(10_000);
    run(&large, &["list"]);
    let client = large.command(["show"]);
    let mut command = Command::new("python3");
    command
        .args(["-c", TERMINAL, &stage.times(TIMES).to_string()])
        .arg(client.get_program())
        .args(client.get_args())
        .env_clear()
        .env("TERM", "xterm");
    let variables = client.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().ok();
    let printed = output.and_then(|output| String::from_utf8(output.stdout).ok());
    let Some(taken) = printed.and_then(|text| text.trim().parse().ok()) else {
        return report.skip(WHAT, "python3 is not installed");
    };
    let target = Target {
        what: WHAT,
        guide: "–",
        at_most: 50.0,
        unit: "ms",
    };
    report.add(&target, taken, "in a terminal that Python opens");
}

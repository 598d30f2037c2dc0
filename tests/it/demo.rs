//! The demo checks what it shows; here it is run as a newcomer's machine might.

use std::process::{Child, Command, Output, Stdio};

fn demo(path: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_demo"))
        .env_clear()
        .env("PATH", path)
        // A home directory in which nothing can be written.
        .env("HOME", "/proc")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the demo can be run")
}

fn end(demo: Child) -> (Output, String) {
    let output = demo.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, stderr)
}

#[test]
fn the_demo_works_twice_at_once_with_nothing_set_up() {
    let both = [demo("/usr/bin:/bin"), demo("/usr/bin:/bin")];
    for demo in both {
        let (output, stderr) = end(demo);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        let shown = String::from_utf8(output.stdout).expect("text");
        assert!(shown.contains("and no AWS call"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "there are no colours in a pipe");
    }
}

#[test]
fn a_step_that_fails_is_named_and_ends_the_demo() {
    let (output, stderr) = end(demo("/nonexistent"));
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("| grep"), "{stderr}");
    assert_eq!(stderr.trim().lines().count(), 3, "{stderr}");
}

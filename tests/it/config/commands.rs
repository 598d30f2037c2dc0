//! `config show`, `check`, `path` and `init`, which need no daemon and start none.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use aws_ssm_tests::harness::{Finished, Programs, finish};
use serde_json::Value;

use crate::stage::{assert_refused, assert_told, programs};

const BROKEN: &str = "cache:\n  ttl_minute: 5\n  refresh_workers: 65\nkeybindings: {}\n";

async fn json(programs: &Programs, arguments: &[&str]) -> Value {
    let finished = programs.run(&[arguments, &["-o", "json"]].concat()).await;
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"))
}

/// One setting of `config show`.
async fn shown(programs: &Programs, name: &str) -> Value {
    let rows = json(programs, &["config", "show"]).await;
    let rows = rows.as_array().expect("rows");
    let row = rows.iter().find(|row| row["setting"] == name);
    row.unwrap_or_else(|| panic!("{name}: {rows:?}")).clone()
}

fn check_text(programs: &Programs, text: &str) -> Finished {
    let mut command = programs.command(["config", "check", "-"]);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().expect("the client");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends").into()
}

#[tokio::test]
async fn show_names_the_source_of_every_value() {
    let programs = programs().with("AWS_SSM_CACHE_REFRESH_WORKERS", "7");
    let file = programs.home.write(
        "config.yaml",
        "# mine\ncache:\n  refresh_workers: 4\n  ttl_minutes: 2.5\n",
    );
    let workers = shown(&programs, "cache.refresh_workers").await;
    assert_eq!(workers["value"], 7);
    assert_eq!(workers["source"], "AWS_SSM_CACHE_REFRESH_WORKERS");
    let ttl = shown(&programs, "cache.ttl_minutes").await;
    assert_eq!(ttl["value"], 2.5);
    assert_eq!(ttl["source"], format!("{}:4", file.display()));
    let burst = shown(&programs, "resilience.burst").await;
    assert_eq!(
        (&burst["value"], &burst["source"]),
        (&100.into(), &"default".into())
    );
    assert_eq!(
        shown(&programs, "default.region").await["value"],
        Value::Null
    );
    let table = programs.run(&["config", "show"]).await;
    let cache = programs.home.path().join("cache").display().to_string();
    assert!(table.stdout.contains(&cache), "{table:?}");
    assert_eq!(
        table.lines().len(),
        1 + json(&programs, &["config", "show"])
            .await
            .as_array()
            .map_or(0, Vec::len)
    );
    assert!(
        !programs.home.endpoint().socket.exists(),
        "no daemon was started"
    );
}

#[tokio::test]
async fn show_tells_what_the_running_daemon_has_otherwise() {
    let programs = programs();
    programs
        .home
        .write("config.yaml", "cache:\n  ttl_minutes: 2\n");
    assert_eq!(programs.run(&["daemon", "start"]).await.code(), 0);
    let same = programs.run(&["config", "show"]).await;
    assert_eq!(same.stderr, "");
    programs
        .home
        .write("config.yaml", "cache:\n  ttl_minutes: 3\n");
    let other = programs.run(&["config", "show"]).await;
    assert!(other.stderr.contains("cache.ttl_minutes"), "{other:?}");
    assert!(other.stderr.contains("daemon reload"), "{other:?}");
}

#[tokio::test]
async fn check_tells_all_mistakes_at_once() {
    let programs = programs().with("AWS_SSM_RESILIENCE_BURST", "0");
    let file = programs.home.write("config.yaml", BROKEN);
    let checked = programs.run(&["config", "check"]).await;
    assert_refused(
        &checked,
        2,
        &[
            "3 mistakes",
            "line 2, column 3",
            "cache.ttl_minutes",
            "line 3, column 20",
            "1 to 64",
            "AWS_SSM_RESILIENCE_BURST",
            "warning: ",
            "keybindings",
        ],
    );
    let findings = json(&programs, &["config", "check"]).await;
    let findings = findings.as_array().expect("rows");
    assert_eq!(findings.len(), 4);
    assert_eq!(findings[0]["place"], file.display().to_string());
    assert_eq!(
        (&findings[0]["line"], &findings[0]["column"]),
        (&2.into(), &3.into())
    );
    assert_eq!(findings[3]["level"], "warning");
    assert!(!programs.home.endpoint().run_dir().exists());
}

#[tokio::test]
async fn check_looks_at_another_file_and_at_standard_input() {
    let programs = programs();
    let file = programs.home.write("other.yaml", BROKEN);
    let other = programs
        .run(&["config", "check", &file.display().to_string()])
        .await;
    assert_refused(&other, 2, &["other.yaml", "2 mistakes"]);
    let relative = finish({
        let mut command = programs.command(["config", "check", "other.yaml"]);
        command.current_dir(programs.home.path());
        command
    })
    .await;
    assert_eq!(relative.stderr, other.stderr);
    assert_refused(&check_text(&programs, BROKEN), 2, &["2 mistakes"]);
    let right = check_text(&programs, "cache:\n  ttl_minutes: 5\n");
    assert_eq!((right.code(), &*right.stdout), (0, ""));
    let missing = programs
        .run(&["config", "check", "/nonexistent/c.yaml"])
        .await;
    assert_refused(&missing, 2, &["/nonexistent/c.yaml"]);
    // Nothing at all is right.
    assert_eq!(programs.run(&["config", "check"]).await.code(), 0);
}

#[tokio::test]
async fn path_tells_where_the_file_is_looked_for() {
    let programs = programs();
    let files = json(&programs, &["config", "path"]).await;
    assert_eq!(files[0]["state"], "missing");
    let file = programs.home.write("config.yaml", "cache: [");
    let files = json(&programs, &["config", "path"]).await;
    assert_eq!(files[0]["path"], file.display().to_string());
    assert_eq!(files[0]["state"], "read", "also when it is broken");
    let other = programs.home.write("other.yaml", "");
    let other = other.display().to_string();
    let named = ["config", "path", "--config", &other];
    let files = json(&programs, &named).await;
    assert_eq!(
        (&files[0]["state"], &files[1]["state"]),
        (&"read".into(), &"not read".into())
    );
    let alone = programs.run(&[&named[..], &["-o", "ids"]].concat()).await;
    assert_eq!(alone.lines(), [&other]);
}

#[tokio::test]
async fn init_writes_a_file_to_begin_with_and_never_over_another() {
    let programs = programs();
    let printed = programs.run(&["config", "init", "--print"]).await;
    assert_eq!(printed.code(), 0, "{printed:?}");
    let file = programs.home.path().join("config.yaml");
    assert!(!file.exists());
    assert_eq!(programs.run(&["config", "init"]).await.code(), 0);
    let written = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(written, printed.stdout);
    let mode = file.metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(programs.run(&["config", "check"]).await.code(), 0);
    assert_eq!(
        shown(&programs, "cache.ttl_minutes").await["source"],
        "default"
    );
    let again = programs.run(&["config", "init"]).await;
    assert_refused(&again, 2, &["config.yaml", "already"]);
    let elsewhere = programs.home.path().join("deep/er/config.yaml");
    let elsewhere = elsewhere.display().to_string();
    let named = programs
        .run(&["config", "init", "--config", &elsewhere])
        .await;
    assert_eq!(named.code(), 0, "{named:?}");
    let nowhere = programs
        .run(&["config", "init", "--config", "/proc/nonesuch/config.yaml"])
        .await;
    assert_refused(&nowhere, 2, &["/proc/nonesuch"]);
}

#[tokio::test]
async fn show_of_settings_that_are_wrong_tells_what_is_wrong() {
    let programs = programs();
    programs.home.write("config.yaml", BROKEN);
    let show = programs.run(&["config", "show"]).await;
    assert_refused(&show, 2, &["2 mistakes"]);
    // Nothing else is answered either, with or without a daemon.
    for arguments in [&["list", "--no-daemon"][..], &["list"], &["whoami"]] {
        let finished = programs.run(arguments).await;
        assert_refused(&finished, 2, &["2 mistakes", "line 2, column 3"]);
        assert_told(&finished, &["line 3, column 20"]);
    }
}

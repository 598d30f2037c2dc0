//! `list --watch`: what it prints of a fleet that changes, and what it lives through.

use std::process::Stdio;

use aws_ssm_tests::harness::{PATIENCE, finish};
use aws_ssm_tests::sandbox::Fault;
use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

use crate::life::kill::{listening_process, send};
use crate::metrics::watch::pressed;
use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused, sorted};

/// A watch that goes on, and is ended with this.
struct Watching {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    errors: Lines<BufReader<ChildStderr>>,
}

impl Watching {
    /// `list --watch` as often as it can be had.
    fn begin(stage: &Stage, arguments: &[&str]) -> Self {
        Self::every("5s", stage, arguments)
    }

    fn every(interval: &str, stage: &Stage, arguments: &[&str]) -> Self {
        let watch = ["list", "--watch", "--interval", interval];
        let command = stage.programs.command([&watch, arguments].concat());
        let mut command = Command::from(command);
        command.stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the client");
        Self {
            output: BufReader::new(child.stdout.take().expect("its output")).lines(),
            errors: BufReader::new(child.stderr.take().expect("its errors")).lines(),
            child,
        }
    }

    async fn line(&mut self) -> String {
        let line = timeout(PATIENCE, self.output.next_line()).await;
        line.expect("in time").expect("text").expect("a line")
    }

    async fn object(&mut self) -> Value {
        let line = self.line().await;
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Reads the first rows; their ids, in order of id.
    async fn present(&mut self, rows: usize) -> Vec<String> {
        let mut ids = Vec::new();
        while ids.len() < rows {
            let object = self.object().await;
            assert_eq!(object["change"], "present", "{object}");
            ids.push(id(&object));
        }
        sorted(ids)
    }

    /// Reads so many changes, in order of their names.
    async fn changes(&mut self, count: usize) -> Vec<Value> {
        let mut changes = Vec::new();
        while changes.len() < count {
            changes.push(self.object().await);
        }
        changes.sort_by_key(|object| object["change"].to_string());
        changes
    }

    /// Reads what is said until a line with this text.
    async fn told(&mut self, text: &str) -> String {
        let mut told = String::new();
        loop {
            let line = timeout(PATIENCE, self.errors.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("{text:?} never came: {told}"));
            let line = line.expect("text").expect("it goes on");
            told += &line;
            told.push('\n');
            if line.contains(text) {
                return told;
            }
        }
    }
}

fn id(object: &Value) -> String {
    let id = object["instance"]["id"].as_str();
    id.unwrap_or_else(|| panic!("no id: {object}")).to_owned()
}

fn members(object: &Value) -> Vec<&str> {
    let members = object.as_object().expect("an object");
    members.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn what_appears_changes_and_goes_is_told_by_objects_as_documented() {
    let stage = Stage::new().await;
    let listed = stage.listed();
    let mut watch = Watching::begin(&stage, &["-o", "jsonl", "--columns", "name,type"]);
    assert_eq!(watch.present(listed.len()).await, listed);

    let account = &stage.sandbox.account(0).id;
    let added = stage.sandbox.add_instances(account, REGION, 1).unwrap();
    let renamed = ("Name", Some("renamed"));
    stage
        .sandbox
        .retag(account, REGION, &listed[0], renamed)
        .unwrap();
    stage
        .sandbox
        .terminate_instance(account, REGION, &listed[1])
        .unwrap();

    let changes = watch.changes(3).await;
    for object in &changes {
        assert_eq!(
            sorted(members(object)),
            ["at", "change", "fields", "instance"]
        );
        let columns = ["id", "name", "region", "state", "type"];
        assert_eq!(sorted(members(&object["instance"])), columns);
        assert_eq!(object["instance"]["region"], REGION);
        let at = object["at"].as_str().expect("a time");
        assert!(at.parse::<jiff::Timestamp>().is_ok(), "{at}");
    }
    let [appeared, changed, gone] = &changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(
        (&appeared["change"], id(appeared)),
        (&"added".into(), added[0].clone())
    );
    assert_eq!(appeared["fields"], Value::Object(serde_json::Map::new()));
    assert_eq!(
        (&changed["change"], id(changed)),
        (&"changed".into(), listed[0].clone())
    );
    assert_eq!(members(&changed["fields"]), ["name"]);
    assert_eq!(changed["fields"]["name"][1], "renamed");
    assert_eq!(changed["instance"]["name"], "renamed");
    assert_eq!(
        (&gone["change"], id(gone)),
        (&"removed".into(), listed[1].clone())
    );
}

#[tokio::test]
async fn a_change_of_state_is_told_whatever_columns_are_shown() {
    let stage = Stage::new().await;
    let id = &stage.listed()[0];
    let arguments = ["--all", "--columns", "type", &format!("id:{id}")];
    let mut watch = Watching::begin(&stage, &arguments);
    assert_eq!(watch.line().await, "TYPE");
    watch.line().await;
    let account = &stage.sandbox.account(0).id;
    stage.sandbox.stop_instance(account, REGION, id).unwrap();
    let line = watch.line().await;
    assert!(line.starts_with("~ 20"), "{line}");
    assert!(
        line.contains(&format!("  {id}  state: running -> stop")),
        "{line}"
    );
}

#[tokio::test]
async fn an_instance_that_begins_or_ceases_to_match_appears_or_goes() {
    let stage = Stage::new().await;
    let id = &stage.listed()[0];
    let account = &stage.sandbox.account(0).id;
    let name = |name| {
        stage
            .sandbox
            .retag(account, REGION, id, ("Name", Some(name)))
    };
    let mut watch = Watching::begin(&stage, &["name:zebra", "--columns", "name,id"]);
    watch.told("no instance matches yet").await;
    name("zebra-1").unwrap();
    for (mark, next) in [("+ ", "horse-1"), ("- ", "zebra-2"), ("+ ", "zebra-2")] {
        let line = watch.line().await;
        assert!(line.starts_with(mark), "{mark}: {line}");
        assert!(line.ends_with(&format!("  {id}")), "{line}");
        name(next).unwrap();
    }
}

#[tokio::test]
async fn a_region_that_fails_loses_no_row_and_holds_up_no_other() {
    let stage = Stage::new().await;
    let account = &stage.sandbox.account(0).id;
    let both = format!("{REGION},{OTHER_REGION}");
    let expected = stage.json(&["list", "-r", &both]).await;
    let rows = expected.as_array().expect("rows").len();
    let arguments = ["-r", &both, "-o", "jsonl", "--columns", "id"];
    let mut watch = Watching::begin(&stage, &arguments);
    watch.present(rows).await;

    let fault = Fault::unavailable()
        .on("DescribeInstances")
        .in_region(REGION);
    stage.sandbox.inject(fault);
    let told = watch.told("stands until there is an answer").await;
    assert!(told.contains(&format!("error: {REGION}: ")), "{told}");
    let added = stage
        .sandbox
        .add_instances(account, OTHER_REGION, 1)
        .unwrap();
    let change = watch.object().await;
    assert_eq!(
        (&change["change"], id(&change)),
        (&"added".into(), added[0].clone())
    );

    stage.sandbox.clear_faults();
    let told = watch.told("answers again").await;
    assert_eq!(told.lines().count(), 1, "an outage is told once: {told}");
    let added = stage.sandbox.add_instances(account, REGION, 1).unwrap();
    let change = watch.object().await;
    assert_eq!(
        (&change["change"], id(&change)),
        (&"added".into(), added[0].clone())
    );
}

#[tokio::test]
async fn an_outage_of_aws_is_told_with_the_age_of_the_rows_and_lived_through() {
    let stage = Stage::new().await;
    let listed = stage.listed();
    let mut watch = Watching::begin(&stage, &["-o", "jsonl", "--columns", "id"]);
    watch.present(listed.len()).await;
    stage
        .sandbox
        .inject(Fault::unavailable().on("DescribeInstances"));
    let told = watch.told("stands until there is an answer").await;
    for words in ["error: ", "  why: ", " hint: ", "what was seen ", "s ago"] {
        assert!(told.contains(words), "{words:?}: {told}");
    }
    stage.sandbox.clear_faults();
    let account = &stage.sandbox.account(0).id;
    let added = stage.sandbox.add_instances(account, REGION, 1).unwrap();
    let change = watch.object().await;
    assert_eq!(
        (&change["change"], id(&change)),
        (&"added".into(), added[0].clone())
    );
    watch.told("answers again").await;
}

#[tokio::test]
async fn refused_credentials_end_a_watch() {
    let stage = Stage::new().await;
    let mut watch = Watching::begin(&stage, &[]);
    watch.line().await;
    stage.sandbox.inject(Fault::unknown_key());
    let told = watch.told(" hint: ").await;
    assert!(told.starts_with("error: "), "{told}");
    let ended = timeout(PATIENCE, watch.child.wait()).await;
    let status = ended.expect("it ends").expect("a status");
    assert_eq!(status.code(), Some(4));
}

/// Killed, and stopped while nobody waits for the watch; started again, none of its rows
/// is told twice.
#[tokio::test]
async fn a_daemon_that_ends_while_it_is_watched_is_followed_by_the_next() {
    let stage = Stage::new().await;
    let listed = stage.listed();
    let mut watch = Watching::begin(&stage, &["-o", "jsonl", "--columns", "id"]);
    watch.present(listed.len()).await;
    let account = &stage.sandbox.account(0).id;
    for end in ["kill", "stop"] {
        match end {
            "kill" => {
                let pid = listening_process(&stage.programs).await;
                send(pid.expect("a daemon"), Signal::KILL);
            }
            _ => drop(stage.done(&["daemon", "stop"]).await),
        }
        let added = stage.sandbox.add_instances(account, REGION, 1).unwrap();
        let change = watch.object().await;
        assert_eq!(
            (&change["change"], id(&change)),
            (&"added".into(), added[0].clone()),
            "{end}"
        );
    }
    watch.child.kill().await.expect("it goes on until now");
    let mut told = Vec::new();
    while let Some(line) = watch.errors.next_line().await.expect("text") {
        told.push(line);
    }
    assert_eq!(told, [""; 0]);
}

#[tokio::test]
async fn watchers_share_what_is_loaded_and_keep_no_connection() {
    let stage = Stage::new().await;
    let listed = stage.listed();
    let watch = || Watching::every("1h", &stage, &["-o", "jsonl", "--columns", "id"]);
    let mut first = watch();
    first.present(listed.len()).await;
    let calls = stage.calls("DescribeInstances");
    assert_eq!(
        stage.calls("DescribeInstanceInformation"),
        0,
        "nobody asked for agents"
    );
    let mut second = watch();
    second.present(listed.len()).await;
    assert_eq!(stage.calls("DescribeInstances"), calls);
    // The one connection is that of the question itself.
    while stage.json(&["daemon", "status"]).await["connections"] != 1 {}
}

#[tokio::test]
async fn a_watch_without_the_daemon_has_a_helper_of_its_own() {
    let stage = Stage::new().await;
    let listed = stage.listed();
    let arguments = ["--no-daemon", "-o", "jsonl", "--columns", "id"];
    let mut watch = Watching::begin(&stage, &arguments);
    assert_eq!(watch.present(listed.len()).await, listed);
    let account = &stage.sandbox.account(0).id;
    let added = stage.sandbox.add_instances(account, REGION, 1).unwrap();
    let change = watch.object().await;
    assert_eq!(
        (&change["change"], id(&change)),
        (&"added".into(), added[0].clone())
    );
    assert!(
        listening_process(&stage.programs).await.is_none(),
        "no daemon was started"
    );
}

#[tokio::test]
async fn ctrl_c_ends_a_watch_and_leaves_the_terminal_as_it_was() {
    let stage = Stage::new().await;
    let watch = ["list", "--watch"];
    let seen = pressed(&stage, &watch, (80, 24), ("until Ctrl-C", 1), "\u{3}").await;
    assert_eq!(seen.code, 130, "{seen:?}");
    assert!(seen.same, "the terminal's settings have changed");
    assert!(seen.said.contains("looked for every 30s"), "{}", seen.said);
}

#[tokio::test]
async fn a_reader_who_leaves_ends_a_watch_quietly_though_nothing_changes() {
    let stage = Stage::new().await;
    for format in ["table", "jsonl"] {
        let script = format!(r#""$CLIENT" list --watch -o {format} | head -n 1"#);
        let finished = finish(stage.programs.shell(&script)).await;
        assert_eq!(
            (finished.code(), finished.lines().len()),
            (0, 1),
            "{finished:?}"
        );
        assert_eq!(finished.stderr, "");
    }
}

#[tokio::test]
async fn what_makes_no_sense_of_a_watch_is_refused_before_anybody_is_asked() {
    let stage = Stage::new().await;
    for (flags, words) in [
        (&["--watch", "--limit", "3"][..], "--limit"),
        (&["--watch", "--count"], "--count"),
        (&["--watch", "--fresh"], "--interval"),
        (&["--watch", "--max-age", "5m"], "--max-age"),
        (&["--watch", "-o", "json"], "-o jsonl"),
        (&["--watch", "-o", "wide"], "-o wide"),
        (&["--watch", "-o", "csv"], "-o csv"),
        (&["--watch", "-o", "ids"], "-o ids"),
        (&["--watch", "-o", "json", "--meta"], "-o jsonl"),
        (&["--watch", "--interval", "1s"], "5s"),
        (&["--watch", "--interval", "10"], "10s"),
        (&["--watch", "--columns", "stat"], "did you mean state?"),
        (&["--interval", "10s"], "--watch"),
    ] {
        let refused = stage.run(&[&["list"], flags].concat()).await;
        assert_refused(&refused, 2, &[words]);
    }
    assert!(
        listening_process(&stage.programs).await.is_none(),
        "nobody was asked"
    );
    assert_eq!(stage.calls("DescribeInstances"), 0);
}

/// The format that a home has for those who name none is no refusal of a watch.
#[tokio::test]
async fn the_format_of_the_settings_counts_if_a_watch_has_it() {
    for (output, first) in [("json", "NAME"), ("jsonl", "{\"at\":")] {
        let stage = Stage::new().await;
        let stage = stage.configured(&format!("default:\n  output: {output}\n"));
        let mut watch = Watching::begin(&stage, &[]);
        let line = watch.line().await;
        assert!(line.starts_with(first), "{output}: {line}");
    }
}

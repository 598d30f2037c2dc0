//! `default.output`: the format of those who ask for none.

use crate::stage::{Stage, assert_refused};

#[tokio::test]
async fn the_settings_decide_the_format_of_those_who_ask_for_none() {
    let stage = Stage::new().await.configured("default:\n  output: ids\n");
    let listed = stage.listed();
    let sorted = |text: &str| crate::stage::sorted(text.lines());
    // By a daemon that this call starts, by one that runs, and by one of its own.
    for arguments in [&["list"][..], &["list"], &["list", "--no-daemon"]] {
        let list = stage.done(arguments).await;
        assert_eq!(sorted(&list.stdout), listed, "{arguments:?}");
    }
    let show = stage.done(&["show", "web-1"]).await;
    assert_eq!(show.lines().len(), 1);
    let named = stage.done(&["list", "-o", "csv"]).await;
    assert!(named.stdout.starts_with("name,id,"), "{named:?}");
    let status = stage.done(&["daemon", "status", "--columns", "pid"]).await;
    assert_eq!(status.lines().len(), 1, "{status:?}");
    // A reload changes it for everybody.
    stage
        .programs
        .home
        .write("config.yaml", "default:\n  output: tsv\n");
    stage.done(&["daemon", "reload", "-o", "table"]).await;
    let list = stage.done(&["list"]).await;
    assert!(list.stdout.starts_with("name\tid\t"), "{list:?}");
    // Scripts rely on this one.
    let resolve = stage.done(&["resolve", "web-1"]).await;
    assert!(resolve.stdout.starts_with("i-"), "{resolve:?}");
}

#[tokio::test]
async fn a_terminals_own_variable_beats_the_daemons_setting() {
    let mut stage = Stage::new().await.configured("default:\n  output: csv\n");
    stage.done(&["daemon", "start"]).await;
    stage.programs.set("AWS_SSM_DEFAULT_OUTPUT", "ids");
    let list = stage.done(&["list"]).await;
    assert_eq!(crate::stage::sorted(list.lines()), stage.listed());
    assert_eq!(list.stderr, "", "it is each terminal's own");
    stage.programs.set("AWS_SSM_DEFAULT_OUTPUT", "idz");
    let wrong = stage.run(&["list"]).await;
    assert_refused(&wrong, 2, &["idz", "AWS_SSM_DEFAULT_OUTPUT"]);
}

#[tokio::test]
async fn a_warm_list_asks_the_daemon_once_whatever_the_format() {
    let stage = Stage::new().await.configured("default:\n  output: json\n");
    stage.done(&["list"]).await;
    let calls = async || {
        let stats = stage.json(&["daemon", "stats"]).await;
        let rpc = stats["rpc"].as_array().expect("methods").clone();
        let calls = |row: &serde_json::Value| row["calls"].as_u64().unwrap_or_default();
        rpc.iter().map(calls).sum::<u64>()
    };
    let before = calls().await;
    stage.done(&["list"]).await;
    // Itself, and the question for the counters before.
    assert_eq!(calls().await - before, 2);
}

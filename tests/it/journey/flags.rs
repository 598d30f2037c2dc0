//! The flags that every command takes.

use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused, listed, sorted};

#[tokio::test]
async fn what_is_shown_and_how_is_chosen_by_flags() {
    let stage = Stage::new().await;
    for format in [
        "table", "wide", "json", "jsonl", "yaml", "csv", "tsv", "ids",
    ] {
        let printed = stage.done(&["list", "-o", format]).await;
        assert!(!printed.stdout.is_empty(), "{format}");
    }
    let columns = ["list", "--columns", "id,tag:Team", "--limit", "1"];
    let table = stage.done(&columns).await;
    assert!(table.lines()[0].starts_with("ID"), "{table:?}");
    let bare = stage.done(&[&columns[..], &["--no-header"]].concat()).await;
    assert_eq!(bare.lines(), table.lines()[1..]);
    let coloured = |printed: &str| printed.contains('\u{1b}');
    assert!(!coloured(&table.stdout), "nobody asked a pipe for colours");
    let always = stage.done(&["list", "--color", "always"]).await;
    assert!(coloured(&always.stdout));
    for never in [&["--color", "never"][..], &["--no-color"]] {
        let plain = stage.done(&[&["list"], never].concat()).await;
        assert!(!coloured(&plain.stdout));
    }
    let meta = stage.json(&["list", "--meta"]).await;
    assert_eq!(meta["stale"], false);
    assert!(meta["rows"].is_array());
}

#[tokio::test]
async fn how_old_an_answer_may_be_and_how_long_it_may_take_are_flags() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let calls = || stage.calls("DescribeInstances");
    let first = calls();
    stage.done(&["list", "--max-age", "1h"]).await;
    assert_eq!(calls(), first);
    stage.done(&["list", "--fresh"]).await;
    assert!(calls() > first);
    let said = stage.done(&["list", "-v"]).await;
    assert!(said.stderr.contains("fetched"), "{said:?}");
    let quiet = stage.done(&["list", "name:nobody", "-q"]).await;
    assert_eq!(quiet.stderr, "");
    stage.sandbox.inject(aws_ssm_tests::sandbox::Fault::hang());
    let late = stage.run(&["list", "--fresh", "--timeout", "200ms"]).await;
    assert_refused(&late, 5, &["in time"]);
}

#[tokio::test]
async fn who_asks_and_where_are_flags() {
    let mut stage = Stage::new().await;
    let other = stage.done(&["list", "-r", OTHER_REGION, "-o", "ids"]).await;
    assert_eq!(
        sorted(other.lines()),
        listed(&stage.sandbox, 0, OTHER_REGION)
    );
    let account = stage.sandbox.account(1).id.clone();
    let role = format!("arn:aws:iam::{account}:role/ops");
    let who = stage.json(&["whoami", "--role-arn", &role]).await;
    assert_eq!(who["account"], *account);
    let (key, secret) = {
        let account = stage.sandbox.account(1);
        (account.access_key.clone(), account.secret_key.clone())
    };
    let keys = format!("[other]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
    stage.programs.home.write("aws/credentials", &keys);
    let file = stage.programs.home.path().join("aws/credentials");
    let file = file.to_str().expect("text").to_owned();
    stage.programs.set("AWS_SHARED_CREDENTIALS_FILE", file);
    // A profile that is named beats exported keys.
    let who = stage.json(&["whoami", "--profile", "other"]).await;
    assert_eq!(who["account"], *account);
    let endpoint = stage.sandbox.endpoint();
    stage.programs.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let ids = ["list", "--endpoint-url", &endpoint, "-o", "ids"];
    assert_eq!(sorted(stage.done(&ids).await.lines()), stage.listed());
    let alone = [&ids[..], &["--no-daemon"]].concat();
    assert_eq!(sorted(stage.done(&alone).await.lines()), stage.listed());
    assert_eq!(
        stage
            .sandbox
            .counts()
            .by(&account, REGION, "DescribeInstances"),
        0
    );
}

#[tokio::test]
async fn a_daemon_that_a_call_starts_has_the_settings_that_the_call_names() {
    let stage = Stage::new().await;
    let config = "performance:\n  streaming_max_items: 5\n";
    stage.programs.home.write("small.yaml", config);
    let file = stage.programs.home.path().join("small.yaml");
    let file = file.to_str().expect("text");
    let cut = stage
        .done(&["list", "--all", "--config", file, "-o", "ids"])
        .await;
    assert_eq!(cut.lines().len(), 5);
    assert!(cut.stderr.contains("cut"), "{cut:?}");
}

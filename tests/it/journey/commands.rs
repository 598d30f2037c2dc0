//! What asks about the fleet.

use serde_json::Value;

use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused, sorted};

fn texts<'a>(rows: &'a Value, key: &str) -> Vec<&'a str> {
    let rows = rows.as_array().expect("rows").iter();
    rows.map(|row| row[key].as_str().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn list_shows_those_that_match_in_the_order_and_the_number_asked_for() {
    let stage = Stage::new().await;
    let listed = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(listed.lines()), stage.listed());
    assert_eq!(stage.done(&["ls", "-o", "ids"]).await.stdout, listed.stdout);
    let all = stage.json(&["list", "--all"]).await;
    assert_eq!(all.as_array().map(Vec::len), Some(60));
    let again = stage.done(&["ls", "-a", "-o", "ids"]).await;
    assert_eq!(again.lines(), texts(&all, "id"));

    let running = stage.json(&["list", "name:*", "state:running"]).await;
    assert!(
        texts(&running, "state")
            .iter()
            .all(|state| *state == "running")
    );
    let tagged = stage
        .json(&["list", "-t", "Environment=prod", "--tag", "Service=web"])
        .await;
    let tags = tagged
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| &row["tags"]);
    assert!(tags.clone().count() > 0);
    assert!({ tags }.all(|tags| tags["Environment"] == "prod" && tags["Service"] == "web"));

    let by_age = stage.json(&["list", "--sort", "state,-launched"]).await;
    let (states, launched) = (texts(&by_age, "state"), texts(&by_age, "launched"));
    assert!(states.is_sorted(), "{states:?}");
    let pairs: Vec<_> = states.into_iter().zip(launched).collect();
    let newest_first = |pair: &[(&str, &str)]| pair[0].0 != pair[1].0 || pair[0].1 >= pair[1].1;
    assert!(pairs.windows(2).all(newest_first), "{pairs:?}");

    let three = stage.done(&["list", "--limit", "3", "-o", "ids"]).await;
    assert_eq!(three.lines(), listed.lines()[..3]);
    let count = stage.done(&["list", "--count"]).await;
    assert_eq!(count.lines(), [listed.lines().len().to_string()]);
    let none = stage.done(&["list", "name:nobody"]).await;
    assert!(none.stderr.contains("no instance matches"), "{none:?}");
}

#[tokio::test]
async fn show_tells_everything_and_resolve_the_id_alone() {
    let stage = Stage::new().await;
    let one = stage.json(&["list", "ssm:online", "--limit", "1"]).await;
    let (id, name) = (texts(&one, "id")[0], texts(&one, "name")[0]);
    let page = stage.done(&["show", id]).await;
    for part in [id, name, REGION, "online"] {
        assert!(page.stdout.contains(part), "{part}: {page:?}");
    }
    let whole = stage.json(&["show", id]).await;
    for key in [
        "id",
        "state",
        "vpc",
        "subnet",
        "security_groups",
        "tags",
        "agent",
        "agent_version",
    ] {
        assert!(!whole[0][key].is_null(), "{key}: {whole}");
    }
    assert_eq!(stage.done(&["resolve", id]).await.stdout, format!("{id}\n"));
    let two = stage
        .json(&["show", &stage.listed()[0], &stage.listed()[1]])
        .await;
    assert_eq!(sorted(texts(&two, "id")), stage.listed()[..2]);
    assert_refused(
        &stage.run(&["resolve", "nobody-is-called-so"]).await,
        3,
        &["nobody"],
    );
}

#[tokio::test]
async fn regions_and_whoami_tell_of_the_account() {
    let stage = Stage::new().await;
    let regions = stage.json(&["regions"]).await;
    assert!(texts(&regions, "region").contains(&OTHER_REGION));
    let ids = stage.done(&["regions", "-o", "ids"]).await;
    assert_eq!(ids.lines(), texts(&regions, "region"));
    let who = stage.json(&["whoami"]).await;
    assert_eq!(who["account"], *stage.sandbox.account(0).id);
    assert_eq!(who["source"], "environment");
    assert_eq!(who["expires_at"], Value::Null);
    assert_eq!(who["regions"], serde_json::json!([REGION]));
}

#[tokio::test]
async fn the_cache_is_shown_refreshed_and_cleared() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    stage.settled().await;
    let entries = stage.json(&["cache", "show"]).await;
    assert_eq!(sorted(texts(&entries, "resource")), ["agents", "instances"]);
    for key in [
        "state",
        "age_seconds",
        "rows",
        "bytes",
        "next_refresh_seconds",
    ] {
        assert!(!entries[0][key].is_null(), "{key}: {entries}");
    }
    let before = stage.calls("DescribeInstances");
    let refreshed = stage.json(&["cache", "refresh"]).await;
    assert_eq!(texts(&refreshed, "region"), [REGION]);
    assert!(stage.calls("DescribeInstances") > before);
    for clear in [&["cache", "clear"][..], &["cache", "clear", "--all"]] {
        stage.done(&["list"]).await;
        stage.done(clear).await;
        assert_eq!(stage.json(&["cache", "show"]).await, serde_json::json!([]));
    }
}

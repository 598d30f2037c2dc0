//! Of which instances interfaces are shown, and in which order.

use serde_json::Value;

use super::{instances, rows};
use crate::stage::{OTHER_REGION, REGION, Stage, assert_refused, listed, sorted};

#[tokio::test]
async fn without_a_target_they_are_those_of_the_instances_that_a_list_shows() {
    let stage = Stage::new().await;
    let of_listed = rows(&stage, &[]).await;
    let ids = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(instances(&of_listed), ids.lines(), "by name, then id");
    let of_all = instances(&rows(&stage, &["--all"]).await);
    assert!(of_all.len() > ids.lines().len(), "stopped ones have theirs");
    // Those that are terminated have none any more.
    let tables = stage.done(&["interfaces", "--all"]).await;
    assert!(tables.stdout.contains("it has no interfaces"), "{tables:?}");
}

#[tokio::test]
async fn interfaces_come_by_card_then_device() {
    let stage = Stage::new().await;
    let rows = rows(&stage, &["--all"]).await;
    let place = |row: &Value| {
        (
            row["instance_id"].to_string(),
            row["network_card"].as_u64(),
            row["device"].as_u64(),
        )
    };
    for pair in rows.windows(2) {
        let (one, next) = (place(&pair[0]), place(&pair[1]));
        assert!(one.0 != next.0 || one < next, "{one:?}, {next:?}");
    }
    assert!(
        rows.iter().any(|row| row["device"] == 1),
        "databases have a second one"
    );
}

#[tokio::test]
async fn a_target_is_found_as_show_finds_it() {
    let stage = Stage::new().await;
    let id = stage.done(&["resolve", "web-1"]).await;
    let id = id.stdout.trim();
    for arguments in [&["web-1"][..], &[id], &["--instance-id", id]] {
        assert_eq!(instances(&rows(&stage, arguments).await), [id]);
    }
    let alias = stage.done(&["if", "web-1", "-o", "ids"]).await;
    assert!(alias.stdout.starts_with("eni-"), "{alias:?}");
    assert_refused(
        &stage.run(&["interfaces", "nobody-has-this"]).await,
        3,
        &["nobody-has-this"],
    );
}

#[tokio::test]
async fn names_and_tags_choose_instances() {
    let stage = Stage::new().await;
    let first = &stage.json(&["list", "--limit", "1"]).await[0];
    let (id, name) = (first["id"].as_str(), first["name"].as_str());
    let (id, name) = (id.expect("an id"), name.expect("a name"));
    let dns = first["private_dns"].as_str().expect("it runs");
    let (host, _) = dns.split_once('.').expect("a name with a domain");
    for arguments in [&["-n", name][..], &["-n", dns], &["--node-name", host]] {
        assert_eq!(instances(&rows(&stage, arguments).await), [id]);
    }
    let tagged = format!("Name={name}");
    assert_eq!(instances(&rows(&stage, &["-t", &tagged]).await), [id]);
    let none = stage.done(&["interfaces", "-n", "nobody"]).await;
    assert_eq!(none.stdout, "");
    assert!(none.stderr.contains("no instance matches"), "{none:?}");
}

#[tokio::test]
async fn what_contradicts_itself_is_refused_before_anybody_is_asked() {
    let stage = Stage::new().await;
    for (arguments, word) in [
        (&["web-1", "-t", "A=1"][..], "--tag"),
        (&["--instance-id", "web-1"], "i-"),
        (&["-t", "Team"], "--tag"),
        (&["--columns", "subent"], "subnet"),
    ] {
        let refused = stage.run(&[&["interfaces"], arguments].concat()).await;
        assert_refused(&refused, 2, &[word]);
    }
    assert_eq!(stage.sandbox.counts().total(), 0);
}

#[tokio::test]
async fn several_regions_make_one_answer() {
    let stage = Stage::new().await;
    let regions = format!("{REGION},{OTHER_REGION}");
    let rows = rows(&stage, &["-r", &regions]).await;
    let expected = [REGION, OTHER_REGION]
        .map(|region| listed(&stage.sandbox, 0, region))
        .concat();
    assert_eq!(sorted(instances(&rows)), sorted(expected));
    for row in &rows {
        let region = row["region"].as_str().expect("a region");
        let az = row["az"].as_str().expect("a zone");
        assert!(az.starts_with(region), "{row}");
        assert!(row["subnet_cidr"].is_string(), "{row}");
    }
}

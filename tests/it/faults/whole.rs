//! A refresh replaces a fleet as a whole.

use std::cell::Cell;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, Column, Freshness, ListQuery};
use aws_ssm_tests::harness::TestDaemon;
use futures_util::future::join_all;

use crate::stage::{REGION, Stage, first_caller, sandbox};

const TAG: &str = "Version";

/// The version that every instance of an answer wears.
async fn version(client: &Client, caller: &Caller, freshness: Freshness) -> u32 {
    let query = ListQuery {
        columns: vec![Column::Id, Column::Tag(TAG.to_owned())],
        all_states: true,
        freshness,
        ..ListQuery::default()
    };
    let mut pages = client.list_instances(caller, &query).await.expect("a list");
    let mut versions = Vec::new();
    while let Some(page) = pages.next().await.expect("a page") {
        for row in page.rows() {
            let version = row.tag(TAG).map(|value| value.parse().expect("a number"));
            versions.push(version.unwrap_or(0));
        }
    }
    assert_eq!(versions.len(), 60, "the whole fleet");
    versions.dedup();
    assert_eq!(versions.len(), 1, "some of one fleet, some of another");
    versions[0]
}

#[tokio::test]
async fn readers_racing_a_refresh_see_all_of_the_old_fleet_or_all_of_the_new() {
    const READERS: usize = 12;
    const VERSIONS: u32 = 12;
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("performance:\n  streaming_page_size: 20\n").await;
    let caller = first_caller(&sandbox);
    let client = daemon.client().await;
    assert_eq!(version(&client, &caller, Freshness::Configured).await, 0);

    let done = Cell::new(false);
    let readers = (0..READERS).map(|_| async {
        let client = daemon.client().await;
        let mut newest = 0;
        while !done.get() {
            let seen = version(&client, &caller, Freshness::Configured).await;
            assert!(seen >= newest, "from {newest} back to {seen}");
            newest = seen;
        }
    });
    let refreshing = async {
        let account = &sandbox.account(0).id;
        for number in 1..=VERSIONS {
            // No load is under way, so that AWS itself never gives some of each.
            let value = number.to_string();
            for instance in sandbox.instances(account, REGION).expect("a fleet") {
                let tag = (TAG, Some(value.as_str()));
                let tagged = sandbox.retag(account, REGION, &instance.id, tag);
                tagged.expect("an instance");
            }
            assert_eq!(version(&client, &caller, Freshness::Fresh).await, number);
        }
        done.set(true);
    };
    tokio::join!(join_all(readers), refreshing);
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn cache_refresh_is_seen_whole_by_the_commands_that_run_beside_it() {
    let stage = Stage::new().await;
    let list = [
        "list",
        "--all",
        "--columns",
        "tag:Version",
        "--no-header",
        "-o",
        "tsv",
    ];
    stage.done(&list).await;
    let account = stage.sandbox.account(0).id.clone();
    for instance in stage.sandbox.instances(&account, REGION).expect("a fleet") {
        let tag = (TAG, Some("1"));
        let tagged = stage.sandbox.retag(&account, REGION, &instance.id, tag);
        tagged.expect("an instance");
    }
    let lists = join_all((0..20).map(|_| stage.done(&list)));
    let (lists, _) = tokio::join!(lists, stage.done(&["cache", "refresh"]));
    for list in lists {
        let mut seen = list.lines();
        assert_eq!(seen.len(), 60);
        seen.dedup();
        assert_eq!(seen.len(), 1, "{seen:?}");
    }
    assert!(
        stage
            .done(&list)
            .await
            .lines()
            .iter()
            .all(|row| *row == "1")
    );
}

//! What is asked of EC2 while STS is asked who the caller is.

use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{CacheEntry, Caller, ErrorKind, ListQuery, Sort};
use aws_ssm_tests::harness::{Home, PATIENCE, TestDaemon, forget_keys, list_ids};
use aws_ssm_tests::sandbox::{Account, Fault, Sandbox};
use tokio::time::Instant;

use crate::stage::{REGION, eventually, first_caller, listed, sandbox, sorted};

/// Rows as soon as there are any.
fn unsorted() -> ListQuery {
    ListQuery {
        sort: Sort::Unsorted,
        ..ListQuery::default()
    }
}

async fn instances(client: &Client) -> Vec<CacheEntry> {
    let entries = client.cache().await.expect("an answer").into_iter();
    entries
        .filter(|entry| entry.resource == "instances")
        .collect()
}

#[tokio::test]
async fn the_first_page_is_asked_for_while_sts_thinks_and_shown_to_nobody() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::hang().on("GetCallerIdentity"));
    let daemon = TestDaemon::start("").await;
    let asked = {
        let (client, caller) = (daemon.client().await, first_caller(&sandbox));
        tokio::spawn(async move { list_ids(&client, &caller, unsorted()).await })
    };
    eventually("the page", || sandbox.counts().of("DescribeInstances") == 1).await;
    let client = daemon.client().await;
    assert!(instances(&client).await.is_empty());
    assert!(!asked.is_finished(), "nothing is said before STS has");
    asked.abort();
    daemon.stop().await;
}

#[tokio::test]
async fn what_was_asked_with_credentials_that_sts_refuses_is_neither_shown_nor_kept() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::access_denied().on("GetCallerIdentity"));
    let daemon = TestDaemon::start("").await;
    let (client, caller) = (daemon.client().await, first_caller(&sandbox));
    for query in [unsorted(), ListQuery::default()] {
        let error = list_ids(&client, &caller, query)
            .await
            .expect_err("refused");
        assert_ne!(error.kind, ErrorKind::Internal, "{error:?}");
        assert!(instances(&client).await.is_empty());
    }
    sandbox.clear_faults();
    sandbox.reset_counts();
    let (ids, _) = list_ids(&client, &caller, ListQuery::default())
        .await
        .expect("a list");
    assert_eq!(sorted(ids), listed(&sandbox, 0, REGION));
    assert_eq!(sandbox.counts().of("DescribeInstances"), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn a_refusal_of_ec2_is_told_as_one_of_a_load() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::access_denied().on("DescribeInstances"));
    let daemon = TestDaemon::start("").await;
    let (client, caller) = (daemon.client().await, first_caller(&sandbox));
    let answer = list_ids(&client, &caller, ListQuery::default()).await;
    let error = answer.expect_err("it is refused");
    assert_eq!(error.kind, ErrorKind::Permission, "{error:?}");
    assert_eq!(sandbox.counts().of("DescribeInstances"), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn a_page_of_a_caller_who_left_becomes_an_entry() {
    let sandbox = sandbox().await;
    sandbox.set_latency(Duration::from_millis(200), Duration::ZERO);
    let daemon = TestDaemon::start("").await;
    let asked = {
        let (client, caller) = (daemon.client().await, first_caller(&sandbox));
        tokio::spawn(async move { list_ids(&client, &caller, unsorted()).await.is_ok() })
    };
    eventually("the page", || sandbox.counts().of("DescribeInstances") == 1).await;
    asked.abort();
    let client = daemon.client().await;
    let deadline = Instant::now() + PATIENCE;
    while instances(&client)
        .await
        .iter()
        .all(|entry| entry.refreshing)
    {
        assert!(Instant::now() < deadline, "it is never there");
    }
    assert_eq!(sandbox.counts().of("DescribeInstances"), 1);
    daemon.stop().await;
}

/// The same keys, by way of a profile.
fn of_profile(sandbox: &Sandbox, home: &Home) -> Caller {
    let Account {
        access_key,
        secret_key,
        ..
    } = sandbox.account(0);
    let keys = format!("aws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n");
    let mut caller = first_caller(sandbox);
    forget_keys(&mut caller);
    caller.credentials_file = home.write("credentials", &format!("[work]\n{keys}"));
    caller.profile = Some("work".into());
    caller
}

#[tokio::test]
async fn another_way_to_a_known_principal_is_answered_from_its_entry() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let first = list_ids(&client, &caller, ListQuery::default());
    let (ids, first) = first.await.expect("a list");
    let home = Home::new();
    let caller = of_profile(&sandbox, &home);
    let second = list_ids(&client, &caller, ListQuery::default());
    let (same, second) = second.await.expect("a list");
    assert_eq!(same, ids);
    assert_eq!(second.regions[0].fetched_at, first.regions[0].fetched_at);
    assert_eq!(instances(&client).await.len(), 1);
    assert_eq!(sandbox.counts().of("GetCallerIdentity"), 2);
    daemon.stop().await;
}

//! What AWS is asked where nothing is kept, and that a question's own rows are never
//! taken for the whole.

use std::ops::ControlFlow;

use aws_ssm_proto::Client;
use aws_ssm_proto::client::{StreamOptions, StreamSource};
use aws_ssm_proto::domain::{Caller, Freshness, ListQuery, Sort, TagFilter};
use aws_ssm_tests::harness::{TestDaemon, list_ids};
use aws_ssm_tests::sandbox::{Sandbox, SandboxConfig};

use crate::stage::{REGION, first_caller, listed, sandbox, small};

const UNKEPT: &str = "cache:\n  enabled: false\n";

/// So many that a part of them is one page, and all are two.
async fn large() -> Sandbox {
    let config = SandboxConfig {
        instances: 150,
        ..small()
    };
    Sandbox::start(config).await.expect("a sandbox")
}

fn of(terms: &[&str]) -> ListQuery {
    ListQuery {
        terms: terms.iter().map(|term| (*term).to_owned()).collect(),
        ..ListQuery::default()
    }
}

/// Bytes that AWS has answered about instances.
fn answered(sandbox: &Sandbox) -> u64 {
    let counts = sandbox.counts();
    let instances = counts.iter().filter(|c| c.operation == "DescribeInstances");
    instances.map(|count| count.bytes).sum()
}

async fn bytes_of(sandbox: &Sandbox, ask: impl Future<Output = ()>) -> u64 {
    let before = answered(sandbox);
    ask.await;
    answered(sandbox) - before
}

async fn stream(client: &Client, caller: &Caller, query: &ListQuery) -> usize {
    let options = StreamOptions {
        source: StreamSource::Aws,
        ..StreamOptions::default()
    };
    let mut rows = 0;
    let stream = client.instance_stream(caller, query, &options);
    let ended = stream.for_each(|page| {
        rows += page.rows().count();
        ControlFlow::Continue(())
    });
    ended.await.expect("a stream");
    rows
}

#[tokio::test]
async fn where_nothing_is_kept_aws_chooses_by_what_its_filters_say_exactly() {
    let sandbox = large().await;
    let daemon = TestDaemon::start(UNKEPT).await;
    let (client, caller) = (daemon.client().await, first_caller(&sandbox));
    let one = &listed(&sandbox, 0, REGION)[0];
    let id = format!("id:{one}");
    let ask = async |query: ListQuery| {
        let rows = list_ids(&client, &caller, query).await.expect("a list").0;
        assert!(!rows.is_empty());
    };
    let everything = ListQuery {
        all_states: true,
        ..ListQuery::default()
    };
    let whole = bytes_of(&sandbox, ask(everything.clone())).await;
    let unsorted = ListQuery {
        sort: Sort::Unsorted,
        ..of(&[&id])
    };
    let fresh = ListQuery {
        freshness: Freshness::Fresh,
        ..of(&[&id])
    };
    for query in [of(&[&id]), unsorted, fresh] {
        let part = bytes_of(&sandbox, ask(query)).await;
        assert!(part < whole / 50, "{part} of {whole}");
    }
    let tagged = ListQuery {
        tags: vec![TagFilter {
            key: "Environment".into(),
            value: "prod".into(),
        }],
        ..everything
    };
    let part = bytes_of(&sandbox, ask(tagged)).await;
    assert!(part < whole, "{part} of {whole}");
    // Without a filter of the kind, what is listed by default is still all there is to it.
    let part = bytes_of(&sandbox, ask(of(&["name:*"]))).await;
    assert!(part < whole, "{part} of {whole}");
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn a_stream_straight_from_aws_is_chosen_there() {
    let sandbox = large().await;
    let daemon = TestDaemon::start("").await;
    let (client, caller) = (daemon.client().await, first_caller(&sandbox));
    let one = &listed(&sandbox, 0, REGION)[0];
    let query = of(&[&format!("id:{one}")]);
    assert_eq!(stream(&client, &caller, &query).await, 1);
    assert_eq!(sandbox.counts().of("DescribeInstances"), 1);
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn with_the_cache_in_use_a_question_loads_the_whole_region() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let (client, caller) = (daemon.client().await, first_caller(&sandbox));
    let fleet = listed(&sandbox, 0, REGION);
    let one = of(&[&format!("id:{}", fleet[0])]);
    for freshness in [Freshness::Configured, Freshness::Fresh] {
        let asked = ListQuery {
            freshness,
            ..one.clone()
        };
        let (ids, _) = list_ids(&client, &caller, asked).await.expect("a list");
        assert_eq!(ids, fleet[..1]);
        let calls = sandbox.counts().of("DescribeInstances");
        let all = list_ids(&client, &caller, ListQuery::default()).await;
        assert_eq!(all.expect("a list").0.len(), fleet.len());
        assert_eq!(sandbox.counts().of("DescribeInstances"), calls);
    }
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn what_aws_chose_for_one_question_is_kept_for_no_other() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start(UNKEPT).await;
    let (client, caller) = (daemon.client().await, first_caller(&sandbox));
    let fleet = listed(&sandbox, 0, REGION);
    let one = of(&[&format!("id:{}", fleet[0])]);
    // Side by side, so that they find each other's loads under way.
    let (one, all) = tokio::join!(
        list_ids(&client, &caller, one),
        list_ids(&client, &caller, ListQuery::default()),
    );
    assert_eq!(one.expect("a list").0, fleet[..1]);
    assert_eq!(all.expect("a list").0.len(), fleet.len());
    assert!(client.cache().await.expect("entries").is_empty());
    // The cache is in use from now on, and begins with nothing.
    daemon.home.write("config.yaml", "");
    client.reload_config().await.expect("it reloads");
    let all = list_ids(&client, &caller, ListQuery::default()).await;
    assert_eq!(all.expect("a list").0.len(), fleet.len());
    drop(client);
    daemon.stop().await;
}

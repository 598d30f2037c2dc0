//! The same rows, cold and warm, in any order, and page by page.

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, Freshness, ListQuery, Sort};
use aws_ssm_tests::harness::{TestDaemon, caller, list_ids};

use crate::stage::{OTHER_REGION, REGION, sandbox, sorted};

const UNLIMITED: &str = "resilience:\n  requests_per_second: 10000\n  burst: 10000\n";

/// Two halves, so that two terms are asked for together now and then.
const TERMS: [&[&str]; 2] = [
    &[
        "web",
        "!web",
        "*-1*",
        "name:web,db",
        "name:'no such'",
        "id:i-0",
        "dns:compute",
        "type:t3.*,m5.*",
        "state:running",
        "state:stop*,terminated",
        "!state:running",
        "az:*a",
        "zone:*b,*c",
        "has:Name",
        "missing:Name",
        "tag:Environment=prod",
        "tag:environment:P*",
        "!tag:Team=",
        "ssm:online",
        "ssm:lost,none",
        "!ssm:online",
    ],
    &[
        "10.",
        "ip:10.0.0.0/8",
        "ip:10.0.0.0/10",
        "!private-ip:10.2.*",
        "public-ip:0.0.0.0/0",
        "vpc:vpc-*",
        "subnet:*",
        "sg:*",
        "platform:windows,linux*",
        "arch:arm64",
        "lifecycle:spot",
        "region:eu-*",
        "!region:us-*",
        "image:ami-",
        "profile:*",
        "launched:>30d",
        "launched:>=2020-01-01",
        "up:<1w",
        "!up:>2w3d",
    ],
];

async fn ids(client: &Client, caller: &Caller, query: ListQuery) -> Vec<String> {
    let shown = format!("{query:?}");
    let (ids, summary) = list_ids(client, caller, query).await.expect(&shown);
    assert_eq!(ids.len() as u64, summary.matched, "{shown}");
    assert!(summary.regions.iter().all(|region| region.error.is_none()));
    ids
}

#[tokio::test]
async fn cold_and_warm_lists_choose_the_same_rows_in_every_order() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start(UNLIMITED).await;
    let client = daemon.client().await;
    let caller = caller(&sandbox, sandbox.account(0), &[REGION, OTHER_REGION]);
    let (first, second) = (TERMS[0], TERMS[1]);
    let alone = first.iter().chain(second).map(|term| vec![*term]);
    let both = (first.iter().zip(second)).map(|(one, other)| vec![*one, *other]);
    let (mut some, mut asked) = (0, 0);
    for terms in alone.chain(both) {
        let query = ListQuery {
            terms: terms.iter().map(|term| (*term).to_owned()).collect(),
            ..ListQuery::default()
        };
        let warm = ids(&client, &caller, query.clone()).await;
        let cold = ListQuery {
            freshness: Freshness::Fresh,
            ..query.clone()
        };
        assert_eq!(ids(&client, &caller, cold.clone()).await, warm, "{terms:?}");
        let unsorted = ListQuery {
            sort: Sort::Unsorted,
            ..query
        };
        let by_page = ListQuery {
            sort: Sort::Unsorted,
            ..cold
        };
        for query in [unsorted, by_page] {
            let rows = ids(&client, &caller, query).await;
            assert_eq!(sorted(rows), sorted(warm.clone()), "{terms:?}");
        }
        some += usize::from(!warm.is_empty());
        asked += 1;
    }
    // Terms that nothing passes would agree on anything.
    assert!(some > asked / 2, "only {some} of {asked} chose any");
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn a_term_and_its_opposite_share_the_fleet_between_them() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start(UNLIMITED).await;
    let client = daemon.client().await;
    let caller = caller(&sandbox, sandbox.account(0), &[REGION]);
    let chosen = async |term: String| {
        let query = ListQuery {
            terms: vec![term],
            all_states: true,
            ..ListQuery::default()
        };
        ids(&client, &caller, query).await
    };
    let fleet = sandbox.instances(&sandbox.account(0).id, REGION);
    let fleet = sorted(fleet.expect("a fleet").into_iter().map(|one| one.id));
    for term in TERMS.concat() {
        let term = term.trim_start_matches('!');
        let mut both = chosen(term.to_owned()).await;
        both.extend(chosen(format!("!{term}")).await);
        assert_eq!(sorted(both), fleet, "{term}");
    }
    drop(client);
    daemon.stop().await;
}

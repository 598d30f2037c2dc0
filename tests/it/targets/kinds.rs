//! Every kind of target, over the socket and without the daemon, cold and warm.

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{
    Caller, Column, DataState, Doubt, Error, ErrorKind, Freshness, MatchedBy, ResolvedTargets,
};
use aws_ssm_tests::harness::{PATIENCE, TestDaemon, caller};
use aws_ssm_tests::sandbox::{Fault, State};
use tokio::time::Instant;

use super::{special, targets_of, those};
use crate::stage::{OTHER_REGION, REGION, Stage, first_caller, sandbox};

async fn resolve(
    client: &Client,
    caller: &Caller,
    target: &str,
    asked: Freshness,
) -> Result<ResolvedTargets, Error> {
    let targets = [target.to_owned()];
    client.resolve(caller, &targets, &[Column::Id], asked).await
}

fn id(resolved: &ResolvedTargets) -> String {
    let mut instances = resolved.instances();
    let instance = instances.next().expect("one for each target");
    instance.id.expect("asked for").to_owned()
}

#[tokio::test]
async fn every_kind_of_target_finds_its_node_cold_and_warm() {
    let sandbox = sandbox().await;
    let special = special(&sandbox);
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    for (target, by) in targets_of(&special) {
        for asked in [Freshness::Fresh, Freshness::Configured] {
            let found = resolve(&client, &caller, &target, asked).await;
            let found = found.unwrap_or_else(|error| panic!("{target}: {error}"));
            assert_eq!(id(&found), special.id, "{target}");
            assert_eq!(found.matched_by(0), Some(by), "{target}");
            let doubt = (by == MatchedBy::PartOfName).then_some(Doubt::PartOfName);
            assert_eq!(found.doubt(0), doubt, "{target}");
        }
    }
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn every_kind_of_target_finds_its_node_without_the_daemon() {
    let stage = Stage::new().await;
    let special = special(&stage.sandbox);
    for (target, _) in targets_of(&special) {
        let found = stage.done(&["resolve", &target, "--no-daemon"]).await;
        assert_eq!(found.lines(), [&special.id], "{target}");
    }
}

#[tokio::test]
async fn targets_of_what_is_known_ask_aws_for_nothing() {
    let stage = Stage::new().await;
    let special = special(&stage.sandbox);
    stage.done(&["list"]).await;
    stage.settled().await;
    let before = stage.sandbox.counts().total();
    for (target, _) in targets_of(&special) {
        let found = stage.done(&["resolve", &target]).await;
        assert_eq!(found.lines(), [&special.id], "{target}");
    }
    assert_eq!(stage.sandbox.counts().total(), before);
}

#[tokio::test]
async fn every_instance_is_found_by_each_of_its_addresses() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let mut count = 0;
    for state in [State::Running, State::Stopped] {
        for instance in those(&sandbox, state) {
            for address in &instance.addresses {
                let target = address.to_string();
                let found = resolve(&client, &caller, &target, Freshness::Configured).await;
                let found = found.unwrap_or_else(|error| panic!("{target}: {error}"));
                assert_eq!(id(&found), instance.id, "{target}");
                count += 1;
            }
        }
    }
    assert!(count > 100, "{count}");
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn all_regions_are_asked_and_a_name_in_two_of_them_is_ambiguous() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let account = sandbox.account(0);
    let both = caller(&sandbox, account, &[REGION, OTHER_REGION]);
    let special = special(&sandbox);
    let asked = Freshness::Configured;
    let found = resolve(&client, &both, "lonely-node-7", asked).await;
    assert_eq!(id(&found.expect("one region has it")), special.id);
    let fleet = sandbox
        .instances(&account.id, OTHER_REGION)
        .expect("a fleet");
    let twin = (fleet.into_iter()).find(|one| one.state == State::Running);
    let twin = twin.expect("one that runs");
    let tag = ("Name", Some("Lonely-Node-7"));
    let done = sandbox.retag(&account.id, OTHER_REGION, &twin.id, tag);
    done.expect("an instance");
    let error = resolve(&client, &both, "Lonely-Node-7", Freshness::Fresh).await;
    let error = error.expect_err("two have the name");
    assert_eq!(error.kind, ErrorKind::Ambiguous);
    let mut regions: Vec<_> = error.nodes().iter().map(|node| &*node.region).collect();
    regions.sort_unstable();
    assert_eq!(regions, [REGION, OTHER_REGION]);
    // While one of them cannot be asked, an id is still that of one instance, and a
    // name may be another's, too.
    let cold = caller(&sandbox, sandbox.account(1), &[REGION, OTHER_REGION]);
    sandbox.inject(Fault::unavailable().in_region(OTHER_REGION));
    let fleet = sandbox
        .instances(&sandbox.account(1).id, REGION)
        .expect("a fleet");
    let found = resolve(&client, &cold, &fleet[0].id, asked).await;
    assert_eq!(id(&found.expect("its region answers")), fleet[0].id);
    let name = fleet[0].name.clone().expect("the first has one");
    let error = resolve(&client, &cold, &name, asked).await;
    assert_eq!(error.expect_err("no proof").kind, ErrorKind::Unavailable);
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_found_in_last_known_data_is_doubtful() {
    let sandbox = sandbox().await;
    let short = "cache:\n  ttl_minutes: 0.1\n  stale_threshold_minutes: 0.1\n";
    let daemon = TestDaemon::start(&format!("{short}resilience:\n  max_attempts: 1\n")).await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let asked = Freshness::Configured;
    let found = resolve(&client, &caller, "web-1", asked).await;
    assert_eq!(found.expect("it is there").doubt(0), None);
    sandbox.inject(Fault::unavailable().on("DescribeInstances"));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = resolve(&client, &caller, "web-1", asked).await;
        let found = found.expect("it is known");
        let last_known = found.sources[0].state == DataState::LastKnown;
        assert_eq!(found.doubt(0).is_some(), last_known);
        if last_known {
            assert_eq!(found.doubt(0), Some(Doubt::LastKnown));
            break;
        }
        assert!(Instant::now() < deadline, "{found:?}");
    }
    drop(client);
    daemon.stop().await;
}

//! What one identity suffers is no other's trouble.

use aws_ssm_proto::domain::ListQuery;
use aws_ssm_tests::harness::{TestDaemon, caller, finish, list_ids};
use aws_ssm_tests::sandbox::Fault;
use futures_util::future::join_all;

use super::NO_RETRIES;
use crate::stage::{
    OTHER_REGION, REGION, Stage, assert_refused, eventually, listed, sandbox, sorted,
};

#[tokio::test]
async fn an_identity_whose_calls_hang_does_not_hold_up_another() {
    let sandbox = sandbox().await;
    let [stuck, free] = [0, 1].map(|number| {
        let account = sandbox.account(number);
        (caller(&sandbox, account, &[REGION, OTHER_REGION]), account)
    });
    sandbox.inject(Fault::hang().for_account(&stuck.1.id));
    let daemon = TestDaemon::start("").await;
    let waiting: Vec<_> = join_all((0..20).map(|_| daemon.client()))
        .await
        .into_iter()
        .map(|client| {
            let caller = stuck.0.clone();
            tokio::spawn(async move { list_ids(&client, &caller, ListQuery::default()).await })
        })
        .collect();
    eventually("a call that hangs", || sandbox.faults()[0].struck > 0).await;
    let client = daemon.client().await;
    for _ in 0..50 {
        let (ids, _) = list_ids(&client, &free.0, ListQuery::default())
            .await
            .expect("a list");
        let regions = [REGION, OTHER_REGION].map(|region| listed(&sandbox, 1, region));
        assert_eq!(sorted(ids), sorted(regions.concat()));
    }
    assert!(waiting.iter().all(|list| !list.is_finished()), "they wait");
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    join_all(waiting).await;
    sandbox.clear_faults();
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn a_throttled_identity_opens_no_breaker_but_its_own() {
    let sandbox = sandbox().await;
    let [throttled, free] = [0, 1].map(|n| caller(&sandbox, sandbox.account(n), &[REGION]));
    let config = format!("{NO_RETRIES}  failure_threshold: 3\n  open_seconds: 3600\n");
    let daemon = TestDaemon::start(&config).await;
    let client = daemon.client().await;
    sandbox.inject(
        Fault::throttle(1.0)
            .on("DescribeInstances")
            .for_account(&sandbox.account(0).id),
    );
    for _ in 0..5 {
        let list = list_ids(&client, &throttled, ListQuery::default()).await;
        list.expect_err("throttled");
        let list = list_ids(&client, &free, ListQuery::default()).await;
        assert_eq!(sorted(list.expect("a list").0), listed(&sandbox, 1, REGION));
    }
    assert_eq!(sandbox.faults()[0].struck, 3, "then AWS was spared");
    let breakers = client.metrics().await.expect("stats").breakers;
    let state = |account: usize| {
        let account = &sandbox.account(account).id;
        let mut ec2 = breakers.iter().filter(|b| b.service == "ec2");
        ec2.find(|b| b.account == *account).expect("a breaker")
    };
    assert_eq!(state(0).state, "open");
    assert!(state(0).open_for.is_some() && state(0).retry_in.is_some());
    let last = state(0).last_error.as_deref().unwrap_or_default();
    assert!(last.contains("RequestLimitExceeded"), "{last}");
    assert_eq!(state(1).state, "closed");
    drop(client);
    daemon.stop().await;
}

/// The verification of a key is one for all who wait; each waits as long as it
/// wants to.
#[tokio::test]
async fn callers_of_a_key_whose_verification_hangs_end_by_their_own_deadlines() {
    let config = "resilience:\n  attempt_timeout_seconds: 60\n";
    let stage = Stage::new().await.configured(config);
    stage
        .sandbox
        .inject(Fault::hang().on("GetCallerIdentity").times(1));
    let patient = ["list", "--timeout", "60s"];
    let patient = tokio::spawn(finish(stage.programs.command(patient)));
    eventually("STS is asked", || stage.calls("GetCallerIdentity") > 0).await;
    for _ in 0..2 {
        let hurried = stage.run(&["list", "--timeout", "2s"]).await;
        assert_refused(&hurried, 5, &["in time", "--timeout"]);
    }
    assert_eq!(
        stage.calls("GetCallerIdentity"),
        1,
        "it is asked once for all"
    );
    assert!(!patient.is_finished());
    patient.abort();
}

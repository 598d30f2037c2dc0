//! Principals that change while their data is refreshed behind the answers.

use aws_ssm_proto::domain::{Caller, ListQuery};
use aws_ssm_tests::harness::{Home, PATIENCE, TestDaemon, list_ids};
use aws_ssm_tests::sandbox::Account;
use tokio::time::Instant;

use crate::stage::{REGION, first_caller, listed, sandbox, sorted};

/// Refreshed every second or so, and never expired.
const RESTLESS: &str =
    "cache:\n  ttl_minutes: 0.1\n  stale_threshold_minutes: 60\n  refresh_ahead: 0.1\n";

fn profile(account: &Account) -> String {
    let Account {
        access_key,
        secret_key,
        ..
    } = account;
    format!("[work]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n")
}

/// The keys of a profile are swapped between two accounts, over and over, while
/// workers refresh what each of them has known.
#[tokio::test]
async fn a_principal_that_changes_between_refreshes_never_gets_the_other_ones_data() {
    let sandbox = sandbox().await;
    let home = Home::new();
    let daemon = TestDaemon::start(RESTLESS).await;
    let client = daemon.client().await;
    let caller = Caller {
        profile: Some("work".to_owned()),
        credentials_file: home.path().join("credentials"),
        ..first_caller(&sandbox)
    };
    let refreshed = async || {
        client
            .metrics()
            .await
            .expect("stats")
            .cache
            .refreshes_succeeded
    };
    let deadline = Instant::now() + PATIENCE;
    let mut swaps = 0;
    while swaps < 10 || refreshed().await < 4 {
        assert!(Instant::now() < deadline, "nothing is refreshed");
        let account = swaps % 2;
        home.write("credentials", &profile(sandbox.account(account)));
        for _ in ["changed", "known"] {
            let list = list_ids(&client, &caller, ListQuery::default()).await;
            let (ids, _) = list.expect("a list");
            assert_eq!(
                sorted(ids),
                listed(&sandbox, account, REGION),
                "swap {swaps}"
            );
        }
        let identity = client.whoami(&caller).await.expect("known");
        assert_eq!(identity.account, sandbox.account(account).id);
        swaps += 1;
    }
    drop(client);
    daemon.stop().await;
}

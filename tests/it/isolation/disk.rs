//! One snapshot directory for two homes.

use aws_ssm_tests::harness::{Home, Programs};
use aws_ssm_tests::sandbox::{Account, Sandbox};

use crate::stage::{REGION, assert_refused, listed, programs, sandbox, sorted};

/// A home whose profile `work` is this account's, and which keeps its data there.
fn home(sandbox: &Sandbox, account: &Account, cache: &str) -> Programs {
    let programs = programs()
        .with("AWS_ENDPOINT_URL", sandbox.endpoint())
        .with("AWS_REGION", REGION)
        .with("AWS_PROFILE", "work");
    let Account {
        access_key,
        secret_key,
        ..
    } = account;
    let keys =
        format!("[work]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n");
    programs.home.write(".aws/credentials", &keys);
    programs
        .home
        .write("config.yaml", &format!("cache:\n  cache_dir: {cache}\n"));
    programs
}

async fn list(programs: &Programs) -> Vec<String> {
    let list = programs.run(&["list", "-o", "ids"]).await;
    assert_eq!(list.code(), 0, "{list:?}");
    sorted(list.lines())
}

#[tokio::test]
async fn two_homes_with_one_snapshot_directory_get_each_its_own_data() {
    let sandbox = sandbox().await;
    let shared = directory();
    let cache = shared.path().display().to_string();
    let homes = [0, 1].map(|number| home(&sandbox, sandbox.account(number), &cache));
    let expected = [0, 1].map(|number| listed(&sandbox, number, REGION));
    // Both daemons run at once, and write into the same directory.
    for _ in 0..2 {
        for (home, fleet) in homes.iter().zip(&expected) {
            assert_eq!(list(home).await, *fleet);
        }
    }
    for home in &homes {
        let stopped = home.run(&["daemon", "stop"]).await;
        assert_eq!(stopped.code(), 0, "{stopped:?}");
    }
    // What each knows now comes from that directory.
    let stranger = home(&sandbox, sandbox.account(0), &cache);
    sandbox.shutdown().await;
    for (home, fleet) in homes.iter().zip(&expected) {
        assert_eq!(list(home).await, *fleet);
    }
    // The keys are those of the first home, but STS was never asked about them here.
    assert_refused(&stranger.run(&["list"]).await, 5, &["STS"]);
}

#[tokio::test]
async fn a_home_that_clears_a_shared_directory_leaves_the_other_right_answers() {
    let sandbox = sandbox().await;
    let shared = directory();
    let cache = shared.path().display().to_string();
    let homes = [0, 1].map(|number| home(&sandbox, sandbox.account(number), &cache));
    let expected = [0, 1].map(|number| listed(&sandbox, number, REGION));
    for _ in 0..3 {
        for (home, fleet) in homes.iter().zip(&expected) {
            assert_eq!(list(home).await, *fleet);
        }
        let cleared = homes[0].run(&["cache", "clear", "--all"]).await;
        assert_eq!(cleared.code(), 0, "{cleared:?}");
        for home in &homes {
            home.run(&["daemon", "stop"]).await;
        }
    }
}

fn directory() -> aws_ssm_tests::harness::Home {
    // Searched for secrets at its end, as every home is.
    Home::new()
}

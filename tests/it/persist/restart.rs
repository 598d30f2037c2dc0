//! A daemon that is started again.

use aws_ssm_tests::harness::{Finished, PATIENCE};
use aws_ssm_tests::sandbox::Fault;
use tokio::time::Instant;

use super::{kept, listed_once, stop};
use crate::stage::{OTHER_REGION, Stage, assert_refused};

#[tokio::test]
async fn a_restarted_daemon_answers_at_once_from_the_last_snapshot() {
    let stage = Stage::new().await;
    let before = listed_once(&stage).await;
    // Whoever waited for these would wait for ever.
    stage.sandbox.inject(Fault::hang().on("DescribeInstances"));
    stage
        .sandbox
        .inject(Fault::hang().on("DescribeInstanceInformation"));
    for arguments in [
        &["list", "-o", "ids"][..],
        &["list", "-o", "ids", "--no-daemon"],
        &["list", "-o", "ids", "--sort", "none"],
    ] {
        let after = stage.done(arguments).await;
        let mut ids: Vec<_> = after.lines();
        ids.sort_unstable();
        let mut known: Vec<_> = before.lines().collect();
        known.sort_unstable();
        assert_eq!(ids, known, "{arguments:?}");
        assert_eq!(after.stderr, "");
        stop(&stage.programs).await;
    }
    assert_eq!(stage.calls("DescribeInstances"), 1, "the first one");
    let agents = stage.json(&["list", "--columns", "id,ssm"]).await;
    let known = |row: &serde_json::Value| !row["ssm"].is_null();
    assert!(
        agents.as_array().expect("rows").iter().all(known),
        "{agents}"
    );
}

#[tokio::test]
async fn a_restarted_daemon_says_how_old_its_data_is_and_refreshes_behind() {
    let config = "cache:\n  ttl_minutes: 0.1\n  stale_threshold_minutes: 60\n  \
                  keep_warm_minutes: 0\n";
    let stage = Stage::new().await.configured(config);
    let before = listed_once(&stage).await;
    stage.sandbox.inject(Fault::hang().on("DescribeInstances"));
    let deadline = Instant::now() + PATIENCE;
    let stale = loop {
        let list = stage.done(&["list", "-o", "ids"]).await;
        assert_eq!(list.stdout, before);
        if !list.stderr.is_empty() {
            break list;
        }
        stop(&stage.programs).await;
        assert!(Instant::now() < deadline, "it never grew stale");
    };
    assert!(stale.stderr.starts_with("data is "), "{stale:?}");
    assert!(stale.stderr.contains(" old (refreshing)"), "{stale:?}");
}

#[tokio::test]
async fn with_aws_unreachable_a_restarted_daemon_lists_the_last_snapshot_and_says_its_age() {
    let stage = Stage::new().await;
    let before = listed_once(&stage).await;
    let Stage { sandbox, programs } = stage;
    let role = sandbox.account(1).role_arn("ops");
    sandbox.shutdown().await;
    let says_the_age = |answer: &Finished| {
        assert_eq!(answer.code(), 0, "{answer:?}");
        assert!(answer.stderr.contains("data is "), "{answer:?}");
        assert!(answer.stderr.contains(" old: "), "{answer:?}");
        assert!(answer.stderr.contains("STS"), "{answer:?}");
        assert!(!answer.stderr.contains("refreshing"), "{answer:?}");
    };
    for more in [
        &[][..],
        &["--sort", "none"],
        &["--no-daemon"],
        &["--max-age", "1h"],
    ] {
        let list = programs.run(&[&["list", "-o", "ids"], more].concat()).await;
        says_the_age(&list);
        assert_eq!(list.lines().len(), before.lines().count());
    }
    says_the_age(&programs.run(&["list", "-t", "Name=web-1"]).await);
    let resolved = programs.run(&["resolve", "web-1"]).await;
    assert_eq!(resolved.code(), 0, "{resolved:?}");
    assert!(before.contains(resolved.stdout.trim()));
    // What is not known is not made up, nor is whom these credentials belong to.
    let unknown: [&[&str]; 6] = [
        &["whoami"],
        &["list", "--fresh"],
        &["list", "--max-age", "0s"],
        &["list", "-r", OTHER_REGION],
        &["list", "--role-arn", &role],
        &["cache", "refresh"],
    ];
    for arguments in unknown {
        assert_refused(&programs.run(arguments).await, 5, &["STS"]);
    }
}

#[tokio::test]
async fn what_sts_refuses_opens_no_snapshot() {
    for fault in [Fault::expired_token(), Fault::access_denied()] {
        let stage = Stage::new().await;
        listed_once(&stage).await;
        stage.sandbox.inject(fault.on("GetCallerIdentity"));
        assert_refused(&stage.run(&["list"]).await, 4, &[]);
        assert!(kept(&stage.programs, "identity").is_empty());
        // Nor does it later, when nobody can be asked any more.
        stop(&stage.programs).await;
        let Stage { sandbox, programs } = stage;
        sandbox.shutdown().await;
        assert_refused(&programs.run(&["list"]).await, 5, &["STS"]);
    }
}

#[tokio::test]
async fn a_region_that_refuses_the_key_takes_nothing_from_the_others() {
    let stage = Stage::new().await;
    let before = listed_once(&stage).await;
    assert_refused(&stage.run(&["list", "-r", "us-nowhere-9"]).await, 4, &[]);
    stop(&stage.programs).await;
    let Stage { sandbox, programs } = stage;
    sandbox.shutdown().await;
    let list = programs.run(&["list", "-o", "ids"]).await;
    assert_eq!((list.code(), list.stdout), (0, before));
}

#[tokio::test]
async fn two_identities_never_share_what_is_on_disk() {
    let mut stage = Stage::new().await;
    let ours = listed_once(&stage).await;
    let export = |stage: &mut Stage, number: usize| {
        let account = stage.sandbox.account(number).clone();
        stage.programs.set("AWS_ACCESS_KEY_ID", account.access_key);
        stage
            .programs
            .set("AWS_SECRET_ACCESS_KEY", account.secret_key);
    };
    export(&mut stage, 1);
    let theirs = stage.done(&["list", "-o", "ids"]).await.stdout;
    assert_ne!(ours, theirs);
    stop(&stage.programs).await;
    stage.sandbox.inject(Fault::unavailable());
    for _ in ["restarted", "warm"] {
        for (number, fleet) in [(0, &ours), (1, &theirs)] {
            export(&mut stage, number);
            let list = stage.done(&["list", "-o", "ids"]).await;
            assert_eq!(list.stdout, *fleet);
            assert!(list.stderr.contains("data is "), "{list:?}");
        }
    }
    // The key of one with the secret of the other is neither of them: AWS refuses it.
    let secret = stage.sandbox.account(0).secret_key.clone();
    stage.programs.set("AWS_SECRET_ACCESS_KEY", secret);
    assert_refused(&stage.run(&["list"]).await, 4, &[]);
}

#[tokio::test]
async fn a_snapshot_that_was_cut_says_so_after_a_restart() {
    let config = "performance:\n  streaming_max_items: 10\n  streaming_page_size: 5\n";
    let stage = Stage::new().await.configured(config);
    let before = stage.done(&["list", "-o", "ids"]).await;
    assert!(before.stderr.contains("was cut"), "{before:?}");
    stop(&stage.programs).await;
    let calls = stage.calls("DescribeInstances");
    let after = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!((after.stdout, after.stderr), (before.stdout, before.stderr));
    assert_eq!(stage.calls("DescribeInstances"), calls);
}

#[tokio::test]
async fn a_call_without_the_daemon_leaves_its_data_to_the_next_call() {
    let stage = Stage::new().await;
    let first = stage.done(&["list", "--no-daemon", "-o", "ids"]).await;
    let second = stage.done(&["list", "--no-daemon", "-o", "ids"]).await;
    let third = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(
        (&first.stdout, &first.stdout),
        (&second.stdout, &third.stdout)
    );
    assert_eq!(stage.calls("DescribeInstances"), 1);
}

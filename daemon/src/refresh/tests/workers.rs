//! What workers do, how many of them, and what they leave alone.

use super::*;

const USERS: [&str; 10] = [
    "anna", "berta", "carla", "dora", "emma", "frida", "gerda", "hanna", "ida", "jana",
];

#[tokio::test(start_paused = true)]
async fn no_more_refreshes_run_than_there_are_workers() {
    for workers in [1, 3, 8] {
        let world = World::new(&format!("{NOT_UNASKED}  refresh_workers: {workers}\n"));
        for user in USERS {
            let read = world.read_as(user, REGION, Freshness::Configured).await;
            read.expect("loaded");
        }
        world.aws.answer(|_| Answer::After(SECOND));
        world.at(4 * MINUTE).await;
        for user in USERS {
            let read = world.read_as(user, REGION, Freshness::Configured).await;
            assert!(read.expect("warm").refreshing);
        }
        tokio::time::sleep(MINUTE / 2).await;
        assert_eq!(world.aws.most_in_flight(), workers);
        assert_eq!(world.calls(), 2 * USERS.len() as u64, "each once more");
        let cache = world.metrics.snapshot().cache;
        assert_eq!((cache.refreshes_begun, cache.refreshes_succeeded), (10, 10));
        world.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_identity_whose_calls_hang_does_not_keep_another_from_being_refreshed() {
    let regions = [
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "us-east-1",
        "us-east-2",
    ];
    let world = World::new(NOT_UNASKED);
    let read = async |user, region| {
        let read = world.read_as(user, region, Freshness::Configured).await;
        read.expect("data").shown()
    };
    for region in regions {
        read("anna", region).await;
    }
    read("berta", REGION).await;
    world.aws.change();
    world.aws.answer(|asked| match asked.user.as_str() {
        "anna" => Answer::Never,
        _ => Answer::After(Duration::ZERO),
    });
    world.at(4 * MINUTE).await;
    for region in regions {
        assert_eq!(read("anna", region).await, (1, DataState::Fresh, true));
    }
    assert_eq!(read("berta", REGION).await, (1, DataState::Fresh, true));
    settle().await;
    assert_eq!(read("berta", REGION).await, (2, DataState::Fresh, false));
    assert_eq!(read("anna", REGION).await, (1, DataState::Fresh, true));
    world.end().await;
}

/// A breaker would spare AWS even more; here every retry is to be seen.
const NO_BREAKER: &str = "resilience:\n  max_attempts: 1\n  failure_threshold: 100\n";

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_is_tried_again_ever_later_while_the_entry_serves() {
    let world = World::new(&format!("{NOT_UNASKED}{NO_BREAKER}"));
    world.read().await;
    world.aws.answer(unavailable);
    world.at(4 * MINUTE).await;
    let (mut calls, mut tried) = (world.calls(), Vec::new());
    while world.start.elapsed() < Duration::from_secs(359) {
        let got = world.read().await;
        assert_eq!((got.version, got.waited), (1, Duration::ZERO));
        assert_eq!(got.error, None, "it is good enough");
        settle().await;
        if world.calls() > calls {
            calls = world.calls();
            tried.push(world.start.elapsed().as_secs_f64() - 240.0);
        }
        tokio::time::sleep(SECOND / 4).await;
    }
    let gaps: Vec<f64> = tried.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(tried[0] < 1.0, "at once: {tried:?}");
    for (gap, longest) in gaps.iter().zip([5.0, 10.0, 20.0, 40.0]) {
        // A quarter less by chance, and a little more for the reads between.
        let expected = longest * 0.75..=longest + 0.3;
        assert!(expected.contains(gap), "{gaps:?}");
    }
    assert_eq!(gaps.len(), 4, "{gaps:?}");
    let cache = world.metrics.snapshot().cache;
    assert_eq!(cache.refreshes_failed, 5);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_error_storm_while_refreshing_fails_no_warm_read() {
    let storm = [
        Answer::Refusal(503, "RequestLimitExceeded"),
        Answer::Refusal(500, "InternalError"),
        Answer::Unreachable,
        Answer::Never,
        Answer::After(9 * SECOND),
    ];
    for answer in storm {
        let world = World::new("");
        world.read().await;
        world.aws.answer(move |_| answer);
        world.at(4 * MINUTE).await;
        while world.start.elapsed() < Duration::from_secs(359) {
            let got = world.read().await;
            assert_eq!(got.waited, Duration::ZERO, "{answer:?}");
            assert_eq!(got.error, None, "{answer:?}");
            tokio::time::sleep(SECOND).await;
        }
        assert!(world.calls() > 1, "{answer:?}");
        world.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_leaves_the_others_lanes_alone() {
    let world = World::new(NOT_UNASKED);
    world.aws.answer(|asked| match asked.user.as_str() {
        "anna" => Answer::Refusal(503, "RequestLimitExceeded"),
        _ => Answer::After(Duration::ZERO),
    });
    for _ in 0..5 {
        let read = world.read_as("anna", REGION, Freshness::Configured).await;
        read.expect_err("throttled");
    }
    let asked = world.calls();
    let read = world.read_as("anna", REGION, Freshness::Configured).await;
    let said = read.expect_err("refused here").to_string();
    assert!(said.contains("not being called"), "{said}");
    assert_eq!(world.calls(), asked);
    let read = world.read_as("berta", REGION, Freshness::Configured).await;
    assert_eq!(read.expect("data").waited, Duration::ZERO);
    let open: Vec<_> = world.resilience.breakers();
    let open: Vec<_> = open.iter().filter(|b| b.state == "open").collect();
    assert_eq!(open.len(), 1, "{open:?}");
    world.end().await;
}

//! What is kept warm unasked, what that costs, and what a machine that slept
//! comes back to.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_busy_region_of_a_thousand_costs_at_most_twenty_pages_an_hour_and_nobody_waits() {
    let world = World::of("", 1000);
    let first = world.read().await;
    while world.start.elapsed() < HOUR {
        tokio::time::sleep(10 * SECOND).await;
        let got = world.read().await;
        assert_eq!((got.state, got.waited), (DataState::Fresh, Duration::ZERO));
    }
    assert_eq!(first.version, 1);
    assert!(world.calls() <= 20, "{} pages", world.calls());
    // One page each quarter less than the time to live, and two at first.
    assert!(world.calls() >= 14, "{} pages", world.calls());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_entry_in_recent_use_is_fresh_when_it_is_asked_for_again() {
    let world = World::new("");
    world.read().await;
    world.aws.change();
    world.at(29 * MINUTE).await;
    let got = world.read().await;
    assert_eq!((got.version, got.state), (2, DataState::Fresh));
    assert_eq!(got.waited, Duration::ZERO);
    assert!(got.age <= 4 * MINUTE + 5 * SECOND, "{got:?}");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_nobody_asks_for_costs_nothing() {
    let world = World::new("");
    world.read().await;
    world.at(30 * MINUTE).await;
    let calls = world.calls();
    assert!(calls > 1, "it was kept warm");
    world.at(10 * HOUR).await;
    assert_eq!(world.calls(), calls);
    assert!(
        world
            .metrics
            .snapshot()
            .api
            .iter()
            .all(|api| api.failures == 0)
    );
    // Its refreshes were no use of it: it is as old as it is.
    let got = world.read().await;
    assert!(got.state == DataState::Fresh && got.age < MINUTE, "{got:?}");
    assert_eq!(world.calls(), calls + 1, "a miss");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn workers_stop_before_a_daemon_that_nobody_calls_ends_and_nobody_would_wait_until_then() {
    let world = World::new("");
    world.life.set_idle_timeout(world.idle);
    world.read().await;
    let mut last = (world.calls(), HOUR);
    while let Some(left) = world.life.idle_exit_in().filter(|left| !left.is_zero()) {
        if world.calls() > last.0 {
            last = (world.calls(), left);
        }
        tokio::time::sleep(left.min(SECOND)).await;
    }
    let (calls, left) = last;
    assert!(calls > 1, "it was kept warm");
    // From refresh-ahead to the stale threshold data is served as it is.
    assert!(
        left >= 2 * MINUTE - SECOND,
        "a refresh {left:?} before the end"
    );
    let got = world.read().await;
    assert_eq!(got.waited, Duration::ZERO);
    assert!(got.age < 6 * MINUTE, "{got:?}");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn keep_warm_and_its_switches_decide_what_is_refreshed_unasked() {
    for settings in [
        NOT_UNASKED,
        "cache:\n  background_refresh: false\n",
        "cache:\n  enabled: false\n",
    ] {
        let world = World::new(settings);
        world.read().await;
        world.at(HOUR).await;
        assert_eq!(world.calls(), 1, "{settings}");
        world.end().await;
    }
}

/// Reads as many users' fleets, one after the other.
async fn read_all(world: &World, users: usize) -> Vec<Got> {
    let mut all = Vec::new();
    for number in 0..users {
        let user = format!("user{number}");
        let read = world.read_as(&user, REGION, Freshness::Configured).await;
        all.push(read.expect("data"));
    }
    all
}

#[tokio::test(start_paused = true)]
async fn after_a_short_sleep_workers_catch_up_a_few_at_a_time() {
    let world = World::new("");
    read_all(&world, 12).await;
    world.aws.change();
    // Longer than it would take to answer them all at once.
    world.aws.answer(|_| Answer::After(2 * SECOND));
    world.sleep(10 * MINUTE);
    tokio::time::sleep(MINUTE).await;
    assert_eq!(world.calls(), 24, "each was refreshed once");
    assert_eq!(
        world.aws.most_in_flight(),
        3,
        "as many as there are workers"
    );
    let cache = world.metrics.snapshot().cache;
    assert_eq!((cache.refreshes_begun, cache.refreshes_dropped), (12, 0));
    for got in read_all(&world, 12).await {
        assert_eq!((got.version, got.state), (2, DataState::Fresh));
        assert_eq!(got.waited, Duration::ZERO);
    }
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn after_hours_of_sleep_only_what_is_asked_for_is_loaded_and_once() {
    let world = World::new("");
    read_all(&world, 12).await;
    world.aws.change();
    world.sleep(8 * HOUR);
    tokio::time::sleep(5 * MINUTE).await;
    assert_eq!(world.calls(), 12, "nobody came back for them");
    let crowd = (0..50).map(|_| world.read_as("user0", REGION, Freshness::Configured));
    for got in futures_util::future::join_all(crowd).await {
        assert_eq!(got.expect("data").version, 2);
    }
    assert_eq!(world.calls(), 13);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn sleep_counts_as_age() {
    let world = World::new(NOT_UNASKED);
    world.read().await;
    world.aws.answer(unavailable);
    world.sleep(HOUR);
    let got = world.read().await;
    assert_eq!(got.state, DataState::LastKnown);
    assert_eq!(got.age, HOUR + got.waited);
    world.end().await;
}

//! What a read gets at each age of the data.

use aws_ssm_proto::domain::ErrorKind;

use super::*;

/// What a read gets when the data is this old, and how often AWS was asked then.
async fn at_age(settings: &str, age: Duration) -> ((u32, DataState, bool), u64) {
    let world = World::new(settings);
    assert_eq!(world.read().await.version, 1);
    world.aws.change();
    world.at(age).await;
    let got = world.read().await;
    settle().await;
    let seen = (got.shown(), world.calls());
    world.end().await;
    seen
}

/// Ages in seconds, and what is seen there.
async fn assert_timeline(settings: &str, timeline: &[(u64, u32, DataState, bool, u64)]) {
    for &(age, version, state, refreshing, calls) in timeline {
        let seen = at_age(settings, Duration::from_secs(age)).await;
        assert_eq!(
            seen,
            ((version, state, refreshing), calls),
            "{age} s: {settings}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn data_is_served_refreshed_stale_and_expired_at_the_seconds_of_the_guide() {
    use DataState::{Fresh, Stale};
    let timeline = [
        (0, 1, Fresh, false, 1),
        (239, 1, Fresh, false, 1),
        (240, 1, Fresh, true, 2),
        (299, 1, Fresh, true, 2),
        (300, 1, Stale, true, 2),
        (359, 1, Stale, true, 2),
        (360, 2, Fresh, false, 2),
    ];
    assert_timeline(NOT_UNASKED, &timeline).await;
}

#[tokio::test(start_paused = true)]
async fn the_timeline_follows_the_settings() {
    use DataState::{Fresh, Stale};
    let longer = "cache:\n  keep_warm_minutes: 0\n  ttl_minutes: 10\n  refresh_ahead: 0.5\n  \
                  stale_threshold_minutes: 20\n";
    let timeline = [
        (299, 1, Fresh, false, 1),
        (300, 1, Fresh, true, 2),
        (599, 1, Fresh, true, 2),
        (600, 1, Stale, true, 2),
        (1199, 1, Stale, true, 2),
        (1200, 2, Fresh, false, 2),
    ];
    assert_timeline(longer, &timeline).await;
    // Without one of its own, the threshold is 1.2 times so long a time to live.
    let unsaid = "cache:\n  keep_warm_minutes: 0\n  ttl_minutes: 10\n";
    let timeline = [
        (480, 1, Fresh, true, 2),
        (719, 1, Stale, true, 2),
        (720, 2, Fresh, false, 2),
    ];
    assert_timeline(unsaid, &timeline).await;
}

#[tokio::test(start_paused = true)]
async fn without_background_refresh_only_an_expired_entry_is_loaded() {
    use DataState::{Fresh, Stale};
    let settings = "cache:\n  background_refresh: false\n";
    let timeline = [
        (240, 1, Fresh, false, 1),
        (300, 1, Stale, false, 1),
        (359, 1, Stale, false, 1),
        (360, 2, Fresh, false, 2),
    ];
    assert_timeline(settings, &timeline).await;
}

#[tokio::test(start_paused = true)]
async fn without_the_cache_every_read_loads() {
    let world = World::new("cache:\n  enabled: false\n");
    for version in 1..4 {
        assert_eq!(world.read().await.version, version);
        assert_eq!(world.calls(), u64::from(version));
        world.aws.change();
    }
    world.at(HOUR).await;
    assert_eq!(world.calls(), 3, "nothing is refreshed");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_refreshed_entry_begins_its_time_anew() {
    let world = World::new(NOT_UNASKED);
    world.read().await;
    world.aws.change();
    world.at(Duration::from_secs(240)).await;
    assert_eq!(world.read().await.version, 1);
    settle().await;
    let got = world.read().await;
    assert_eq!(got.shown(), (2, DataState::Fresh, false));
    world.at(Duration::from_secs(479)).await;
    assert_eq!(world.read().await.shown(), (2, DataState::Fresh, false));
    assert_eq!(world.calls(), 2);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn beyond_the_threshold_an_unavailable_aws_leaves_the_last_data_its_age_and_why() {
    let refused = [
        Answer::Refusal(503, "RequestLimitExceeded"),
        Answer::Refusal(500, "InternalError"),
        Answer::Unreachable,
        Answer::Never,
    ];
    for answer in refused {
        let world = World::new(NOT_UNASKED);
        world.read().await;
        world.aws.answer(move |_| answer);
        world.at(10 * MINUTE).await;
        let got = world.read().await;
        assert_eq!((got.version, got.state), (1, DataState::LastKnown));
        assert_eq!(got.age, 10 * MINUTE + got.waited, "{answer:?}");
        let error = got.error.expect("a reason");
        assert_eq!(error.kind, ErrorKind::Unavailable, "{answer:?}: {error:?}");
        // Whoever insists is told that there is nothing newer.
        for asked in [Freshness::Fresh, Freshness::MaxAge(MINUTE)] {
            let insisted = world.read_as("anna", REGION, asked).await;
            assert_eq!(
                insisted.expect_err("no data").kind,
                ErrorKind::Unavailable,
                "{answer:?}"
            );
        }
        world.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn once_aws_is_known_to_be_unavailable_nobody_waits_for_it_again() {
    let world = World::new(NOT_UNASKED);
    world.read().await;
    world.aws.answer(|_| Answer::Never);
    world.at(10 * MINUTE).await;
    let first = world.read().await;
    assert!(first.waited > SECOND, "somebody has to find out");
    let asked = world.calls();
    for _ in 0..100 {
        let got = world.read().await;
        assert_eq!((got.version, got.state), (1, DataState::LastKnown));
        assert_eq!(got.waited, Duration::ZERO);
        assert!(got.error.is_some());
    }
    assert_eq!(world.calls(), asked);
    // It is tried again, and once it answers everybody has new data.
    world.aws.change();
    world.aws.answer(|_| Answer::After(Duration::ZERO));
    tokio::time::sleep(2 * MINUTE).await;
    let got = world.read().await;
    assert_eq!(got.shown(), (2, DataState::Fresh, false));
    assert_eq!(got.error, None);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_want_of_permission_drops_the_entry_at_any_age() {
    for age in [4, 5, 10] {
        let world = World::new(NOT_UNASKED);
        world.read().await;
        world
            .aws
            .answer(|_| Answer::Refusal(403, "UnauthorizedOperation"));
        world.at(age * MINUTE).await;
        let _ = world.read_as("anna", REGION, Freshness::Configured).await;
        settle().await;
        let read = world.read_as("anna", REGION, Freshness::Configured).await;
        assert_eq!(read.expect_err("dropped").kind, ErrorKind::Permission);
        world.end().await;
    }
}

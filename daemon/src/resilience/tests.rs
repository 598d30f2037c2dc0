use super::*;
use std::future::{pending, ready};

const SECOND: Duration = Duration::from_secs(1);
const OPERATION: Operation = Operation::DescribeInstances;

fn resilience() -> Resilience {
    Resilience::new(ResilienceConfig::default(), Arc::new(Metrics::new()))
}

fn target(identity: &str, region: &str) -> CallTarget {
    CallTarget::new(identity, "111122223333", region)
}

fn later(time: Duration) -> Instant {
    Instant::now() + time
}

fn error(class: ErrorClass) -> ApiError {
    ApiError::new(class, OPERATION, "eu-west-1", "words")
}

async fn fail(resilience: &Resilience, target: &CallTarget, class: ErrorClass) -> ApiError {
    let send = |_| ready(Err::<(), _>(error(class)));
    let called = resilience
        .call(target, OPERATION, later(SECOND), send)
        .await;
    called.expect_err("it was told to fail")
}

async fn succeed(resilience: &Resilience, target: &CallTarget) -> Result<(), ApiError> {
    resilience
        .call(target, OPERATION, later(SECOND), |_| ready(Ok(())))
        .await
}

async fn open(resilience: &Resilience, target: &CallTarget) {
    for _ in 0..5 {
        fail(resilience, target, ErrorClass::Unavailable).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_refuses_its_own_identity_region_and_service_only() {
    let resilience = resilience();
    let mine = target("me", "eu-west-1");
    open(&resilience, &mine).await;
    let refused = succeed(&resilience, &mine).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::BreakerOpen);
    assert_eq!(refused.message, "words", "the failure that opened it");

    succeed(&resilience, &target("other", "eu-west-1"))
        .await
        .unwrap();
    succeed(&resilience, &target("me", "eu-west-2"))
        .await
        .unwrap();
    let agents = Operation::DescribeInstanceInformation;
    let other_service = resilience.call(&mine, agents, later(SECOND), |_| ready(Ok(())));
    other_service.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn after_its_time_three_successes_close_it() {
    let resilience = resilience();
    let mine = target("me", "eu-west-1");
    open(&resilience, &mine).await;
    assert_eq!(resilience.breakers()[0].state, "open");
    assert_eq!(resilience.breakers()[0].retry_in, Some(60 * SECOND));
    tokio::time::advance(60 * SECOND).await;
    for state in ["half-open", "half-open", "closed"] {
        succeed(&resilience, &mine).await.unwrap();
        assert_eq!(resilience.breakers()[0].state, state);
    }
}

#[tokio::test(start_paused = true)]
async fn denials_and_bad_requests_never_open_it() {
    let resilience = resilience();
    let mine = target("me", "eu-west-1");
    for class in [
        ErrorClass::Denied,
        ErrorClass::BadCredentials,
        ErrorClass::Expired,
        ErrorClass::Invalid,
        ErrorClass::Nonsense,
    ] {
        for _ in 0..10 {
            assert_eq!(fail(&resilience, &mine, class).await.class, class);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn throttles_timeouts_and_lost_connections_open_it() {
    for class in [
        ErrorClass::Throttled,
        ErrorClass::Timeout,
        ErrorClass::Unavailable,
    ] {
        let resilience = resilience();
        let mine = target("me", "eu-west-1");
        for _ in 0..5 {
            fail(&resilience, &mine, class).await;
        }
        let refused = fail(&resilience, &mine, class).await;
        assert_eq!(refused.class, ErrorClass::BreakerOpen, "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn sts_failing_for_a_role_says_nothing_of_the_service_that_was_meant() {
    let resilience = resilience();
    let mine = target("me", "eu-west-1");
    for _ in 0..10 {
        let sts = ApiError::new(
            ErrorClass::Unavailable,
            Operation::AssumeRole,
            "eu-west-1",
            "words",
        );
        let send = |_| ready(Err::<(), _>(sts));
        let called = resilience.call(&mine, OPERATION, later(SECOND), send).await;
        assert_eq!(called.unwrap_err().class, ErrorClass::Unavailable);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline() {
    let resilience = resilience();
    let mine = target("me", "eu-west-1");
    let start = Instant::now();
    let send = |_| pending::<Result<(), ApiError>>();
    let called = resilience
        .call(&mine, OPERATION, later(2 * SECOND), send)
        .await;
    let error = called.unwrap_err();
    assert_eq!(start.elapsed(), 2 * SECOND);
    assert_eq!(error.class, ErrorClass::Timeout);
    assert_eq!(error.message, "no answer within 2s");
}

#[tokio::test(start_paused = true)]
async fn a_hurried_caller_does_not_open_the_breaker_a_patient_one_does() {
    let resilience = resilience();
    let mine = target("me", "eu-west-1");
    for (patience, state) in [(SECOND, "closed"), (10 * SECOND, "open")] {
        for _ in 0..5 {
            let send = |_| pending::<Result<(), ApiError>>();
            let called = resilience
                .call(&mine, OPERATION, later(patience), send)
                .await;
            assert_eq!(called.unwrap_err().class, ErrorClass::Timeout);
        }
        assert_eq!(resilience.breakers()[0].state, state, "{patience:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_gives_its_probe_back() {
    let resilience = resilience();
    let mine = target("me", "eu-west-1");
    open(&resilience, &mine).await;
    tokio::time::advance(60 * SECOND).await;
    for _ in 0..10 {
        let send = |_| pending::<Result<(), ApiError>>();
        let call = resilience.call(&mine, OPERATION, later(100 * SECOND), send);
        let dropped = tokio::time::timeout(Duration::from_millis(1), call).await;
        assert!(dropped.is_err());
    }
    succeed(&resilience, &mine).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn beyond_the_burst_a_call_waits_for_its_turn_or_is_told_at_once() {
    let resilience = resilience();
    let mine = target("me", "eu-west-1");
    for _ in 0..100 {
        succeed(&resilience, &mine).await.unwrap();
    }
    let start = Instant::now();
    let hurried = later(Duration::from_millis(10));
    let refused = resilience
        .call(&mine, OPERATION, hurried, |_| ready(Ok(())))
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(refused.class, ErrorClass::Timeout);
    assert!(
        refused.message.contains("20 calls a second"),
        "{}",
        refused.message
    );
    succeed(&resilience, &mine).await.unwrap();
    assert_eq!(start.elapsed().as_millis(), 50);
}

#[tokio::test(start_paused = true)]
async fn one_identitys_use_of_its_rate_takes_nothing_from_another() {
    let resilience = resilience();
    let start = Instant::now();
    for _ in 0..100 {
        succeed(&resilience, &target("me", "eu-west-1"))
            .await
            .unwrap();
    }
    succeed(&resilience, &target("other", "eu-west-1"))
        .await
        .unwrap();
    succeed(&resilience, &target("me", "eu-west-2"))
        .await
        .unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    succeed(&resilience, &target("me", "eu-west-1"))
        .await
        .unwrap();
    assert_eq!(start.elapsed().as_millis(), 50);
}

#[tokio::test(start_paused = true)]
async fn refused_calls_are_not_counted_as_calls() {
    let metrics = Arc::new(Metrics::new());
    let resilience = Resilience::new(ResilienceConfig::default(), Arc::clone(&metrics));
    let mine = target("me", "eu-west-1");
    open(&resilience, &mine).await;
    succeed(&resilience, &mine).await.unwrap_err();
    let stats = metrics.snapshot().api.remove(0);
    assert_eq!((stats.calls, stats.failures), (5, 5));
    assert_eq!(stats.last_error.as_deref(), Some("words"));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_lanes_in_an_hour_leave_a_bounded_number_and_unused_ones_end() {
    let resilience = resilience();
    for number in 0..10_000 {
        let mine = target(&format!("me{number}"), "eu-west-1");
        fail(&resilience, &mine, ErrorClass::Unavailable).await;
        tokio::time::advance(Duration::from_millis(360)).await;
    }
    assert_eq!(resilience.breakers().len(), MAX_LANES);
    tokio::time::advance(LANE_IDLE).await;
    assert_eq!(resilience.breakers().len(), 0);
}

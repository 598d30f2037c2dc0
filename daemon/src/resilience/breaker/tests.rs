use super::*;

const OPEN_FOR: Duration = Duration::from_secs(60);

fn breaker() -> (Breaker, Instant) {
    (Breaker::new(&ResilienceConfig::default()), Instant::now())
}

fn admit(breaker: &mut Breaker, now: Instant) -> Pass {
    breaker.admit(now).expect("admitted").0
}

fn fail(breaker: &mut Breaker, now: Instant) -> Option<Transition> {
    let pass = admit(breaker, now);
    breaker.failed(pass, now, "InternalError: try again")
}

fn opened() -> (Breaker, Instant) {
    let (mut breaker, now) = breaker();
    for _ in 0..5 {
        fail(&mut breaker, now);
    }
    (breaker, now)
}

#[test]
fn the_fifth_failure_in_a_row_opens_it() {
    let (mut breaker, now) = breaker();
    for _ in 0..4 {
        assert_eq!(fail(&mut breaker, now), None);
    }
    assert_eq!(
        fail(&mut breaker, now),
        Some(Transition::Opened {
            failures: 5,
            retry_in: OPEN_FOR,
            last_error: "InternalError: try again".into()
        })
    );
    assert_eq!(breaker.look(now).state, "open");
}

#[test]
fn a_success_between_failures_starts_the_count_again() {
    let (mut breaker, now) = breaker();
    for _ in 0..4 {
        fail(&mut breaker, now);
    }
    let pass = admit(&mut breaker, now);
    breaker.succeeded(pass);
    for _ in 0..4 {
        assert_eq!(fail(&mut breaker, now), None);
    }
}

#[test]
fn an_open_breaker_says_since_when_why_and_until_when() {
    let (mut breaker, now) = opened();
    let refused = breaker.admit(now + Duration::from_secs(10));
    assert_eq!(
        refused,
        Err(OpenBreaker {
            open_for: Duration::from_secs(10),
            retry_in: Duration::from_secs(50),
            last_error: "InternalError: try again".into()
        })
    );
}

#[test]
fn three_successes_close_it_after_its_time() {
    let (mut breaker, now) = opened();
    let later = now + OPEN_FOR;
    let (first, transition) = breaker.admit(later).expect("admitted");
    assert_eq!(transition, Some(Transition::HalfOpened));
    assert_eq!(breaker.succeeded(first), None);
    let second = admit(&mut breaker, later);
    assert_eq!(breaker.succeeded(second), None);
    let third = admit(&mut breaker, later);
    assert_eq!(breaker.succeeded(third), Some(Transition::Closed));
    assert_eq!(breaker.look(later).failures, 0);
}

#[test]
fn half_open_only_as_many_calls_go_through_as_successes_are_missing() {
    let (mut breaker, now) = opened();
    let later = now + OPEN_FOR;
    let passes: Vec<_> = (0..3).map(|_| admit(&mut breaker, later)).collect();
    let refused = breaker.admit(later).expect_err("the probes are out");
    assert_eq!(refused.retry_in, Duration::ZERO);
    for pass in passes {
        breaker.abandoned(pass);
    }
    assert!(breaker.admit(later).is_ok(), "abandoned probes come back");
}

#[test]
fn one_failure_while_half_open_opens_it_for_the_whole_time_again() {
    let (mut breaker, now) = opened();
    let later = now + OPEN_FOR;
    assert!(matches!(
        fail(&mut breaker, later),
        Some(Transition::Opened { .. })
    ));
    assert!(breaker.admit(later + OPEN_FOR / 2).is_err());
    assert!(breaker.admit(later + OPEN_FOR).is_ok());
}

#[test]
fn a_breaker_whose_probe_fails_has_been_open_since_the_first_time() {
    let (mut breaker, now) = opened();
    let later = now + OPEN_FOR;
    let probe = admit(&mut breaker, later);
    breaker.failed(probe, later, "no answer within 10s");
    let seen = breaker.look(later + OPEN_FOR / 4);
    assert_eq!(seen.state, "open");
    assert_eq!(seen.open_for, Some(OPEN_FOR + OPEN_FOR / 4));
    assert_eq!(seen.retry_in, Some(OPEN_FOR - OPEN_FOR / 4));
    assert_eq!(seen.last_error.as_deref(), Some("no answer within 10s"));
}

#[test]
fn calls_begun_before_it_opened_change_nothing_afterwards() {
    let (mut breaker, now) = breaker();
    let (early_success, early_failure) = (admit(&mut breaker, now), admit(&mut breaker, now));
    for _ in 0..5 {
        fail(&mut breaker, now);
    }
    assert_eq!(breaker.succeeded(early_success), None);
    assert!(breaker.admit(now).is_err());
    let probe = admit(&mut breaker, now + OPEN_FOR);
    assert_eq!(
        breaker.failed(early_failure, now + OPEN_FOR, "late"),
        None,
        "it says nothing of how the service is now"
    );
    breaker.succeeded(probe);
    assert_eq!(breaker.look(now + OPEN_FOR).state, "half-open");
}

#[test]
fn another_threshold_holds_for_the_next_failure() {
    let (mut breaker, now) = breaker();
    fail(&mut breaker, now);
    breaker.retune(&ResilienceConfig {
        failure_threshold: 2,
        ..ResilienceConfig::default()
    });
    assert!(fail(&mut breaker, now).is_some());
}

#[test]
fn another_number_of_probes_begins_the_probing_anew() {
    let (mut breaker, now) = opened();
    let later = now + OPEN_FOR;
    let first = admit(&mut breaker, later);
    let second = admit(&mut breaker, later);
    assert_eq!(breaker.succeeded(first), None);
    breaker.retune(&ResilienceConfig {
        half_open_probes: 1,
        ..ResilienceConfig::default()
    });
    // What was let through before proves nothing now.
    assert_eq!(breaker.succeeded(second), None);
    let probe = admit(&mut breaker, later);
    assert!(breaker.admit(later).is_err(), "one is enough");
    assert_eq!(breaker.succeeded(probe), Some(Transition::Closed));
}

#[test]
fn an_open_breaker_stays_open_for_the_time_it_was_opened_for() {
    let (mut breaker, now) = opened();
    breaker.retune(&ResilienceConfig {
        open_for: OPEN_FOR / 10,
        ..ResilienceConfig::default()
    });
    assert!(breaker.admit(now + OPEN_FOR / 2).is_err());
    assert!(breaker.admit(now + OPEN_FOR).is_ok());
}

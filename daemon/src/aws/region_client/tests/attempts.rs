//! What the attempts of a call failed of, and that none is made too late.

use super::*;

/// Attempts that fail fast and are not repeated.
fn impatient() -> ResilienceConfig {
    ResilienceConfig {
        attempt_timeout: Duration::from_millis(20),
        ..once()
    }
}

/// Throttles, timeouts, failures of the connection and of AWS, in this order.
fn causes(fixture: &Fixture) -> [u64; 4] {
    let stats = fixture.metrics.snapshot().api.remove(0);
    [
        stats.throttles,
        stats.timeouts,
        stats.connection_failures,
        stats.server_errors,
    ]
}

#[tokio::test]
async fn what_an_attempt_failed_of_is_counted_by_its_cause() {
    let cases = [
        (ec2_error(503, "RequestLimitExceeded", "no"), [1, 0, 0, 0]),
        (Reply::Hang, [0, 1, 0, 0]),
        (Reply::Cut, [0, 0, 1, 0]),
        (ec2_error(500, "InternalError", "no"), [0, 0, 0, 1]),
        (Reply::Http(502, "<html>no</html>".into()), [0, 0, 0, 1]),
        (ec2_error(403, "UnauthorizedOperation", "no"), [0; 4]),
    ];
    for (reply, expected) in cases {
        let server = Server::start([reply.clone()]).await;
        // Only what hangs may run into its time limit, however busy the machine is.
        let config = match reply {
            Reply::Hang => impatient(),
            _ => once(),
        };
        let fixture = fixture(&server.url, config, keys());
        fixture.client.describe_regions(soon()).await.unwrap_err();
        assert_eq!(causes(&fixture), expected, "{reply:?}");
    }
}

#[tokio::test]
async fn an_attempt_that_the_callers_deadline_cuts_off_timed_out() {
    let server = Server::start([Reply::Hang]).await;
    let fixture = fixture(&server.url, once(), keys());
    let deadline = Instant::now() + Duration::from_millis(20);
    fixture.client.describe_regions(deadline).await.unwrap_err();
    assert_eq!(causes(&fixture), [0, 1, 0, 0]);
}

/// The pause before the second attempt is longer than what is left.
#[tokio::test]
async fn no_attempt_is_begun_after_the_callers_deadline() {
    let server = Server::start([ec2_error(503, "RequestLimitExceeded", "slow down")]).await;
    let config = ResilienceConfig {
        max_attempts: 10,
        ..ResilienceConfig::default()
    };
    let fixture = fixture(&server.url, config, keys());
    let deadline = Instant::now() + Duration::from_millis(300);
    let error = fixture.client.describe_regions(deadline).await.unwrap_err();
    let made = server.requests().len();
    assert_eq!(error.class, ErrorClass::Throttled, "{error}");
    assert_eq!(causes(&fixture), [made as u64, 0, 0, 0]);
    // Whatever the SDK had in mind went with the call.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::resume();
    assert_eq!(server.requests().len(), made);
}

mod attempts;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_ssm_proto::domain;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::aws::Route;
use crate::aws::Unreadable;
use crate::aws::testing::{Reply, Server, ec2_error, regions};
use crate::metrics::Metrics;
use crate::resilience::ResilienceConfig;

struct Fixture {
    client: RegionClient,
    resilience: Arc<Resilience>,
    metrics: Arc<Metrics>,
}

/// One attempt, so that nothing waits to try again.
fn once() -> ResilienceConfig {
    ResilienceConfig {
        max_attempts: 1,
        ..ResilienceConfig::default()
    }
}

fn keys() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("AKID", "SECRET", None, None, "test"))
}

fn fixture(url: &str, config: ResilienceConfig, credentials: SharedCredentialsProvider) -> Fixture {
    fixture_in("eu-west-1", Some(url), config, credentials)
}

fn fixture_in(
    region: &str,
    url: Option<&str>,
    config: ResilienceConfig,
    credentials: SharedCredentialsProvider,
) -> Fixture {
    let metrics = Arc::new(Metrics::new());
    let connector = Connector::new(&config);
    let resilience = Arc::new(Resilience::new(config, Arc::clone(&metrics)));
    let target = CallTarget::new("me", "111122223333", region);
    let client = RegionClient::from_configs(Arc::clone(&resilience), target, |_| {
        connector.sdk_config(region, url, &Route::default(), Some(credentials.clone()))
    });
    Fixture {
        client,
        resilience,
        metrics,
    }
}

/// Takes an answer as it is; its next page is the same again.
#[derive(Default)]
struct Whole(String);

impl Projection for Whole {
    type Output = Page<String>;

    fn read(&mut self, piece: &[u8]) -> Result<(), Unreadable> {
        self.0
            .push_str(std::str::from_utf8(piece).map_err(Unreadable::new)?);
        Ok(())
    }

    fn end(self) -> Result<Self::Output, Unreadable> {
        if !self.0.ends_with("</DescribeInstancesResponse>") {
            return Err(Unreadable::new("it is something else"));
        }
        Ok(Page {
            items: self.0,
            next: Some("again".into()),
        })
    }
}

async fn instances(client: &RegionClient) -> Result<Page<String>, ApiError> {
    let page = PageRequest::default();
    client
        .describe_instances(page, Whole::default, soon())
        .await
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

async fn failure(reply: Reply) -> ApiError {
    let server = Server::start([reply]).await;
    let fixture = fixture(&server.url, once(), keys());
    let result = fixture.client.describe_regions(soon()).await;
    result.expect_err("it was told to fail")
}

#[tokio::test]
async fn refusals_keep_ec2s_own_code_and_words() {
    let error = failure(ec2_error(403, "UnauthorizedOperation", "You may not.")).await;
    assert_eq!(error.class, ErrorClass::Denied);
    assert_eq!(error.reason(), "UnauthorizedOperation: You may not.");
    assert!(error.is_refusal() && !error.counts_against_breaker());
}

#[tokio::test]
async fn an_encoded_authorization_message_is_left_out() {
    let words = "You may not. Encoded authorization failure message: c2VjcmV0";
    let error = failure(ec2_error(403, "UnauthorizedOperation", words)).await;
    assert_eq!(error.message, "You may not.");
}

#[tokio::test]
async fn throttles_and_server_errors_count_against_the_breaker() {
    for (status, code, class) in [
        (503, "RequestLimitExceeded", ErrorClass::Throttled),
        (500, "InternalError", ErrorClass::Unavailable),
    ] {
        let error = failure(ec2_error(status, code, "no")).await;
        assert_eq!(error.class, class);
        assert!(error.counts_against_breaker());
    }
    let error = failure(Reply::Http(502, "<html>Bad gateway</html>".into())).await;
    assert_eq!(error.class, ErrorClass::Unavailable);
    assert_eq!(error.message, "HTTP status 502");
}

#[tokio::test]
async fn a_body_that_is_not_ec2s_is_nonsense() {
    for reply in [
        Reply::Http(200, "hello".into()),
        Reply::Http(404, "<html>Not found</html>".into()),
        Reply::Raw("SSH-2.0-OpenSSH_9.9\r\n"),
    ] {
        let error = failure(reply.clone()).await;
        assert_eq!(error.class, ErrorClass::Nonsense, "{reply:?}: {error}");
        assert!(!error.counts_against_breaker());
        let said = error.into_error();
        assert!(said.hint.contains("http://127.0.0.1:"), "{said:?}");
    }
}

#[tokio::test]
async fn a_cut_connection_is_unavailable() {
    for reply in [
        Reply::Cut,
        Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly so much"),
    ] {
        let error = failure(reply.clone()).await;
        assert_eq!(error.class, ErrorClass::Unavailable, "{reply:?}: {error}");
    }
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let fixture = fixture(&url, once(), keys());
    let error = fixture.client.describe_regions(soon()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unavailable);
    let said = error.into_error();
    assert_eq!(said.what, "cannot reach EC2 in eu-west-1");
    assert_eq!(said.why, format!("{url} refuses connections"));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_said_to_be_unknown() {
    // The `invalid` domain never resolves (RFC 2606).
    let fixture = fixture("http://ec2.invalid", once(), keys());
    let error = fixture.client.describe_regions(soon()).await.unwrap_err();
    let said = error.into_error();
    assert_eq!(said.why, "the name ec2.invalid is not known");
}

#[tokio::test]
async fn a_region_that_cannot_be_part_of_a_name_is_wrong_usage() {
    let fixture = fixture_in("no region", None, once(), keys());
    let error = fixture.client.describe_regions(soon()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    let said = error.into_error();
    assert_eq!(said.kind, domain::ErrorKind::Usage);
    assert!(said.hint.contains("the region's name"), "{said:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_not_trusted_with_an_https_request() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let fixture = fixture(&url, once(), keys());
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let reply = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        reply.await.unwrap();
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        result = fixture.client.describe_regions(soon()) => result.unwrap_err(),
        () = answer => unreachable!("it never ends"),
    };
    assert_eq!(error.class, ErrorClass::Unavailable);
    let said = error.into_error();
    assert!(said.why.contains(&url), "{said:?}");
}

#[tokio::test]
async fn a_silent_endpoint_runs_into_the_attempts_time() {
    let server = Server::start([Reply::Hang]).await;
    let config = ResilienceConfig {
        attempt_timeout: Duration::from_millis(20),
        ..once()
    };
    let fixture = fixture(&server.url, config, keys());
    let error = fixture.client.describe_regions(soon()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Timeout);
    assert_eq!(error.message, "no answer within 20ms");
    assert!(error.counts_against_breaker());
}

#[tokio::test]
async fn the_callers_deadline_ends_the_call_and_proves_nothing() {
    let server = Server::start([Reply::Hang]).await;
    let fixture = fixture(&server.url, once(), keys());
    let deadline = Instant::now() + Duration::from_millis(20);
    let error = fixture.client.describe_regions(deadline).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Timeout);
    assert!(!error.counts_against_breaker());
    assert!(error.into_error().hint.contains("--timeout"));
}

#[tokio::test]
async fn a_failure_before_the_deadline_explains_more_than_the_deadline() {
    let server = Server::start([ec2_error(500, "InternalError", "try again"), Reply::Hang]).await;
    let fixture = fixture(&server.url, ResilienceConfig::default(), keys());
    let calls = fixture
        .client
        .describe_regions(Instant::now() + Duration::from_millis(50));
    let error = calls.await.unwrap_err();
    assert_eq!(error.reason(), "InternalError: try again");
}

#[tokio::test]
async fn a_retry_that_succeeds_is_a_success_with_a_throttle_counted() {
    let replies = [
        ec2_error(503, "RequestLimitExceeded", "slow down"),
        regions(&["b", "a"]),
    ];
    let server = Server::start(replies).await;
    let fixture = fixture(&server.url, ResilienceConfig::default(), keys());
    let found = fixture.client.describe_regions(soon()).await.unwrap();
    let names: Vec<_> = found.iter().map(|region| region.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let stats = fixture.metrics.snapshot().api.remove(0);
    assert_eq!((stats.calls, stats.successes), (1, 1));
    assert_eq!((stats.retries, stats.throttles), (1, 1));
    assert!(stats.response_bytes > 400, "both answers: {stats:?}");
}

#[tokio::test]
async fn five_failures_open_the_breaker_and_spare_aws() {
    let server = Server::start([ec2_error(500, "InternalError", "no")]).await;
    let fixture = fixture(&server.url, once(), keys());
    for _ in 0..5 {
        fixture.client.describe_regions(soon()).await.unwrap_err();
    }
    let error = fixture.client.describe_regions(soon()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::BreakerOpen);
    assert_eq!(server.requests().len(), 5);
    let breakers = fixture.resilience.breakers();
    let open: Vec<_> = breakers.iter().filter(|b| b.state == "open").collect();
    assert_eq!(
        open.len(),
        1,
        "systems manager's stays closed: {breakers:?}"
    );
    assert_eq!(open[0].service, "ec2");
}

#[tokio::test]
async fn denials_never_open_the_breaker() {
    let server = Server::start([ec2_error(403, "UnauthorizedOperation", "no")]).await;
    let fixture = fixture(&server.url, once(), keys());
    for _ in 0..20 {
        let error = fixture.client.describe_regions(soon()).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Denied);
    }
}

#[tokio::test]
async fn connections_are_kept_between_calls() {
    let server = Server::start([regions(&["a"])]).await;
    let fixture = fixture(&server.url, once(), keys());
    for _ in 0..3 {
        fixture.client.describe_regions(soon()).await.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn requests_are_signed_and_name_the_program() {
    let server = Server::start([regions(&["a"])]).await;
    let fixture = fixture(&server.url, once(), keys());
    fixture.client.describe_regions(soon()).await.unwrap();
    let request = server.requests().remove(0).to_lowercase();
    assert!(request.contains("credential=akid/"), "{request}");
    assert!(request.contains("/eu-west-1/ec2/aws4_request"), "{request}");
    assert!(request.contains("app/aws-ssm"), "{request}");
    assert!(!request.contains("exec-env"), "{request}");
}

#[tokio::test]
async fn a_page_that_names_itself_as_the_next_is_refused() {
    let body = "<DescribeInstancesResponse><reservationSet/>\
                <nextToken>again</nextToken></DescribeInstancesResponse>";
    let server = Server::start([Reply::Http(200, body.into())]).await;
    let fixture = fixture(&server.url, once(), keys());
    let first = PageRequest {
        size: Some(100),
        ..PageRequest::default()
    };
    let page = fixture
        .client
        .describe_instances(first, Whole::default, soon())
        .await;
    let next = page.unwrap().next;
    assert_eq!(next.as_deref(), Some("again"));
    let second = PageRequest {
        token: next,
        size: Some(1000),
        ..PageRequest::default()
    };
    let error = fixture
        .client
        .describe_instances(second, Whole::default, soon())
        .await;
    assert_eq!(error.unwrap_err().class, ErrorClass::Nonsense);
    let asked = server.requests();
    assert!(asked[0].contains("MaxResults=100") && !asked[0].contains("NextToken"));
    assert!(asked[1].contains("MaxResults=1000") && asked[1].contains("NextToken=again"));
}

#[tokio::test]
async fn an_answer_that_is_read_while_it_comes_is_counted_whole() {
    let body = format!(
        "<DescribeInstancesResponse>{}</DescribeInstancesResponse>",
        "x".repeat(1 << 20)
    );
    let server = Server::start([Reply::Http(200, body.clone())]).await;
    let fixture = fixture(&server.url, once(), keys());
    assert_eq!(instances(&fixture.client).await.unwrap().items, body);
    let stats = &fixture.metrics.snapshot().api[0];
    assert_eq!(stats.response_bytes, body.len() as u64);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_and_read_from_its_start() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<DescribeInstancesResponse><half/>";
    let body = "<DescribeInstancesResponse></DescribeInstancesResponse>";
    let server = Server::start([
        Reply::Raw(half),
        ec2_error(503, "Unavailable", "not now"),
        Reply::Http(200, body.into()),
    ])
    .await;
    let fixture = fixture(&server.url, ResilienceConfig::default(), keys());
    assert_eq!(instances(&fixture.client).await.unwrap().items, body);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_says_what_it_is_and_is_not_asked_for_again() {
    let server = Server::start([Reply::Http(200, "hello".into())]).await;
    let fixture = fixture(&server.url, ResilienceConfig::default(), keys());
    let error = instances(&fixture.client).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Nonsense);
    let unreadable = "the body cannot be read: it is something else";
    assert_eq!(error.message, unreadable);
    assert!(error.into_error().hint.contains("http://127.0.0.1:"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_refusal_of_an_answer_that_would_be_read_keeps_its_words() {
    let refusal = ec2_error(403, "UnauthorizedOperation", "You may not.");
    let server = Server::start([refusal]).await;
    let fixture = fixture(&server.url, once(), keys());
    let error = instances(&fixture.client).await.unwrap_err();
    assert_eq!(error.reason(), "UnauthorizedOperation: You may not.");
}

#[tokio::test]
async fn agents_are_asked_for_fifty_at_a_time() {
    let body = r#"{"InstanceInformationList":[{"InstanceId":"i-1"}],"NextToken":""}"#;
    let server = Server::start([Reply::Http(200, body.into())]).await;
    let fixture = fixture(&server.url, once(), keys());
    let page = fixture
        .client
        .describe_instance_information(None, soon())
        .await;
    let page = page.unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));
    assert!(server.requests()[0].contains(r#""MaxResults":50"#));
}

#[tokio::test]
async fn systems_managers_refusals_are_read_like_ec2s() {
    let body = r#"{"__type":"AccessDeniedException","Message":"User: x may not"}"#;
    let server = Server::start([Reply::Http(400, body.into())]).await;
    let fixture = fixture(&server.url, once(), keys());
    let page = fixture
        .client
        .describe_instance_information(None, soon())
        .await;
    let error = page.unwrap_err();
    assert_eq!(error.class, ErrorClass::Denied);
    let said = error.into_error();
    assert!(
        said.hint.contains("ssm:DescribeInstanceInformation"),
        "{said:?}"
    );
}

#[derive(Debug)]
struct Failing<F>(F);

impl<F: Fn() -> CredentialsError + Send + Sync + std::fmt::Debug> ProvideCredentials
    for Failing<F>
{
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err((self.0)()))
    }
}

async fn failure_of_provider(make: fn() -> CredentialsError) -> ApiError {
    let server = Server::start([regions(&[])]).await;
    let provider = SharedCredentialsProvider::new(Failing(make));
    let fixture = fixture(&server.url, once(), provider);
    let error = fixture.client.describe_regions(soon()).await.unwrap_err();
    assert_eq!(server.requests().len(), 0);
    assert!(!error.counts_against_breaker());
    error
}

#[tokio::test]
async fn a_providers_own_words_come_through() {
    let error = failure_of_provider(|| {
        let said = domain::Error::new(domain::ErrorKind::Credentials, "the session is over")
            .hint("run aws sso login --profile dev");
        CredentialsError::provider_error(said)
    })
    .await;
    assert_eq!(error.class, ErrorClass::BadCredentials);
    let said = error.into_error();
    assert_eq!(said.what, "the session is over");
    assert_eq!(said.hint, "run aws sso login --profile dev");
}

#[tokio::test]
async fn a_providers_plain_error_is_one_of_credentials() {
    let error =
        failure_of_provider(|| CredentialsError::provider_error("the token file is gone")).await;
    assert_eq!(error.class, ErrorClass::BadCredentials);
    assert_eq!(error.message, "the token file is gone");
    assert_eq!(error.into_error().kind, domain::ErrorKind::Credentials);
}

#[tokio::test]
async fn an_sts_failure_inside_the_provider_is_still_one_of_sts() {
    let error = failure_of_provider(|| {
        let mut sts = ApiError::new(ErrorClass::Denied, Operation::AssumeRole, "us-east-1", "no");
        sts.code = Some("AccessDenied".into());
        CredentialsError::provider_error(sts)
    })
    .await;
    assert_eq!(error.operation, Operation::AssumeRole);
    assert_eq!(error.class, ErrorClass::Denied);
    assert!(error.into_error().hint.contains("trust policy"));
}

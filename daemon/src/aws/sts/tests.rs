use super::*;
use crate::aws::ErrorClass;
use crate::aws::testing::{Reply, Server};
use crate::metrics::Metrics;
use crate::resilience::ResilienceConfig;

fn sts() -> Sts {
    let config = ResilienceConfig {
        max_attempts: 1,
        ..ResilienceConfig::default()
    };
    let connector = Connector::new(&config);
    let resilience = Resilience::new(config, Arc::new(Metrics::new()));
    Sts::new(connector, Arc::new(resilience))
}

fn at(server: &Server) -> StsTarget {
    StsTarget {
        call: CallTarget::new("key", "unverified", "eu-west-1"),
        endpoint: Some(server.url.clone()),
        route: Route::default(),
    }
}

fn keys() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("AKID", "SECRET", None, None, "test"))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn answer(operation: &str, result: &str) -> Reply {
    let result = format!("<{operation}Result>{result}</{operation}Result>");
    Reply::Http(
        200,
        format!("<{operation}Response>{result}</{operation}Response>"),
    )
}

const GIVEN: &str = "<Credentials><AccessKeyId>ASIA</AccessKeyId>\
    <SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>\
    <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>";

#[tokio::test]
async fn the_caller_is_who_sts_says() {
    let said = "<Arn>arn:aws:iam::1:user/a</Arn><UserId>U</UserId><Account>1</Account>";
    let server = Server::start([answer("GetCallerIdentity", said)]).await;
    let who = sts()
        .get_caller_identity(&at(&server), keys(), soon())
        .await;
    let who = who.unwrap();
    assert_eq!((who.account.as_str(), who.user_id.as_str()), ("1", "U"));
    assert_eq!(who.arn, "arn:aws:iam::1:user/a");
}

#[tokio::test]
async fn an_answer_without_an_account_is_nonsense() {
    let server = Server::start([answer("GetCallerIdentity", "<UserId>U</UserId>")]).await;
    let who = sts()
        .get_caller_identity(&at(&server), keys(), soon())
        .await;
    assert_eq!(who.unwrap_err().class, ErrorClass::Nonsense);
}

#[tokio::test]
async fn a_second_factor_is_sent_along() {
    let server = Server::start([answer("AssumeRole", GIVEN)]).await;
    let request = AssumeRole {
        role_arn: "arn:aws:iam::1:role/r".into(),
        session_name: "me".into(),
        external_id: None,
        duration: Some(Duration::from_secs(900)),
        mfa: Some(Mfa {
            serial_number: "arn:aws:iam::1:mfa/me".into(),
            code: Zeroizing::new("123456".into()),
        }),
    };
    let given = sts()
        .assume_role(&at(&server), keys(), &request, soon())
        .await;
    let given = given.unwrap();
    assert_eq!(given.access_key_id(), "ASIA");
    assert!(given.expiry().is_some());
    let asked = server.requests().remove(0);
    assert!(asked.contains("TokenCode=123456") && asked.contains("DurationSeconds=900"));
    assert!(!format!("{request:?}").contains("123456"), "it is a secret");
}

#[tokio::test]
async fn a_web_identity_is_exchanged_unsigned() {
    let server = Server::start([answer("AssumeRoleWithWebIdentity", GIVEN)]).await;
    let request = AssumeRoleWithWebIdentity {
        role_arn: "arn:aws:iam::1:role/r".into(),
        session_name: "me".into(),
        token: Zeroizing::new("jwt".into()),
        duration: None,
    };
    let (sts, target) = (sts(), at(&server));
    let given = sts.assume_role_with_web_identity(&target, &request, soon());
    assert_eq!(given.await.unwrap().session_token(), Some("T"));
    let asked = server.requests().remove(0).to_lowercase();
    assert!(asked.contains("webidentitytoken=jwt"));
    assert!(!asked.contains("authorization:"), "{asked}");
    assert!(!format!("{request:?}").contains("jwt"), "it is a secret");
}

#[tokio::test]
async fn an_unknown_key_is_one_of_credentials() {
    let error = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code>\
        <Message>The security token included in the request is invalid.</Message>\
        </Error></ErrorResponse>";
    let server = Server::start([Reply::Http(403, error.into())]).await;
    let who = sts()
        .get_caller_identity(&at(&server), keys(), soon())
        .await;
    let error = who.unwrap_err();
    assert_eq!(error.class, ErrorClass::BadCredentials);
    assert_eq!(error.code.as_deref(), Some("InvalidClientTokenId"));
}

use super::*;
use crate::aws::http::direct_connector;
use crate::aws::testing::{Reply, Server};
use crate::identity::plan::Origin;

const GIVEN: &str = r#"{"Code": "Success", "AccessKeyId": "ASIA", "SecretAccessKey": "S",
    "Token": "T", "Expiration": "2027-01-15T08:00:00Z"}"#;

fn metadata() -> Metadata {
    Metadata::new(direct_connector(Duration::from_secs(1)))
}

fn ok(body: &str) -> Reply {
    Reply::Http(200, body.into())
}

fn instance(server: &Server, otherwise: Option<Error>) -> InstancePlan {
    InstancePlan {
        endpoint: server.url.clone(),
        origin: Origin::Profile("dev".into()),
        otherwise,
    }
}

fn container(server: &Server, token: Option<&str>) -> ContainerPlan {
    ContainerPlan {
        url: format!("{}/credentials", server.url),
        token: token.map(|token| ContainerToken::Given(Zeroizing::new(token.to_owned()))),
        origin: Origin::Environment,
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[tokio::test]
async fn an_instance_is_asked_for_a_token_a_role_and_its_credentials() {
    let server = Server::start([ok("token"), ok("ops\n"), ok(GIVEN)]).await;
    let credentials = metadata().of_instance(&instance(&server, None)).await;
    let credentials = credentials.unwrap();
    assert_eq!(credentials.access_key_id(), "ASIA");
    assert_eq!(credentials.session_token(), Some("T"));
    let ends = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    assert_eq!(credentials.expiry(), Some(ends));
    let requests = server.requests();
    let begins = |n: usize, line: &str| requests[n].starts_with(line);
    assert!(begins(0, "PUT /latest/api/token "));
    assert!(begins(1, &format!("GET {ROLES} ")));
    assert!(begins(2, &format!("GET {ROLES}ops ")));
    for request in &requests[1..] {
        assert!(
            request.contains("x-aws-ec2-metadata-token: token"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn without_a_role_the_error_is_that_of_a_caller_without_credentials() {
    let otherwise = Error::new(ErrorKind::Credentials, "no AWS credentials were found")
        .why("nothing is exported")
        .hint("run `aws configure`");
    for reply in [Reply::Http(403, String::new()), Reply::Cut, Reply::Hang] {
        let server = Server::start([reply.clone()]).await;
        let plan = instance(&server, Some(otherwise.clone()));
        let error = metadata().of_instance(&plan).await.unwrap_err();
        assert_eq!((error.kind, &error.what), (otherwise.kind, &otherwise.what));
        assert!(error.why.starts_with("nothing is exported; "), "{error:?}");
        assert_eq!(error.hint, otherwise.hint);
        assert_eq!(
            server.requests().len(),
            1,
            "{reply:?}: there is one attempt"
        );
        let error = metadata().of_instance(&instance(&server, None)).await;
        let error = error.unwrap_err();
        assert_eq!(
            error.what,
            "there is no profile dev (role of this instance)"
        );
    }
}

#[tokio::test]
async fn a_container_is_asked_again_only_where_that_may_help() {
    let fails = || Reply::Http(500, String::new());
    let server = Server::start([fails(), fails(), ok(GIVEN)]).await;
    let plan = container(&server, Some("shown"));
    metadata().of_container(&plan, soon()).await.unwrap();
    assert_eq!(server.requests().len(), 3);
    assert!(server.requests()[0].contains("authorization: shown"));

    let server = Server::start([Reply::Http(401, String::new())]).await;
    let plan = container(&server, None);
    let error = metadata().of_container(&plan, soon()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Credentials);
    assert_eq!(server.requests().len(), 1);

    let server = Server::start([fails()]).await;
    let plan = container(&server, None);
    let error = metadata().of_container(&plan, soon()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(server.requests().len(), CONTAINER_ATTEMPTS);
}

#[tokio::test]
async fn an_answer_that_is_none_is_not_shown() {
    for body in ["hunter2", "{\"AccessKeyId\": \"hunter2\"}"] {
        let server = Server::start([ok(body)]).await;
        let plan = container(&server, Some("hunter2\n"));
        let error = metadata().of_container(&plan, soon()).await.unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        let plan = container(&server, None);
        let error = metadata().of_container(&plan, soon()).await.unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

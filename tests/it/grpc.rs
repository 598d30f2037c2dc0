//! The API as general gRPC tools see it: health and reflection on the socket.

use aws_ssm_proto::transport::{Channel, Driver};
use aws_ssm_tests::harness::TestDaemon;
use futures_util::stream;
use http::Uri;
use tokio::net::UnixStream;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

const ORIGIN: &str = "http://localhost";

async fn connect(daemon: &TestDaemon) -> (Channel, Driver) {
    let socket = UnixStream::connect(daemon.home.endpoint().socket).await;
    Channel::open(socket.expect("it listens"))
        .await
        .expect("HTTP/2")
}

async fn reflect(channel: &Channel, question: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let mut client = ServerReflectionClient::with_origin(channel.clone(), Uri::from_static(ORIGIN));
    let answer = client.server_reflection_info(stream::iter([request])).await;
    let mut answers = answer.expect("it reflects").into_inner();
    let answer = answers.message().await.expect("an answer").expect("one");
    answer.message_response.expect("it says something")
}

#[tokio::test]
async fn health_says_that_it_serves_for_everything_that_it_serves() {
    let daemon = TestDaemon::start("").await;
    let (channel, driver) = connect(&daemon).await;
    let mut client = HealthClient::with_origin(channel, Uri::from_static(ORIGIN));
    for service in [
        "",
        "aws_ssm.v1.Inventory",
        "aws_ssm.v1.Control",
        "aws_ssm.v1.Configuration",
    ] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let answer = client.check(request).await.expect("an answer").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service:?}");
    }
    let unknown = HealthCheckRequest {
        service: "nonesuch".to_owned(),
    };
    let status = client.check(unknown).await.expect_err("unknown");
    assert_eq!(status.code(), tonic::Code::NotFound);
    drop((client, driver));
    daemon.stop().await;
}

#[tokio::test]
async fn reflection_lists_the_services_and_describes_them() {
    let daemon = TestDaemon::start("").await;
    let (channel, driver) = connect(&daemon).await;
    let listed = reflect(&channel, MessageRequest::ListServices(String::new())).await;
    let MessageResponse::ListServicesResponse(listed) = listed else {
        panic!("{listed:?}");
    };
    let names: Vec<_> = listed
        .service
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    for name in [
        "aws_ssm.v1.Inventory",
        "aws_ssm.v1.Control",
        "aws_ssm.v1.Configuration",
        "grpc.health.v1.Health",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    let symbol = MessageRequest::FileContainingSymbol("aws_ssm.v1.Inventory".to_owned());
    let described = reflect(&channel, symbol).await;
    let MessageResponse::FileDescriptorResponse(described) = described else {
        panic!("{described:?}");
    };
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let described: String = described.file_descriptor_proto.iter().map(text).collect();
    assert!(described.contains("ListInstances"), "{described}");
    drop((channel, driver));
    daemon.stop().await;
}

#[tokio::test]
async fn an_unknown_service_is_unimplemented() {
    let daemon = TestDaemon::start("").await;
    let (mut channel, driver) = connect(&daemon).await;
    let request = http::Request::post("http://localhost/nonesuch.Service/Call")
        .header("content-type", "application/grpc")
        .body(tonic::body::Body::empty())
        .expect("a request");
    use tonic::client::GrpcService;
    let answer = GrpcService::call(&mut channel, request)
        .await
        .expect("an answer");
    assert_eq!(answer.headers()["grpc-status"], "12");
    drop((channel, driver));
    daemon.stop().await;
}

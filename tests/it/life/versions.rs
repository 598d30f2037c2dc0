//! Clients and daemons of different versions.

use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::hello::{self, BUILD_HEADER, PROTOCOL_HEADER, PROTOCOL_MAJOR};
use aws_ssm_proto::transport::Channel;
use aws_ssm_proto::wire;
use aws_ssm_proto::wire::control_client::ControlClient;
use http::Uri;
use tokio::net::UnixStream;
use tonic::{Request, Status};

/// Asks for a hello as a client of another version would.
async fn hello_of(
    endpoint: &Endpoint,
    protocol: &'static str,
    build: &'static str,
) -> Result<wire::HelloResponse, Status> {
    let socket = UnixStream::connect(&endpoint.socket)
        .await
        .expect("a daemon");
    let (channel, _driver) = Channel::open(socket).await.expect("a connection");
    let mut client = ControlClient::with_origin(channel, Uri::from_static("http://aws-ssmd"));
    let mut request = Request::new(wire::HelloRequest {});
    hello::announce(request.metadata_mut());
    for (header, value) in [(PROTOCOL_HEADER, protocol), (BUILD_HEADER, build)] {
        let value = value.parse().expect("a header");
        request.metadata_mut().insert(header, value);
    }
    client.hello(request).await.map(tonic::Response::into_inner)
}

/// A client of a version that is yet to come, of the same protocol.
pub async fn a_newer_client_calls(endpoint: &Endpoint) {
    let protocol = "1.999";
    assert!(protocol.starts_with(&format!("{PROTOCOL_MAJOR}.")));
    let answer = hello_of(endpoint, protocol, "999.0.0").await;
    answer.expect("the older daemon serves it");
}

//! Clients of other versions, as far as a daemon can tell.

use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::hello::{self, BUILD_HEADER, PROTOCOL_HEADER, PROTOCOL_MAJOR};
use aws_ssm_proto::transport::Channel;
use aws_ssm_proto::wire;
use aws_ssm_proto::wire::control_client::ControlClient;
use http::Uri;
use tokio::net::UnixStream;
use tonic::{Request, Status};

/// Asks for a hello as a client of another version would.
///
/// # Errors
///
/// What the daemon says to that.
///
/// # Panics
///
/// If whoever listens is no daemon.
pub async fn hello_of(
    endpoint: &Endpoint,
    protocol: &'static str,
    build: &'static str,
) -> Result<wire::HelloResponse, Status> {
    let socket = UnixStream::connect(&endpoint.socket).await?;
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
pub const NEWER: (&str, &str) = ("1.999", "999.0.0");

/// It calls, and is served.
///
/// # Panics
///
/// If it is not.
pub async fn a_newer_client_calls(endpoint: &Endpoint) {
    let (protocol, build) = NEWER;
    assert!(protocol.starts_with(&format!("{PROTOCOL_MAJOR}.")));
    let answer = hello_of(endpoint, protocol, build).await;
    answer.expect("the older daemon serves it");
}

//! Daemons that are none, or of another time: what a client makes of them.

use std::convert::Infallible;
use std::os::unix::fs::DirBuilderExt;
use std::time::SystemTime;

use aws_ssm_proto::domain::Hello;
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::hello::PROTOCOL_MAJOR;
use aws_ssm_proto::wire;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::stage::{Stage, assert_refused, sorted};

/// Listens where the daemon would, and treats every caller in one way.
pub fn pretend<F, Fut>(endpoint: &Endpoint, treat: F) -> JoinSet<()>
where
    F: Fn(UnixStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let mut dirs = std::fs::DirBuilder::new();
    dirs.recursive(true)
        .mode(0o700)
        .create(endpoint.run_dir())
        .expect("a directory");
    let listener = UnixListener::bind(&endpoint.socket).expect("a socket");
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut callers = JoinSet::new();
        loop {
            let (caller, _) = listener.accept().await.expect("callers");
            callers.spawn(treat(caller));
        }
    });
    tasks
}

/// A daemon of protocol 2, which understands nothing of what we say.
pub async fn speak_another_protocol(caller: UnixStream) {
    let answer = service_fn(|_| async {
        let answer = Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", "9")
            .header("aws-ssm-protocol", "2.0")
            .header("aws-ssm-build", "9.8.7");
        Ok::<_, Infallible>(answer.body(Empty::<Bytes>::new()).expect("an answer"))
    });
    let serving = http2::Builder::new(TokioExecutor::new());
    let _ = serving.serve_connection(TokioIo::new(caller), answer).await;
}

/// A daemon of an older build, which says so and knows nothing else.
pub async fn speak_of_an_older_build(caller: UnixStream) {
    let answer = service_fn(|request: Request<Incoming>| async move {
        let knows = request.uri().path().ends_with("/Hello");
        let hello = Hello {
            protocol_major: PROTOCOL_MAJOR,
            protocol_minor: 0,
            build: OLDER.to_owned(),
            pid: std::process::id(),
            started_at: SystemTime::now(),
        };
        // No flags, the length, the message: a frame of gRPC.
        let message = wire::HelloResponse::from(&hello).encode_to_vec();
        let length = u32::try_from(message.len()).expect("a short message");
        let frame = [&[0], &length.to_be_bytes()[..], &message].concat();
        let frames = knows.then(|| Frame::data(Bytes::from(frame)));
        let code = HeaderValue::from_static(if knows { "0" } else { "12" });
        let trailers = HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), code)]);
        let frames = frames.into_iter().chain([Frame::trailers(trailers)]);
        let body = StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)));
        let answer = Response::builder().header("content-type", "application/grpc");
        Ok::<_, Infallible>(answer.body(body).expect("an answer"))
    });
    let serving = http2::Builder::new(TokioExecutor::new());
    let _ = serving.serve_connection(TokioIo::new(caller), answer).await;
}

/// A build before any that there was.
pub const OLDER: &str = "0.0.1";

#[tokio::test]
async fn a_daemon_of_another_protocol_is_told_with_both_versions() {
    let stage = Stage::new().await;
    let mut daemon = pretend(&stage.programs.home.endpoint(), speak_another_protocol);
    for arguments in [
        &["list"][..],
        &["whoami"],
        &["daemon", "status"],
        &["cache", "show"],
    ] {
        let finished = stage.run(arguments).await;
        assert_refused(&finished, 6, &["2.0", "9.8.7", "update aws-ssm"]);
    }
    let alone = stage.done(&["list", "--no-daemon", "-o", "ids"]).await;
    assert_eq!(sorted(alone.lines()), stage.listed());
    daemon.shutdown().await;
}

#[tokio::test]
async fn whoever_takes_connections_and_says_nothing_is_done_without() {
    let stage = Stage::new().await;
    let mut daemon = pretend(&stage.programs.home.endpoint(), |caller| async move {
        std::future::pending::<()>().await;
        drop(caller);
    });
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    assert!(list.stderr.contains("daemon restart"), "{list:?}");
    for command in ["status", "stats", "stop"] {
        let finished = stage.run(&["daemon", command, "--timeout", "1s"]).await;
        assert_refused(&finished, 6, &["did not answer"]);
    }
    daemon.shutdown().await;
}

#[tokio::test]
async fn whoever_speaks_something_else_is_no_daemon() {
    let stage = Stage::new().await;
    let mut daemon = pretend(&stage.programs.home.endpoint(), |mut caller| async move {
        let _ = caller.write_all(b"220 mail.example.com ESMTP\r\n").await;
    });
    for arguments in [&["list"][..], &["daemon", "status"]] {
        let arguments = [arguments, &["--timeout", "20s"]].concat();
        assert_refused(&stage.run(&arguments).await, 6, &["daemon"]);
    }
    daemon.shutdown().await;
}

#[tokio::test]
async fn whoever_hangs_up_at_once_is_no_daemon() {
    let stage = Stage::new().await;
    let mut daemon = pretend(&stage.programs.home.endpoint(), |caller| async move {
        drop(caller)
    });
    let list = stage.run(&["list", "--timeout", "20s"]).await;
    assert_refused(&list, 6, &["daemon"]);
    daemon.shutdown().await;
}

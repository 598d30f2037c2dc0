//! Clients and daemons of different versions.

use aws_ssm_proto::Client;
use aws_ssm_proto::endpoint::{Endpoint, EndpointSettings};
use aws_ssm_proto::hello::PROTOCOL_MAJOR;
use aws_ssm_proto::launch::lock_holder;
use aws_ssm_tests::harness::{PATIENCE, a_newer_client_calls, hello_of};
use tokio::net::UnixStream;
use tokio::time::Instant;
use tonic::Code;

use crate::stage::{Stage, eventually, sorted};

#[tokio::test]
async fn daemons_of_two_protocol_majors_serve_side_by_side() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let ours = stage.programs.home.endpoint();
    let home = stage.programs.home.path();
    let settings = EndpointSettings {
        aws_ssm_home: Some(home.to_owned()),
        home: home.to_owned(),
        run_user: None,
        hostname: String::new(),
    };
    let theirs = Endpoint::resolve_for(&settings, PROTOCOL_MAJOR + 1);
    assert!(theirs.socket.ends_with("v2.sock"));
    let config = aws_ssmd::Config::load(None, &[], |_| None).expect("a configuration");
    let other = tokio::spawn(aws_ssmd::run(config, theirs.clone()));
    eventually("the other daemon", || theirs.socket.exists()).await;
    assert_ne!(
        lock_holder(&ours).expect("held"),
        lock_holder(&theirs).expect("held"),
    );
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());

    let socket = UnixStream::connect(&theirs.socket).await.expect("a daemon");
    let client = Client::over(socket, Instant::now() + PATIENCE).await;
    let client = client.expect("a client");
    client.hello().await.expect("an answer");
    stage.done(&["daemon", "stop"]).await;
    client
        .hello()
        .await
        .expect("it does not end with the first");
    client.shutdown(true).await.expect("it agrees");
    other
        .await
        .expect("it does not panic")
        .expect("it ends well");
}

#[tokio::test]
async fn a_client_that_is_older_than_the_daemon_is_served_and_changes_nothing() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let endpoint = stage.programs.home.endpoint();
    let daemon = lock_holder(&endpoint).expect("held");
    let answer = hello_of(&endpoint, "1.0", "0.0.1").await;
    assert_eq!(Some(answer.expect("an answer").pid), daemon);
    stage.done(&["daemon", "status"]).await;
    stage.done(&["daemon", "stop"]).await;
    let log = std::fs::read_to_string(&endpoint.log).expect("a log");
    assert!(!log.contains("newer program"), "{log}");
}

#[tokio::test]
async fn an_older_daemon_makes_room_once_however_many_newer_clients_call() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let endpoint = stage.programs.home.endpoint();
    let old = lock_holder(&endpoint).expect("held");
    // Somebody is connected, so that it cannot end at the first.
    let staying = UnixStream::connect(&endpoint.socket)
        .await
        .expect("a daemon");
    for _ in 0..20 {
        a_newer_client_calls(&endpoint).await;
    }
    drop(staying);
    eventually("its place", || !endpoint.socket.exists()).await;
    stage.done(&["daemon", "start"]).await;
    assert_ne!(lock_holder(&endpoint).expect("held"), old);
    stage.done(&["daemon", "stop"]).await;
    let log = std::fs::read_to_string(&endpoint.log).expect("a log");
    assert_eq!(
        log.matches("a newer program takes over").count(),
        1,
        "{log}"
    );
}

#[tokio::test]
async fn a_client_of_another_protocol_major_is_refused_and_the_daemon_stays() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let endpoint = stage.programs.home.endpoint();
    let daemon = lock_holder(&endpoint).expect("held");
    let refused = hello_of(&endpoint, "2.0", "9.8.7")
        .await
        .expect_err("refused");
    assert_ne!(refused.code(), Code::Ok);
    assert!(refused.message().contains("do not understand"), "{refused}");
    stage.done(&["list"]).await;
    assert_eq!(lock_holder(&endpoint).expect("held"), daemon);
}

//! Callers who misbehave: their connection ends, and nobody else notices.

use std::iter::repeat_n;

use aws_ssm_proto::domain::{Column, ErrorKind, Freshness, ListQuery};
use aws_ssm_tests::harness::{TestDaemon, list_ids};
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::stage::{REGION, Stage, first_caller, listed, sandbox, sorted};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[tokio::test]
async fn bad_bytes_end_their_connection_and_no_other() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let socket = daemon.home.endpoint().socket;
    let caller = first_caller(&sandbox);
    let client = daemon.client().await;
    let noise: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let frame_of_16_mib = [PREFACE, &[0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]].concat();
    let wrong: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &noise,
        &[PREFACE, &noise[..]].concat(),
        &frame_of_16_mib,
        &[0; 64],
        b"",
    ];
    for bytes in wrong {
        let mut peer = UnixStream::connect(&socket).await.expect("it listens");
        // It may hang up before it has read everything.
        let _ = peer.write_all(bytes).await;
        let _ = peer.shutdown().await;
        let mut rest = Vec::new();
        let _ = peer.read_to_end(&mut rest).await;
        let (ids, _) = list_ids(&client, &caller, ListQuery::default())
            .await
            .expect("a list");
        assert_eq!(sorted(ids), listed(&sandbox, 0, REGION));
    }
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn an_oversized_question_is_refused_and_the_next_is_answered() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let targets: Vec<String> = repeat_n("x".repeat(1 << 20), 8).collect();
    let error = client
        .resolve(&caller, &targets, &[Column::Id], Freshness::Configured)
        .await;
    let error = error.expect_err("refused");
    assert!(
        !error.what.is_empty() && !error.why.is_empty() && !error.hint.is_empty(),
        "{error:?}"
    );
    let (ids, _) = list_ids(&client, &caller, ListQuery::default())
        .await
        .expect("a list");
    assert_eq!(sorted(ids), listed(&sandbox, 0, REGION));
    drop(client);
    daemon.stop().await;
}

#[tokio::test]
async fn a_crowd_that_never_speaks_holds_up_neither_answers_nor_the_end() {
    let stage = Stage::new().await;
    stage.done(&["daemon", "start"]).await;
    let socket = stage.programs.home.endpoint().socket;
    let silent = join_all((0..300).map(|_| UnixStream::connect(&socket))).await;
    assert!(silent.iter().all(Result::is_ok));
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    stage.done(&["daemon", "stop"]).await;
    drop(silent);
}

#[tokio::test]
async fn callers_who_hang_up_in_the_middle_leave_nothing_open() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let caller = first_caller(&sandbox);
    for _ in 0..20 {
        let client = daemon.client().await;
        let query = ListQuery::default();
        let list = client.list_instances(&caller, &query);
        let _ = tokio::time::timeout(std::time::Duration::ZERO, list).await;
    }
    let watcher = daemon.client().await;
    loop {
        // Only the watcher's own is left in the end; the harness bounds the wait.
        if watcher.status().await.expect("it lives").connections == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    drop(watcher);
    daemon.stop().await;
}

/// What the wire allows and no client of ours sends.
#[tokio::test]
async fn questions_that_make_no_sense_are_usage_errors() {
    let sandbox = sandbox().await;
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let nobody = aws_ssm_proto::domain::Caller::default();
    let error = client.whoami(&nobody).await.expect_err("refused");
    assert!(
        matches!(error.kind, ErrorKind::Usage | ErrorKind::Credentials),
        "{error:?}"
    );
    let caller = first_caller(&sandbox);
    let none = client
        .resolve(&caller, &[], &[Column::Id], Freshness::Configured)
        .await;
    assert_eq!(none.expect("nothing").instances().count(), 0);
    drop(client);
    daemon.stop().await;
}

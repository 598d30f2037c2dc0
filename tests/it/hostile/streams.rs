//! Streams that hold what they are given: questions that never end, answers that
//! nobody reads.

use aws_ssm_proto::domain::{Column, ListQuery, Sort, SortKey};
use aws_ssm_tests::sandbox::SandboxConfig;
use bytes::Bytes;
use futures_util::future::join_all;
use h2::SendStream;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request};
use tokio::task::JoinSet;

use super::{Scene, client};
use crate::stage::{REGION, Stage, small};

/// A connection whose streams are opened by hand.
struct Peer {
    h2: SendRequest<Bytes>,
    /// Owns the task that drives the connection.
    _driver: JoinSet<Result<(), h2::Error>>,
}

impl Peer {
    async fn new(scene: &Scene) -> Self {
        let (h2, connection) = h2::client::handshake(scene.connect().await)
            .await
            .expect("HTTP/2");
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Self {
            h2,
            _driver: driver,
        }
    }

    async fn ask(&mut self, method: &str) -> (ResponseFuture, SendStream<Bytes>) {
        let question = Request::post(format!("http://localhost/aws_ssm.v1.{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .expect("a request");
        let mut h2 = self.h2.clone().ready().await.expect("it takes streams");
        h2.send_request(question, false).expect("it is asked")
    }

    /// How many streams the daemon lets this connection have at once.
    async fn room(&mut self) -> usize {
        // With an answer its settings have come as well.
        let (answer, mut question) = self.ask("Control/Hello").await;
        question
            .send_data(message(&[], 0), true)
            .expect("it is asked");
        answer.await.expect("it answers");
        self.h2.current_max_send_streams()
    }
}

/// A message in its frame, with the length that is claimed.
fn message(content: &[u8], claimed: usize) -> Bytes {
    let claimed = u32::try_from(claimed).expect("lengths have 32 bits");
    [&[0][..], &claimed.to_be_bytes(), content].concat().into()
}

/// The largest question that is read.
const LARGEST: usize = 256 << 10;

/// What an answer of errors says: its status and its words.
fn status(headers: &HeaderMap) -> (String, String) {
    let text = |name| {
        let value = headers.get(name).map(|value| value.to_str());
        value.and_then(Result::ok).unwrap_or_default().to_owned()
    };
    (text("grpc-status"), text("grpc-message"))
}

#[tokio::test]
async fn questions_that_never_end_hold_up_nobody_and_no_stop() {
    let scene = Scene::new().await;
    let mut held = Vec::new();
    let mut peer = Peer::new(&scene).await;
    let room = peer.room().await;
    assert!(room <= 100, "{room} streams");
    for _ in 0..room {
        let (answer, mut question) = peer.ask("Inventory/ListInstances").await;
        // All but the last byte of what may be asked.
        let words = vec![b'x'; LARGEST - 1];
        question
            .send_data(message(&words, LARGEST), false)
            .expect("it is sent");
        held.push((answer, question));
    }
    scene.others_are_answered().await;
    scene.stays_small("questions without end").await;
    scene.ends_well().await;
    drop((held, peer));
}

#[tokio::test]
async fn a_message_beyond_the_bound_is_refused_by_the_length_it_claims() {
    let scene = Scene::new().await;
    let mut peer = Peer::new(&scene).await;
    for method in [
        "Inventory/ListInstances",
        "Control/Hello",
        "Configuration/CheckConfig",
    ] {
        for claimed in [u32::MAX as usize, 1 << 31, (2 << 20) + 1] {
            let (answer, mut question) = peer.ask(method).await;
            question
                .send_data(message(b"the first words", claimed), false)
                .expect("it is sent");
            let answer = answer.await.expect("an answer");
            let (code, words) = status(answer.headers());
            assert_eq!(code, "11", "{method} {claimed}: {words}");
        }
    }
    scene.others_are_answered().await;
    scene.stays_small("messages beyond the bound").await;
    scene.ends_well().await;
}

#[tokio::test]
async fn a_message_that_is_none_is_refused_and_the_next_is_answered() {
    let scene = Scene::new().await;
    let mut peer = Peer::new(&scene).await;
    let cases = [
        ("not protobuf", message(&[0xff; 32], 32), "13"),
        ("shorter than it says", message(&[], 10), "13"),
        (
            "compressed by a way that nobody named",
            [&[1][..], &message(&[], 0)[1..]].concat().into(),
            "13",
        ),
        ("nothing at all", Bytes::new(), "13"),
    ];
    for (what, bytes, expected) in cases {
        let (answer, mut question) = peer.ask("Inventory/ListInstances").await;
        question.send_data(bytes, true).expect("it is sent");
        let answer = answer.await.expect("an answer");
        let (code, words) = status(answer.headers());
        assert_eq!(code, expected, "{what}: {words}");
        scene.others_are_answered().await;
    }
    scene.ends_well().await;
}

/// Each has asked for an answer of megabytes that nobody else has, and takes none of it.
#[tokio::test]
async fn readers_who_never_read_cost_no_more_than_others_notice() {
    let fleet = SandboxConfig::fleet_size(small(), 0, REGION, 3000);
    let stage = Stage::with(fleet).await;
    stage.done(&["daemon", "start"]).await;
    let scene = Scene::of(stage).await;
    let reader = client(&scene.stage).await;
    let asked = (0..100).map(|number| {
        let query = ListQuery {
            columns: Column::all().collect(),
            all_states: true,
            sort: Sort::By(vec![SortKey {
                column: Column::State,
                descending: number % 2 == 0,
            }]),
            ..ListQuery::default()
        };
        let (reader, caller) = (&reader, &scene.caller);
        async move { reader.list_instances(caller, &query).await }
    });
    let unread = join_all(asked).await;
    for list in &unread {
        assert!(list.is_ok(), "{list:?}");
    }
    scene.others_are_answered().await;
    scene.stays_small("answers that nobody reads").await;
    drop((unread, reader));
    scene.ends_well().await;
}

//! Callers who mean harm, as a broken program of the same user may: their connection
//! ends or waits, everybody else is answered, and the daemon stays as large as it was.

mod connections;
mod floods;
mod questions;
mod streams;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, ListQuery};
use aws_ssm_tests::harness::{PATIENCE, list_ids};
use tokio::net::UnixStream;
use tokio::time::Instant;

use crate::stage::{Stage, first_caller, sorted};

/// More than the daemon keeps for any one connection, whatever comes over it.
const MOST_GROWTH: u64 = 48 << 20;

/// A daemon that is a process of its own, and one of its well-behaved callers.
struct Scene {
    stage: Stage,
    caller: Caller,
    witness: Client,
    /// Bytes resident after the first answer.
    before: u64,
}

impl Scene {
    async fn new() -> Self {
        let stage = Stage::new().await;
        stage.done(&["daemon", "start"]).await;
        Self::of(stage).await
    }

    /// With the daemon that runs on this stage.
    async fn of(stage: Stage) -> Self {
        let witness = client(&stage).await;
        let mut scene = Self {
            caller: first_caller(&stage.sandbox),
            stage,
            witness,
            before: 0,
        };
        scene.others_are_answered().await;
        scene.before = scene.resident().await;
        scene
    }

    async fn connect(&self) -> UnixStream {
        connect(&self.stage).await
    }

    /// On the old connection and on new ones, every answer whole.
    async fn others_are_answered(&self) {
        let expected = self.stage.listed();
        for _ in 0..10 {
            let newcomer = client(&self.stage).await;
            for client in [&self.witness, &newcomer] {
                let list = list_ids(client, &self.caller, ListQuery::default()).await;
                assert_eq!(sorted(list.expect("a list").0), expected);
            }
        }
    }

    async fn resident(&self) -> u64 {
        self.witness.metrics().await.expect("stats").memory.resident
    }

    async fn stays_small(&self, what: &str) {
        let grown = self.resident().await.saturating_sub(self.before);
        assert!(grown < MOST_GROWTH, "{what}: {} MiB more", grown >> 20);
    }

    /// The daemon is the same one as before, and ends when it is asked to.
    async fn ends_well(self) {
        let Self { stage, witness, .. } = self;
        let pid = witness.status().await.expect("it lives").hello.pid;
        drop(witness);
        assert_eq!(stage.programs.daemon_pid().await, Some(pid));
        stage.done(&["daemon", "stop"]).await;
    }
}

async fn connect(stage: &Stage) -> UnixStream {
    let socket = stage.programs.home.endpoint().socket;
    UnixStream::connect(socket).await.expect("it listens")
}

async fn client(stage: &Stage) -> Client {
    let deadline = Instant::now() + PATIENCE;
    let client = Client::over(connect(stage).await, deadline).await;
    client.expect("it answers")
}

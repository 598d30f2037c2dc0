//! One moto for all tests of this process, filled once and then only read.
//!
//! It ends when this process does, however that ends: it reads a pipe whose other
//! end is here.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use aws_ssm_proto::domain::Caller;
use aws_ssm_tests::harness::{Programs, export_keys, stranger};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::OnceCell;

use super::judge::Question;
use super::python::{Python, directory, python};

/// Importing moto takes seconds where others use the machine too.
const TO_START: Duration = Duration::from_secs(60);

const KEY: &str = "AKIAORACLEORACLE0000";
const SECRET: &str = "moto looks at no signature";
/// moto takes a role's account for the caller's.
pub(super) const OTHER_ROLE: &str = "arn:aws:iam::210987654321:role/ops";
pub(super) const HOME: &str = "us-east-1";
pub(super) const AWAY: &str = "eu-central-1";

/// A running moto with its fleets.
#[derive(Debug)]
pub(super) struct Moto {
    pub(super) python: &'static Python,
    pub(super) endpoint: String,
    /// The ids that seeding gave out.
    pub(super) fleets: Fleets,
    _server: Child,
}

/// What was launched, in this order.
#[derive(Debug, Deserialize)]
pub(super) struct Fleets {
    pub(super) home: Vec<String>,
    pub(super) away: Vec<String>,
    pub(super) other: Vec<String>,
}

/// The moto of this process; `None` where tests that need Python are skipped.
pub(super) async fn moto() -> Option<&'static Moto> {
    static MOTO: OnceCell<Moto> = OnceCell::const_new();
    let python = python().await?;
    Some(MOTO.get_or_init(|| Moto::start(python)).await)
}

impl Moto {
    async fn start(python: &'static Python) -> Self {
        let log = directory().join("oracle-moto.log");
        let mut server = python
            .script(&["serve.py"])
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .expect("Python runs");
        let stdout = server.stdout.take().expect("a pipe was asked for");
        let first_line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let line = tokio::time::timeout(TO_START, first_line).await;
        let line = line
            .expect("moto starts")
            .expect("no panic")
            .expect("a line");
        let endpoint = line.trim_end().to_owned();
        assert!(endpoint.starts_with("http"), "see {}", log.display());
        let request = json!({"endpoint": endpoint, "keys": keys(), "role": OTHER_ROLE});
        let fleets = python.ask(&["seed.py"], &request).await;
        Self {
            python,
            endpoint,
            fleets,
            _server: server,
        }
    }

    /// The programs with moto as their AWS, and small pages.
    pub(super) fn programs(&self) -> Programs {
        let programs = super::judge::programs()
            .with("AWS_ENDPOINT_URL", &self.endpoint)
            .with("AWS_ACCESS_KEY_ID", KEY)
            .with("AWS_SECRET_ACCESS_KEY", SECRET)
            .with("AWS_REGION", HOME);
        let config = "performance:\n  streaming_page_size: 20\n";
        programs.home.write("config.yaml", config);
        programs
    }

    /// What boto3 signs with.
    pub(super) fn keys(&self) -> serde_json::Value {
        keys()
    }

    /// A caller with the keys of its account.
    pub(super) fn caller(&self) -> Caller {
        let mut caller = stranger(&self.endpoint, &[HOME]);
        export_keys(&mut caller, KEY, SECRET);
        caller
    }

    /// A question to boto3 about a region of this moto.
    pub(super) fn question(&self, label: &str, region: &str) -> Question {
        Question::new(label, &self.endpoint, region, keys())
    }
}

fn keys() -> serde_json::Value {
    json!({"id": KEY, "secret": SECRET})
}

//! What boto3 is asked, what it says, and the comparison with what was printed.

use std::collections::{BTreeMap, BTreeSet};

use aws_ssm_tests::harness::{Finished, Programs};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::python::Python;

/// A row as JSON has it.
pub(super) type Row = Map<String, Value>;

/// Every column, by the names that are typed.
pub(super) const EVERY_COLUMN: &str = "name,id,state,type,private-ip,az,ssm,public-ip,private-dns,public-dns,\
    vpc,subnet,sg,image,platform,arch,lifecycle,launched,key,profile,account,region,agent,\
    agent-version,tags";

/// Two answers may be so many seconds apart in when an agent was last heard of:
/// agents that are online call every five minutes.
const HEARTBEAT: i64 = 600;

/// A question to `describe.py`.
#[derive(Debug, Serialize)]
pub(super) struct Question {
    label: String,
    endpoint: String,
    region: String,
    keys: Value,
    role: Option<String>,
    page_size: u32,
    filters: Value,
    agents: bool,
    account: bool,
}

/// What boto3 describes.
#[derive(Debug, Deserialize)]
pub(super) struct Described {
    pub(super) pages: usize,
    /// In the order of the server.
    pub(super) rows: Vec<Row>,
    /// The ids by name, then id.
    pub(super) sorted: Vec<String>,
    /// What STS says; for questions about the account.
    #[serde(default)]
    pub(super) identity: BTreeMap<String, String>,
    /// What DescribeRegions says; for questions about the account.
    #[serde(default)]
    pub(super) regions: Vec<Row>,
}

impl Question {
    pub(super) fn new(label: &str, endpoint: &str, region: &str, keys: Value) -> Self {
        Self {
            label: label.to_owned(),
            endpoint: endpoint.to_owned(),
            region: region.to_owned(),
            keys,
            role: None,
            page_size: 20,
            filters: Value::Array(Vec::new()),
            agents: false,
            account: false,
        }
    }

    /// Asks with the keys of this role.
    pub(super) fn role(mut self, arn: &str) -> Self {
        self.role = Some(arn.to_owned());
        self
    }

    /// Lets the server filter.
    pub(super) fn filters(mut self, filters: Value) -> Self {
        self.filters = filters;
        self
    }

    /// Has the server give so many at a time.
    pub(super) fn in_pages_of(mut self, size: u32) -> Self {
        self.page_size = size;
        self
    }

    /// Asks SSM too.
    pub(super) fn with_agents(mut self) -> Self {
        self.agents = true;
        self
    }

    /// Asks for the identity and the regions too.
    pub(super) fn with_account(mut self) -> Self {
        self.account = true;
        self
    }
}

/// Puts the questions to boto3; the answers by label.
pub(super) async fn describe(
    python: &Python,
    questions: &[Question],
) -> BTreeMap<String, Described> {
    python.ask(&["describe.py"], &questions).await
}

/// The answer to a single question.
pub(super) async fn describe_one(python: &Python, question: Question) -> Described {
    let label = question.label.clone();
    let mut answers = describe(python, &[question]).await;
    answers.remove(&label).expect("each question is answered")
}

/// Both programs, in a new home.
pub(super) fn programs() -> Programs {
    Programs::new(
        env!("CARGO_BIN_EXE_client-under-test"),
        env!("CARGO_BIN_EXE_daemon-under-test"),
    )
}

/// Runs the client, which must succeed.
pub(super) async fn run(programs: &Programs, arguments: &[&str]) -> Finished {
    let finished = programs.run(arguments).await;
    assert_eq!(finished.code(), 0, "{arguments:?}: {}", finished.stderr);
    finished
}

/// Runs the client with `-o json`; the rows it prints.
pub(super) async fn rows(programs: &Programs, arguments: &[&str]) -> Vec<Row> {
    let arguments = [arguments, &["-o", "json"]].concat();
    let printed = run(programs, &arguments).await.stdout;
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

/// The ids of rows, in their order.
pub(super) fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(id).collect()
}

/// The id of a row.
pub(super) fn id(row: &Row) -> &str {
    row["id"].as_str().expect("an id is text")
}

impl Described {
    /// The row of an instance.
    pub(super) fn row(&self, wanted: &str) -> &Row {
        let found = self.rows.iter().find(|row| id(row) == wanted);
        found.unwrap_or_else(|| panic!("boto3 describes no {wanted}"))
    }

    /// All that was printed is what boto3 describes: the same rows, in the
    /// promised order, with the same fields and nothing besides.
    pub(super) fn assert_printed(&self, printed: &[Row]) {
        assert_eq!(ids(printed), self.sorted);
        for row in printed {
            self.assert_row(row);
        }
    }

    /// One printed row is what boto3 describes.
    pub(super) fn assert_row(&self, printed: &Row) {
        let id = id(printed);
        let expected = self.row(id);
        let names = |row: &Row| row.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(printed), names(expected), "fields of {id}");
        for (field, value) in printed {
            let expected = &expected[field];
            let same = value == expected || field == "agent" && about_the_same(value, expected);
            assert!(same, "{field} of {id}: {value}, not {expected}");
        }
    }
}

fn about_the_same(one: &Value, other: &Value) -> bool {
    let second = |value: &Value| {
        let time: Timestamp = value.as_str()?.parse().ok()?;
        Some(time.as_second())
    };
    match (second(one), second(other)) {
        (Some(one), Some(other)) => (one - other).abs() <= HEARTBEAT,
        _ => false,
    }
}

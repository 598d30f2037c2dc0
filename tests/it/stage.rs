//! What a journey begins with: a sandbox with two accounts, both programs in a
//! home, and the first account's keys exported. Also how tests wait and judge.

use std::time::Duration;

use aws_ssm_proto::domain::Caller;
use aws_ssm_tests::harness::{Finished, PATIENCE, Programs, caller};
use aws_ssm_tests::sandbox::{InstanceSummary, Sandbox, SandboxConfig, State};
use serde_json::Value;
use tokio::time::Instant;

/// Where the fleets of these tests are.
pub const REGION: &str = "eu-west-1";

/// A second region with fleets.
pub const OTHER_REGION: &str = "us-east-1";

/// Between two looks at something that happens elsewhere.
const POLL: Duration = Duration::from_millis(5);

/// See the module.
#[derive(Debug)]
pub struct Stage {
    pub sandbox: Sandbox,
    pub programs: Programs,
}

/// Two accounts with small fleets in two regions.
pub fn small() -> SandboxConfig {
    SandboxConfig {
        regions: vec![REGION.to_owned(), OTHER_REGION.to_owned()],
        instances: 60,
        ..SandboxConfig::default()
    }
}

/// A sandbox with two accounts and small fleets in two regions.
pub async fn sandbox() -> Sandbox {
    Sandbox::start(small()).await.expect("a sandbox")
}

/// What makes a daemon tell all it can.
pub const LOG_LEVEL: &str = "AWS_SSM_DAEMON_LOG_LEVEL";

/// Both programs in an empty home, without any AWS settings. The daemon tells all it
/// can: what it tells is searched for secrets when the home goes.
pub fn programs() -> Programs {
    Programs::new(
        env!("CARGO_BIN_EXE_client-under-test"),
        env!("CARGO_BIN_EXE_daemon-under-test"),
    )
    .with(LOG_LEVEL, "trace")
}

/// A caller with the exported keys of the first account.
pub fn first_caller(sandbox: &Sandbox) -> Caller {
    caller(sandbox, sandbox.account(0), &[REGION])
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(small()).await
    }

    pub async fn with(config: SandboxConfig) -> Self {
        let sandbox = Sandbox::start(config).await.expect("a sandbox");
        let programs = programs().with_account(&sandbox, sandbox.account(0), REGION);
        Self { sandbox, programs }
    }

    /// The daemon of this home will read this configuration.
    pub fn configured(self, config: &str) -> Self {
        self.programs.home.write("config.yaml", config);
        self
    }

    pub async fn run(&self, arguments: &[&str]) -> Finished {
        self.programs.run(arguments).await
    }

    /// Runs a command that must do what it is asked to.
    #[track_caller]
    pub fn done(&self, arguments: &[&str]) -> impl Future<Output = Finished> {
        let caller = std::panic::Location::caller();
        async move {
            let finished = self.run(arguments).await;
            assert_eq!(finished.code(), 0, "{caller}: {arguments:?}: {finished:?}");
            finished
        }
    }

    /// Runs a command and reads the JSON it prints.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> impl Future<Output = Value> {
        let arguments = [arguments, &["-o", "json"]].concat();
        async move {
            let finished = self.done(&arguments).await;
            serde_json::from_str(&finished.stdout).expect("JSON")
        }
    }

    /// The ids that a list of the first account shows, in order of id.
    pub fn listed(&self) -> Vec<String> {
        listed(&self.sandbox, 0, REGION)
    }

    /// How many calls of an operation have arrived.
    pub fn calls(&self, operation: &str) -> u64 {
        self.sandbox.counts().of(operation)
    }

    /// Waits until the daemon has loaded what it loads behind answers.
    pub async fn settled(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let entries = self.json(&["cache", "show"]).await;
            let entries = entries.as_array().expect("rows");
            let idle = entries.iter().all(|entry| entry["refreshing"] == false);
            let has_agents = entries.iter().any(|entry| entry["resource"] == "agents");
            if idle && has_agents {
                return;
            }
            assert!(Instant::now() < deadline, "{entries:?}");
        }
    }
}

/// The instances that a list shows unless it is asked for all, in order of id.
pub fn listed(sandbox: &Sandbox, account: usize, region: &str) -> Vec<String> {
    let account = &sandbox.account(account).id;
    let instances = sandbox.instances(account, region).expect("a fleet");
    let shown =
        |instance: &InstanceSummary| matches!(instance.state, State::Pending | State::Running);
    sorted(
        instances
            .into_iter()
            .filter(shown)
            .map(|instance| instance.id),
    )
}

/// All of them, in order.
pub fn sorted(ids: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    let mut ids: Vec<String> = ids.into_iter().map(Into::into).collect();
    ids.sort();
    ids
}

/// Waits for something that another task or process does.
#[track_caller]
pub fn eventually(what: &str, is_so: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < deadline, "{caller}: never came: {what}");
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Judges a refusal: its exit code, nothing on standard output, and what, why and
/// a hint on standard error, where these words are found.
#[track_caller]
pub fn assert_refused(finished: &Finished, code: i32, words: &[&str]) {
    assert_eq!(finished.code(), code, "{finished:?}");
    assert_eq!(finished.stdout, "", "{finished:?}");
    assert_told(finished, words);
}

/// Judges what standard error says: what, why and a hint in this order, and these
/// words.
#[track_caller]
pub fn assert_told(finished: &Finished, words: &[&str]) {
    let lines: Vec<&str> = finished.stderr.lines().collect();
    let labels = ["error: ", "  why: ", " hint: "];
    let at = lines.iter().position(|line| line.starts_with(labels[0]));
    let told = &lines[at.unwrap_or_else(|| panic!("no error: {finished:?}"))..];
    for (line, label) in told.iter().zip(labels) {
        let said = line.strip_prefix(label);
        assert!(
            said.is_some_and(|said| !said.trim().is_empty()),
            "{label}: {finished:?}"
        );
    }
    assert!(told.len() >= labels.len(), "{finished:?}");
    for word in words {
        assert!(finished.stderr.contains(word), "{word:?}: {finished:?}");
    }
}

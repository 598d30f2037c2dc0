//! What the measurements play on: the sandbox, its fleets, both programs.

use std::path::PathBuf;
use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, Column, ListQuery};
use aws_ssm_tests::harness::{self, PATIENCE, Programs};
use aws_ssm_tests::sandbox::{Account, Sandbox, SandboxConfig, State};
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::{floor, thin_client};

/// A region for each size of fleet. A list of it prints exactly so many rows.
pub const FLEETS: [(usize, &str); 4] = [
    (100, "us-east-1"),
    (1_000, "us-east-2"),
    (10_000, "us-west-1"),
    (50_000, "us-west-2"),
];

/// Data stays fresh for the whole run, the largest fleet is loaded whole, and the
/// agents of all its nodes are known within seconds.
const CONFIGURATION: &str = "\
cache:
  ttl_minutes: 1440
performance:
  streaming_max_items: 100000
  memory_limit_mb: 200
resilience:
  requests_per_second: 10000
  burst: 100000
";

/// See the module.
pub struct Stage {
    /// Serves the sandbox, and the callers inside this process.
    pub runtime: Runtime,
    pub sandbox: Sandbox,
    pub client: PathBuf,
    pub floor: PathBuf,
    quick: bool,
}

impl Stage {
    /// Builds the programs that are measured and starts the sandbox.
    pub fn set(quick: bool) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let regions = FLEETS.map(|(_, region)| region.to_owned());
        let mut config = SandboxConfig {
            regions: regions.into(),
            ..SandboxConfig::default()
        };
        for (size, region) in FLEETS {
            config = config.fleet_size(0, region, size);
        }
        let sandbox = runtime.block_on(Sandbox::start(config)).expect("a sandbox");
        Self {
            runtime,
            sandbox,
            client: thin_client::build(),
            floor: floor::build(),
            quick,
        }
    }

    /// So many, or in quick mode a tenth, but never fewer than two.
    pub fn times(&self, thorough: usize) -> usize {
        if self.quick {
            (thorough / 10).max(2)
        } else {
            thorough
        }
    }

    /// A new home whose callers ask for the fleet of this size, which is there and
    /// rendered.
    pub fn home(&self, size: usize) -> Programs {
        let region = region(size);
        let account = self.sandbox.account(0);
        // Of those that are added, some are stopped at once.
        while let missing @ 1.. = size - self.listed(account, region) {
            let added = self.sandbox.add_instances(&account.id, region, missing);
            added.expect("a fleet");
        }
        self.sandbox.prepare(&account.id, region).expect("a fleet");
        let programs = Programs::new(&self.client, env!("CARGO_BIN_EXE_daemon-under-test"))
            .with_account(&self.sandbox, account, region);
        programs.home.write("config.yaml", CONFIGURATION);
        programs
    }

    /// How many instances a list of a region prints.
    fn listed(&self, account: &Account, region: &str) -> usize {
        let known = self.sandbox.instances(&account.id, region);
        let listed = |state| matches!(state, State::Pending | State::Running);
        let known = known.expect("a fleet").into_iter();
        known.filter(|instance| listed(instance.state)).count()
    }

    /// A home whose daemon knows the fleet, its agents included.
    pub fn warm_home(&self, size: usize) -> Programs {
        let programs = self.home(size);
        run(&programs, &["list"]);
        self.settle(&programs);
        programs
    }

    /// Waits until nothing is being loaded any more.
    pub fn settle(&self, programs: &Programs) {
        let deadline = Instant::now() + PATIENCE;
        self.runtime.block_on(async {
            let client = self.connect(programs).await;
            loop {
                let entries = client.cache().await.expect("an answer");
                let agents_are_known = entries.iter().any(|e| e.resource == "agents");
                if agents_are_known && entries.iter().all(|entry| !entry.refreshing) {
                    return;
                }
                assert!(Instant::now() < deadline, "loads do not end");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }

    /// A connection to the running daemon of a home.
    pub async fn connect(&self, programs: &Programs) -> Client {
        let socket = UnixStream::connect(programs.home.endpoint().socket).await;
        let deadline = Instant::now() + 4 * PATIENCE;
        let client = Client::over(socket.expect("a daemon"), deadline).await;
        client.expect("a daemon")
    }

    /// Who asks from inside this process.
    pub fn caller(&self, size: usize) -> Caller {
        harness::caller(&self.sandbox, self.sandbox.account(0), &[region(size)])
    }

    /// The process of a home's daemon, which runs.
    pub fn daemon_pid(&self, programs: &Programs) -> u32 {
        let pid = self.runtime.block_on(programs.daemon_pid());
        pid.expect("a daemon")
    }
}

/// What the client asks for when nobody names columns.
pub fn default_list() -> ListQuery {
    ListQuery {
        columns: Column::DEFAULT.to_vec(),
        ..ListQuery::default()
    }
}

/// Runs the client, which must succeed; its output.
pub fn run(programs: &Programs, arguments: &[&str]) -> String {
    let finished = programs.run_blocking(arguments);
    assert_eq!(finished.code(), 0, "{arguments:?}: {}", finished.stderr);
    finished.stdout
}

/// Where the fleet of this size is.
pub fn region(size: usize) -> &'static str {
    let fleet = FLEETS.iter().find(|(known, _)| *known == size);
    fleet.expect("a fleet of this size").1
}

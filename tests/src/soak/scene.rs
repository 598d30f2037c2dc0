//! Where it takes place: a local AWS, a home, both programs, and who asks.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::harness::{Finished, Programs};
use crate::sandbox::random::Random;
use crate::sandbox::{Role, Sandbox, SandboxConfig};

use super::known::Known;
use super::leaks;
use super::report::Report;
use super::terminal::{self, Terminal};
use super::truth::{Place, Truth};

/// Where fleets are.
pub(super) const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// Instances of each fleet at first. Never more than a first page has, so that an
/// answer is of one moment.
pub(super) const INSTANCES: usize = 40;

/// How long data is good, `cache.ttl_minutes` below.
pub(super) const TTL: Duration = Duration::from_secs(6);

/// How long it is shown, `cache.stale_threshold_minutes` below.
pub(super) const THRESHOLD: Duration = Duration::from_secs(12);

/// A command that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Times are short, so that entries grow old and breakers open and shut often; the pool
/// is small, so that it is soon as full as it may be.
const CONFIG: &str = "\
performance:
  client_pool_size: 8
cache:
  ttl_minutes: 0.1
  stale_threshold_minutes: 0.2
  keep_warm_minutes: 0.5
resilience:
  failure_threshold: 5
  open_seconds: 2
  half_open_probes: 1
  max_attempts: 2
  attempt_timeout_seconds: 1
  operation_timeout_seconds: 3
  requests_per_second: 1000
  burst: 1000
";

/// See the module.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
    pub(super) programs: Programs,
    pub(super) terminals: Vec<Terminal>,
    pub(super) random: Random,
    pub(super) truth: Truth,
    pub(super) known: Known,
    /// Where the programs are.
    bin: TempDir,
}

impl Scene {
    /// Starts the local AWS and makes the home.
    ///
    /// # Panics
    ///
    /// If there is no room for them.
    pub(super) async fn set(seed: u64) -> Self {
        let config = SandboxConfig {
            seed,
            regions: REGIONS.map(str::to_owned).to_vec(),
            instances: INSTANCES,
            roles: vec![Role::open("ops")],
            ..SandboxConfig::default()
        };
        let sandbox = Sandbox::start(config).await.expect("a local AWS");
        let bin = tempfile::tempdir().expect("a temporary directory");
        let mut scene = Self {
            terminals: terminal::all(&sandbox),
            programs: programs(&sandbox, bin.path()),
            sandbox,
            random: Random::labelled(seed, &["soak"]),
            truth: Truth::default(),
            known: Known::nothing(),
            bin,
        };
        scene.replace_program();
        scene.write_settings("info");
        scene.edit_profile(0);
        for account in [0, 1] {
            for region in REGIONS {
                let place = scene.place(account, region);
                scene.truth.note(&scene.sandbox, &place);
            }
        }
        scene
    }

    /// Where a fleet is.
    pub(super) fn place(&self, account: usize, region: &str) -> Place {
        (self.sandbox.account(account).id.clone(), region.to_owned())
    }

    /// A command of a terminal.
    pub(super) fn command(&self, terminal: usize, arguments: &[String]) -> Command {
        // A limit on the size of files stands for a full disk; a full disk sends no
        // signal.
        let script = "trap '' XFSZ; exec \"$CLIENT\" \"$@\"";
        let mut command = self.programs.shell(script);
        command.arg("aws-ssm").args(arguments);
        command.envs(self.terminals[terminal].variables.iter().cloned());
        command
    }

    /// Runs a command of a terminal; `None` if it does not end.
    pub(super) async fn run(&self, terminal: usize, arguments: &[String]) -> Option<Finished> {
        run(self.command(terminal, arguments)).await
    }

    /// The process of the running daemon.
    pub(super) async fn daemon(&self) -> Option<Pid> {
        let arguments = ["daemon", "status", "-o", "json"].map(str::to_owned);
        let status = self.run(0, &arguments).await?;
        let status: serde_json::Value = serde_json::from_str(&status.stdout).ok()?;
        let row = status.get(0).unwrap_or(&status);
        Pid::from_raw(i32::try_from(row.get("pid")?.as_i64()?).ok()?)
    }

    /// Puts another file of the same program in the daemon's place, as an upgrade does.
    pub(super) fn replace_program(&self) {
        let bin = self.bin.path();
        let this = std::env::current_exe().expect("a program has a file");
        fs::copy(this, bin.join("new")).expect("room for a program");
        fs::rename(bin.join("new"), bin.join("aws-ssmd")).expect("a file can be replaced");
    }

    /// Writes the configuration, with this level for the log.
    pub(super) fn write_settings(&self, level: &str) {
        let text = format!("{CONFIG}daemon:\n  log_level: {level}\n");
        self.programs.home.write("config.yaml", &text);
    }

    /// Lets the edited profile lead to this account from now on.
    pub(super) fn edit_profile(&mut self, account: usize) {
        let home = &self.programs.home;
        home.write(".aws/config", &terminal::config_file(&self.sandbox));
        let credentials = terminal::credentials_file(&self.sandbox, account);
        // At once, as an editor does: nobody reads half of it.
        let new = home.write(".aws/credentials.new", &credentials);
        fs::rename(new, home.path().join(".aws/credentials")).expect("a file can be replaced");
        self.terminals[terminal::EDITED].account = account;
        // All settings are read with these files, so that STS has to be asked again.
        self.known.forget_all();
    }

    /// Leaves the daemon no room to write, or mends that.
    pub(super) fn fill_disk(&mut self, daemon: Pid, is_full: bool) {
        let current = if is_full { Some(4096) } else { None };
        let limits = Rlimit {
            current,
            maximum: None,
        };
        // One that has ended meanwhile needs none.
        let _ = prlimit(Some(daemon), Resource::Fsize, limits);
        match is_full {
            true => self.known.disk_full(),
            false => self.known.disk_mended(),
        }
    }

    /// Waits until no more than so many processes run our programs: one that has said
    /// farewell may need a moment.
    pub(super) async fn wait_for_processes(&self, most: usize, report: &mut Report) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let alive = leaks::processes_below(self.bin.path());
            if alive <= most {
                return;
            }
            if Instant::now() > deadline {
                return report.broken("processes are left", &format!("{alive}, and not {most}"));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends the daemon, and looks at what is left.
    pub(super) async fn strike(self, report: &mut Report) {
        let stop = ["daemon", "stop"].map(str::to_owned);
        match self.run(0, &stop).await {
            Some(stopped) if stopped.code() == 0 => {}
            other => report.broken("the daemon does not stop", &format!("{other:?}")),
        }
        self.wait_for_processes(0, report).await;
        self.sandbox.shutdown().await;
    }
}

/// Runs a command to its end; `None` if it has none.
pub(super) async fn run(command: Command) -> Option<Finished> {
    let mut command = tokio::process::Command::from(command);
    let output = command.kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE, output).await.ok()?;
    Some(output.expect("the program can be run").into())
}

fn programs(sandbox: &Sandbox, bin: &Path) -> Programs {
    let this = std::env::current_exe().expect("a program has a file");
    symlink(this, bin.join("aws-ssm")).expect("an empty directory");
    Programs::new(bin.join("aws-ssm"), bin.join("aws-ssmd"))
        .with("AWS_ENDPOINT_URL", sandbox.endpoint())
        .with("AWS_EC2_METADATA_DISABLED", "true")
}

//! A user with a manager, a local AWS, and both programs in `PATH`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_ssm_proto::endpoint::Endpoint;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use crate::harness::{Finished, PATIENCE, finish};
use crate::sandbox::{Sandbox, SandboxConfig, State};

pub const SOCKET: &str = "aws-ssmd.socket";
pub const SERVICE: &str = "aws-ssmd.service";

const REGION: &str = "eu-west-1";
pub const POLL: Duration = Duration::from_millis(10);

/// No process.
pub const NONE: [u32; 0] = [];

/// See the module.
#[derive(Debug)]
pub struct Stage {
    pub sandbox: Sandbox,
    pub home: PathBuf,
    pub endpoint: Endpoint,
}

impl Stage {
    pub async fn new() -> Self {
        let config = SandboxConfig {
            regions: vec![REGION.to_owned()],
            instances: 40,
            ..SandboxConfig::default()
        };
        let home = std::env::var_os("HOME").expect("a home");
        Self {
            sandbox: Sandbox::start(config).await.expect("a sandbox"),
            home: home.into(),
            endpoint: Endpoint::from_process_environment().expect("an endpoint"),
        }
    }

    /// With the service installed, and its daemon not running.
    pub async fn installed(self) -> Self {
        self.done(&["daemon", "install"]).await;
        self.done(&["daemon", "stop"]).await;
        self.eventually("the daemon's end", || {
            self.property(SERVICE, "ActiveState") == "inactive"
        })
        .await;
        self
    }

    /// A program with the AWS settings of a terminal.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let account = self.sandbox.account(0);
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("AWS_ENDPOINT_URL", self.sandbox.endpoint())
            .env("AWS_ACCESS_KEY_ID", &account.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &account.secret_key)
            .env("AWS_REGION", REGION)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> Finished {
        finish(self.command("aws-ssm", arguments)).await
    }

    /// Runs the client, which must do what it is asked to.
    #[track_caller]
    pub fn done(&self, arguments: &[&str]) -> impl Future<Output = Finished> {
        let caller = std::panic::Location::caller();
        async move {
            let finished = self.run(arguments).await;
            assert_eq!(finished.code(), 0, "{caller}: {arguments:?}: {finished:?}");
            finished
        }
    }

    /// Lists, and judges what is listed.
    #[track_caller]
    pub fn lists(&self) -> impl Future<Output = Finished> {
        let caller = std::panic::Location::caller();
        async move {
            let list = self.run(&["list", "-o", "ids"]).await;
            assert_eq!(list.code(), 0, "{caller}: {list:?}");
            let mut ids = list.lines();
            ids.sort_unstable();
            assert_eq!(ids, self.ids(), "{caller}: {list:?}");
            list
        }
    }

    /// What a list shows.
    fn ids(&self) -> Vec<String> {
        let account = &self.sandbox.account(0).id;
        let fleet = self.sandbox.instances(account, REGION).expect("a fleet");
        let shown = fleet
            .into_iter()
            .filter(|one| matches!(one.state, State::Pending | State::Running));
        let mut ids: Vec<String> = shown.map(|one| one.id).collect();
        ids.sort_unstable();
        ids
    }

    /// The process that answers.
    pub async fn pid(&self) -> u32 {
        let status = self.done(&["daemon", "status", "-o", "json"]).await;
        let status: serde_json::Value = serde_json::from_str(&status.stdout).expect("JSON");
        let pid = status["pid"].as_u64().expect("a process");
        u32::try_from(pid).expect("a process")
    }

    /// Has the user manager do something, which it must do.
    #[track_caller]
    pub fn systemctl(&self, arguments: &[&str]) {
        let output = Command::new("systemctl")
            .arg("--user")
            .args(arguments)
            .output()
            .expect("systemctl");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    /// A property of a unit.
    pub fn property(&self, unit: &str, name: &str) -> String {
        let output = Command::new("systemctl")
            .args(["--user", "show", "--value", "--property", name, unit])
            .output()
            .expect("systemctl");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Adds settings to the service's unit.
    pub fn drop_in(&self, name: &str, text: &str) {
        let units = self.home.join(".config/systemd/user");
        let path = units.join(format!("{SERVICE}.d/{name}.conf"));
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, text).expect("a file");
        self.systemctl(&["daemon-reload"]);
    }

    pub fn configure(&self, text: &str) {
        let dir = self.home.join(".aws-ssm");
        std::fs::create_dir_all(&dir).expect("a directory");
        std::fs::write(dir.join("config.yaml"), text).expect("a file");
    }

    /// The processes of the daemon's program.
    pub fn daemons(&self) -> Vec<u32> {
        let processes = std::fs::read_dir("/proc").expect("processes");
        processes
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid: &u32| {
                let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
                name.is_ok_and(|name| name.trim() == "aws-ssmd")
            })
            .collect()
    }

    /// Every file below the home directory, with what is in it.
    pub fn files(&self) -> HashMap<PathBuf, Vec<u8>> {
        let mut files = HashMap::new();
        collect(&self.home.join(".config"), &mut files);
        files
    }

    pub fn send(&self, pid: u32, signal: Signal) {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process"), signal).expect("our own daemon");
    }

    #[track_caller]
    pub fn eventually(&self, what: &str, is_so: impl Fn() -> bool) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let deadline = Instant::now() + PATIENCE;
            while !is_so() {
                assert!(Instant::now() < deadline, "{caller}: never came: {what}");
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

fn collect(dir: &Path, files: &mut HashMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => collect(&path, files),
            false => {
                files.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
            }
        }
    }
}

/// Judges a refusal: its exit code, nothing on standard output, three parts on standard
/// error, and these words among them.
#[track_caller]
pub fn assert_refused(finished: &Finished, code: i32, words: &[&str]) {
    assert_eq!(finished.code(), code, "{finished:?}");
    assert_eq!(finished.stdout, "", "{finished:?}");
    for word in ["error: ", "  why: ", " hint: "].iter().chain(words) {
        assert!(finished.stderr.contains(word), "{word:?}: {finished:?}");
    }
}

//! Where the demo takes place: a local AWS with two accounts, a temporary home with
//! a profile for each, and both programs by their own names.
//!
//! Invariant: commands see nothing of the environment of whoever runs the demo but
//! `PATH`.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use aws_ssm_proto::domain::Error;
use tempfile::TempDir;
use tokio::process::Command;

use super::failed;
use crate::sandbox::{Account, Sandbox, SandboxConfig};

/// Where both fleets are.
pub(super) const REGION: &str = "us-east-1";
/// Instances of each account.
pub(super) const INSTANCES: usize = 300;
/// How long the local AWS takes for each call, about as the real one does.
pub(super) const LATENCY: Duration = Duration::from_millis(80);
/// The profile of the second account; the first has `default`.
pub(super) const OTHER_PROFILE: &str = "lab";

/// No command takes longer; one that would is broken.
const PATIENCE: Duration = Duration::from_secs(90);

/// Everything that runs and has to be ended.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) sandbox: Sandbox,
    home: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) stdout: String,
    /// The whole process, from start to end.
    pub(super) took: Duration,
}

impl Stage {
    /// Starts the local AWS and makes the home.
    pub(super) async fn set() -> Result<Self, Error> {
        let sandbox = Sandbox::start(SandboxConfig {
            instances: INSTANCES,
            regions: vec![REGION.to_owned()],
            latency_per_call: LATENCY,
            ..SandboxConfig::default()
        });
        let sandbox = sandbox.await;
        let sandbox =
            sandbox.map_err(|error| failed("the local AWS does not start", error.to_string()))?;
        let home = home(&sandbox).map_err(|error| {
            failed("there is no temporary home", error.to_string())
                .hint("make room in /tmp, and let this user write there")
        })?;
        Ok(Self { sandbox, home })
    }

    /// The account of the default profile.
    pub(super) fn account(&self) -> &Account {
        self.sandbox.account(0)
    }

    /// The account of [`OTHER_PROFILE`].
    pub(super) fn other_account(&self) -> &Account {
        self.sandbox.account(1)
    }

    /// Runs a command line to its end, through a shell only if it is a pipeline, so
    /// that the time is the program's own.
    pub(super) async fn run(&self, line: &str) -> Result<Ran, Error> {
        let (output, took) = self.output(line).await.map_err(|why| broken(line, why))?;
        if !output.status.success() {
            let said = text(&output.stderr);
            let said: Vec<&str> = said.lines().map(str::trim).collect();
            let why = format!("{}: {}", output.status, said.join("; "));
            return Err(broken(line, why));
        }
        let stdout = text(&output.stdout);
        Ok(Ran { stdout, took })
    }

    async fn output(&self, line: &str) -> Result<(std::process::Output, Duration), String> {
        let mut command = self.command(line);
        let started = Instant::now();
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = output.map_err(|_| format!("it has not ended after {PATIENCE:?}"))?;
        let output = output.map_err(|error| error.to_string())?;
        Ok((output, started.elapsed()))
    }

    fn command(&self, line: &str) -> Command {
        let mut command = if line.contains('|') {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", line]);
            shell
        } else {
            let mut words = line.split_whitespace();
            let program = words.next().unwrap_or_default();
            let mut command = Command::new(self.bin().join(program));
            command.args(words);
            command
        };
        command
            .env_clear()
            .env("PATH", self.path())
            .env("HOME", self.home.path())
            .env("AWS_SSM_HOME", self.home.path())
            .env("AWS_SSM_DAEMON", self.bin().join("aws-ssmd"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The lines that bring another terminal here.
    pub(super) fn exports(&self) -> String {
        let home = self.home.path().display();
        format!(
            "export PATH={home}/bin:$PATH AWS_SSM_HOME={home} AWS_SSM_DAEMON={home}/bin/aws-ssmd\n\
             export AWS_CONFIG_FILE={home}/.aws/config\n\
             export AWS_SHARED_CREDENTIALS_FILE={home}/.aws/credentials\n\
             unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL\n\
             unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
        )
    }

    /// Ends all there is, the daemon first; it is no mistake if that has ended.
    pub(super) async fn strike(self) -> Result<(), Error> {
        let stopped = self.run("aws-ssm daemon stop --now").await;
        self.sandbox.shutdown().await;
        stopped?;
        let closed = self.home.close();
        closed.map_err(|error| failed("the temporary home stays", error.to_string()))
    }

    fn bin(&self) -> PathBuf {
        self.home.path().join("bin")
    }

    fn path(&self) -> std::ffi::OsString {
        let mut path = self.bin().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        path
    }
}

fn broken(line: &str, why: String) -> Error {
    failed(format!("`{line}` failed"), why)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A short path, because the one of a socket must be.
fn home(sandbox: &Sandbox) -> io::Result<TempDir> {
    let home = tempfile::Builder::new()
        .prefix("aws-ssm-")
        .tempdir_in("/tmp")?;
    let bin = home.path().join("bin");
    fs::create_dir(&bin)?;
    let ourselves = std::env::current_exe()?;
    for name in ["aws-ssm", "aws-ssmd"] {
        symlink(&ourselves, bin.join(name))?;
    }
    write_profiles(&home.path().join(".aws"), sandbox)?;
    Ok(home)
}

/// The files that `aws configure` would write.
fn write_profiles(aws: &Path, sandbox: &Sandbox) -> io::Result<()> {
    let endpoint = sandbox.endpoint();
    let settings = format!("region = {REGION}\nendpoint_url = {endpoint}\n");
    let config = format!("[default]\n{settings}\n[profile {OTHER_PROFILE}]\n{settings}");
    let keys = |profile: &str, account: &Account| {
        format!(
            "[{profile}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            account.access_key, account.secret_key
        )
    };
    let credentials = [
        keys("default", sandbox.account(0)),
        keys(OTHER_PROFILE, sandbox.account(1)),
    ];
    fs::create_dir(aws)?;
    fs::write(aws.join("config"), config)?;
    fs::write(aws.join("credentials"), credentials.join("\n"))
}

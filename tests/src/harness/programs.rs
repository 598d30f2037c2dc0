//! Both programs, run as a person runs them.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};

use super::{Home, PATIENCE, secrets};
use crate::sandbox::{Account, Sandbox};

/// The two programs in one home, with an environment of their own.
#[derive(Debug)]
pub struct Programs {
    /// Their home; its daemon is ended when this is dropped.
    pub home: Home,
    client: PathBuf,
    daemon: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a run left.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// The exit code; 128 and the signal's number for a run that a signal ended.
    #[must_use]
    pub fn code(&self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        let signal = self.status.signal().unwrap_or_default();
        self.status.code().unwrap_or(128 + signal)
    }

    /// The lines of standard output.
    #[must_use]
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

impl From<Output> for Finished {
    /// # Panics
    ///
    /// If a secret was printed.
    fn from(output: Output) -> Self {
        for (stream, bytes) in [("output", &output.stdout), ("error", &output.stderr)] {
            let found = secrets::search(bytes, || format!("standard {stream}"));
            found.unwrap_or_else(|found| panic!("{found}"));
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            status: output.status,
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Programs {
    /// The programs at these paths, in a new home and with no AWS settings at all.
    #[must_use]
    pub fn new(client: impl Into<PathBuf>, daemon: impl Into<PathBuf>) -> Self {
        Self {
            home: Home::new(),
            client: client.into(),
            daemon: daemon.into(),
            variables: Vec::new(),
        }
    }

    /// With a variable in their environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// Puts a variable into their environment, in place of one of this name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.unset(name);
        self.variables.push((name.to_owned(), value.into()));
    }

    /// Takes a variable out of their environment.
    pub fn unset(&mut self, name: &str) {
        self.variables.retain(|(known, _)| known != name);
    }

    /// With the exported keys of an account, a region, and the sandbox as AWS.
    #[must_use]
    pub fn with_account(self, sandbox: &Sandbox, account: &Account, region: &str) -> Self {
        self.with("AWS_ENDPOINT_URL", sandbox.endpoint())
            .with("AWS_ACCESS_KEY_ID", &account.access_key)
            .with("AWS_SECRET_ACCESS_KEY", &account.secret_key)
            .with("AWS_REGION", region)
    }

    /// A run of the client, for those who need more than [`Programs::run`].
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.client);
        self.equip(&mut command);
        command.args(arguments);
        command
    }

    /// A run of the daemon's program, as a service manager or a person starts it.
    pub fn daemon_command<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(&self.daemon);
        self.equip(&mut command);
        command.args(arguments);
        command
    }

    /// A run of a shell script in which `$CLIENT` is the client.
    pub fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        self.equip(&mut command);
        command.env("CLIENT", &self.client).args(["-c", script]);
        command
    }

    /// Gives a program of this home its environment and quiet streams.
    fn equip(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("AWS_SSM_HOME", self.home.path())
            .env("AWS_SSM_DAEMON", &self.daemon)
            // The machine that runs the tests may be an instance with a role.
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// Runs the client to its end. Blocks: in a runtime that also serves the
    /// sandbox, call [`Programs::run`] instead.
    ///
    /// # Panics
    ///
    /// If the program is not there.
    pub fn run_blocking(&self, arguments: &[&str]) -> Finished {
        let output = self.command(arguments).output();
        output.expect("the client can be run").into()
    }

    /// Runs the client to its end.
    ///
    /// # Panics
    ///
    /// If the program is not there, or does not end.
    pub async fn run(&self, arguments: &[&str]) -> Finished {
        finish(self.command(arguments)).await
    }

    /// The process id of the running daemon.
    pub async fn daemon_pid(&self) -> Option<u32> {
        let status = self.run(&["daemon", "status", "-o", "json"]).await;
        let status: serde_json::Value = serde_json::from_str(&status.stdout).ok()?;
        let row = status.get(0).unwrap_or(&status);
        u32::try_from(row.get("pid")?.as_u64()?).ok()
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        // Ends whatever daemon is left, also that of a test that has failed.
        let stop = ["daemon", "stop", "--now", "--timeout", "10s"];
        let _ = self.command(stop).output();
    }
}

/// Runs a program to its end and the end of its output.
///
/// # Panics
///
/// If it is not there, or does not end.
pub async fn finish(command: Command) -> Finished {
    let shown = format!("{command:?}");
    let mut command = tokio::process::Command::from(command);
    let output = command.kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE, output).await;
    let output = output.unwrap_or_else(|_| panic!("does not end: {shown}"));
    output.expect("the program can be run").into()
}

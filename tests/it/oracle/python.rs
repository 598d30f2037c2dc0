//! The virtual environment, and the scripts that run in it.
//!
//! One environment for each list of requirements and each Python. It counts as
//! made once its marker is there; a lock keeps two test processes from making it
//! at the same time.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// Downloads of some 80 MB are in it.
const TO_MAKE: Duration = Duration::from_secs(600);
/// What one script may take.
const TO_ANSWER: Duration = Duration::from_secs(120);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oracle");

/// A Python with everything that the scripts need.
#[derive(Debug)]
pub(super) struct Python {
    program: PathBuf,
}

/// The Python of this run; `None` where the tests that need it are to be skipped.
///
/// # Panics
///
/// With `CI=true`, if there is none.
pub(super) async fn python() -> Option<&'static Python> {
    static PYTHON: OnceCell<Result<Python, String>> = OnceCell::const_new();
    let python = PYTHON.get_or_init(|| async {
        let made = prepare().await;
        if let Err(why) = &made {
            assert!(!is_ci(), "the oracle tests need Python: {why}");
            // The test harness captures what macros print, not this.
            let _ = writeln!(
                io::stderr(),
                "\n*** SKIPPED: all oracle tests, which need Python and PyPI: {why}\n"
            );
        }
        made
    });
    python.await.as_ref().ok()
}

fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

impl Python {
    /// Runs a script with `request` as its input; its answer.
    ///
    /// # Panics
    ///
    /// If it fails or does not end in time.
    pub(super) async fn ask<A: DeserializeOwned>(
        &self,
        arguments: &[&str],
        request: &impl Serialize,
    ) -> A {
        let request = serde_json::to_vec(request).expect("a request has only JSON's types");
        self.pipe(arguments, &request).await
    }

    /// Like [`Python::ask`], with any input.
    pub(super) async fn pipe<A: DeserializeOwned>(&self, arguments: &[&str], input: &[u8]) -> A {
        let mut command = Command::from(self.script(arguments));
        let mut running = command
            .kill_on_drop(true)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let mut stdin = running.stdin.take().expect("a pipe was asked for");
        // Scripts read all of it before they write. One that fails at once does not.
        let _ = stdin.write_all(input).await;
        drop(stdin);
        let output = tokio::time::timeout(TO_ANSWER, running.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("{arguments:?} does not end"));
        let output = output.expect("its output can be read");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} failed: {told}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            let answer = String::from_utf8_lossy(&output.stdout);
            panic!("{arguments:?} answered {answer}: {error}")
        })
    }

    /// A run of a script, away from the AWS settings of whoever runs the tests.
    pub(super) fn script(&self, arguments: &[&str]) -> std::process::Command {
        let (script, arguments) = arguments.split_first().expect("the name of a script");
        let mut command = std::process::Command::new(&self.program);
        command
            .arg(Path::new(SCRIPTS).join(script))
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUTF8", "1")
            .stdin(Stdio::piped());
        command
    }
}

/// Where files of the oracle are kept: in the target directory.
pub(super) fn directory() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

async fn prepare() -> Result<Python, String> {
    let requirements = Path::new(SCRIPTS).join("requirements.txt");
    let text = std::fs::read(&requirements).map_err(|error| error.to_string())?;
    let version = "import sys; print(sys.version, sys.executable)";
    let version = run("python3", &["-c", version]).await?;

    let mark = Sha256::digest([text, version.stdout].concat());
    let mark: String = mark[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let environment = directory().join(format!("oracle-venv-{mark}"));
    let program = environment.join("bin/python");
    let _lock = lock(&environment.with_extension("lock")).await?;
    let marker = environment.join("complete");
    if !marker.exists() {
        make(&environment, &program, &requirements).await?;
        std::fs::write(&marker, "").map_err(|error| error.to_string())?;
    }
    Ok(Python { program })
}

async fn make(environment: &Path, program: &Path, requirements: &Path) -> Result<(), String> {
    let text = |path: &Path| path.display().to_string();
    // What an interrupted run left is cleared away.
    run("python3", &["-m", "venv", "--clear", &text(environment)]).await?;
    let install = ["-m", "pip", "install", "--quiet", "--no-input"];
    let patience = ["--disable-pip-version-check", "--retries", "2"];
    let requirements = text(requirements);
    let arguments = [&install[..], &patience, &["--requirement", &requirements]].concat();
    run(program, &arguments).await.map(drop)
}

async fn run(program: impl AsRef<Path>, arguments: &[&str]) -> Result<Output, String> {
    let program = program.as_ref();
    let named = format!("{} {}", program.display(), arguments.join(" "));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(TO_MAKE, command.output()).await;
    let output = output.map_err(|_| format!("`{named}` does not end"))?;
    let output = output.map_err(|error| format!("`{named}` cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    Err(format!("`{named}` failed: {}", told.trim()))
}

/// Held until it is dropped; a process that dies lets go of it too.
async fn lock(path: &Path) -> Result<File, String> {
    std::fs::create_dir_all(directory()).map_err(|error| error.to_string())?;
    let file = File::create(path).map_err(|error| error.to_string())?;
    let deadline = Instant::now() + TO_MAKE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error.to_string()),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                return Err(format!("{} stays locked", path.display()));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(BETWEEN_LOOKS).await,
        }
    }
}

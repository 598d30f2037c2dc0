//! A newer program in the place of the one that runs: its daemon takes over, and no
//! call fails.

use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::launch::lock_holder;
use aws_ssm_tests::harness::{NEWER, PATIENCE, Programs, a_newer_client_calls, hello_of};
use futures_util::future::{join, join_all};
use tokio::time::Instant;

use crate::stage::{Stage, eventually, sorted};

/// Clients at one time.
const CROWD: usize = 4;

/// What each of them asks at least once the new daemon is there.
const AFTERWARDS: usize = 5;

/// The two programs, either of which is a daemon when it is called so.
const OLD: &str = env!("CARGO_BIN_EXE_daemon-under-test");
const NEW: &str = env!("CARGO_BIN_EXE_demo");

/// The daemon's program as a packager installs it.
struct Installed(PathBuf);

impl Installed {
    fn new(programs: &mut Programs) -> Self {
        let bin = programs.home.path().join("bin");
        std::fs::create_dir(&bin).expect("a directory");
        let installed = Self(bin.join("aws-ssmd"));
        installed.put(OLD);
        programs.set("AWS_SSM_DAEMON", installed.0.display().to_string());
        installed
    }

    /// Puts another program in its place, in one step.
    fn put(&self, program: impl AsRef<Path>) {
        let beside = self.0.with_extension("new");
        symlink(program, &beside).expect("a link");
        std::fs::rename(beside, &self.0).expect("an upgrade");
    }
}

fn holder(endpoint: &Endpoint) -> Option<u32> {
    lock_holder(endpoint).expect("the lock can be looked at")
}

/// The process that is the daemon, when there is one.
fn daemon(programs: &Programs) -> u32 {
    holder(&programs.home.endpoint()).expect("a daemon holds the lock")
}

/// Whether a process has ended, also if nobody has asked yet how.
fn has_ended(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_none_or(|state| state == 'Z')
}

/// Runs lists one after the other until `over`, and a few more; returns how many.
async fn keep_listing(stage: &Stage, over: &AtomicBool) -> usize {
    let (mut asked, mut afterwards) = (0, 0);
    while afterwards < AFTERWARDS {
        afterwards += usize::from(over.load(Ordering::SeqCst));
        let list = stage.run(&["list", "-o", "ids", "-vv"]).await;
        assert_eq!(list.code(), 0, "call {asked}: {list:?}");
        assert_eq!(sorted(list.lines()), stage.listed(), "call {asked}");
        assert!(!list.stderr.contains("asking again"), "{list:?}");
        asked += 1;
    }
    asked
}

#[tokio::test]
async fn a_program_replaced_under_continuous_load_takes_over_and_no_call_fails() {
    let mut stage = Stage::new().await;
    let installed = Installed::new(&mut stage.programs);
    stage.done(&["list"]).await;
    stage.settled().await;
    let loads = stage.calls("DescribeInstances");
    let endpoint = stage.programs.home.endpoint();
    let mut daemons = vec![daemon(&stage.programs)];

    let over = AtomicBool::new(false);
    let replacing = async {
        for program in [NEW, OLD, NEW] {
            installed.put(program);
            let deadline = Instant::now() + PATIENCE;
            while holder(&endpoint).is_none_or(|pid| daemons.contains(&pid)) {
                // The one before may still have taken the last call. And since this
                // client is newer than any, the successor may make room for it at
                // once, so that for a moment nobody is there.
                let _ = hello_of(&endpoint, NEWER.0, NEWER.1).await;
                assert!(Instant::now() < deadline, "no successor came");
            }
            daemons.extend(holder(&endpoint));
        }
        over.store(true, Ordering::SeqCst);
        daemons.pop();
        daemons
    };
    let crowd = join_all((0..CROWD).map(|_| keep_listing(&stage, &over)));
    let (asked, earlier) = join(crowd, replacing).await;
    assert!(asked.iter().all(|asked| *asked > AFTERWARDS), "{asked:?}");

    let status = stage.json(&["daemon", "status"]).await;
    assert_eq!(status["pid"], daemon(&stage.programs));
    let new = std::fs::canonicalize(NEW).expect("the new program");
    assert_eq!(status["executable"], new.display().to_string());
    assert_eq!(stage.calls("DescribeInstances"), loads, "it began warm");
    eventually("the end of the old ones", || {
        earlier.iter().all(|pid| has_ended(*pid))
    })
    .await;
    stage.done(&["daemon", "stop"]).await;
    assert!(!endpoint.socket.exists() && !endpoint.settings.exists());
}

#[tokio::test]
async fn what_is_in_flight_is_finished_by_the_daemon_that_began_it_and_nobody_waits_for_that() {
    let mut stage = Stage::new().await;
    let installed = Installed::new(&mut stage.programs);
    stage.done(&["whoami"]).await;
    let endpoint = stage.programs.home.endpoint();
    let old = daemon(&stage.programs);
    // What is asked now takes long, what is asked later does not.
    stage
        .sandbox
        .set_latency(Duration::from_secs(4), Duration::ZERO);
    let slow = stage.run(&["list", "-o", "ids", "-vv"]);
    let meanwhile = async {
        eventually("the load", || stage.calls("DescribeInstances") > 0).await;
        stage.sandbox.set_latency(Duration::ZERO, Duration::ZERO);
        installed.put(NEW);
        a_newer_client_calls(&endpoint).await;
        eventually("the successor", || {
            holder(&endpoint).is_some_and(|pid| pid != old)
        })
        .await;
        let list = stage.done(&["list", "-r", "us-east-1", "-o", "ids"]).await;
        assert!(!list.lines().is_empty());
    };
    let (slow, ()) = join(slow, meanwhile).await;
    assert_eq!(slow.code(), 0, "{slow:?}");
    assert_eq!(sorted(slow.lines()), stage.listed());
    assert!(!slow.stderr.contains("asking again"), "{slow:?}");
    eventually("the end of the old one", || has_ended(old)).await;
}

#[tokio::test]
async fn the_successor_has_the_arguments_and_the_settings_of_the_one_before() {
    let mut stage = Stage::new().await;
    let installed = Installed::new(&mut stage.programs);
    let config = stage
        .programs
        .home
        .write("other.yaml", "cache:\n  ttl_minutes: 7\n");
    let config = config.display().to_string();
    stage
        .programs
        .set("AWS_SSM_DAEMON_IDLE_TIMEOUT_MINUTES", "9");
    stage.done(&["daemon", "start", "--config", &config]).await;
    stage.programs.unset("AWS_SSM_DAEMON_IDLE_TIMEOUT_MINUTES");
    let old = daemon(&stage.programs);
    let endpoint = stage.programs.home.endpoint();
    installed.put(NEW);
    a_newer_client_calls(&endpoint).await;
    eventually("the successor", || {
        holder(&endpoint).is_some_and(|pid| pid != old)
    })
    .await;
    let status = stage.json(&["daemon", "status"]).await;
    assert_eq!(status["config_file"], config);
    let settings = stage.json(&["config", "show", "--config", &config]).await;
    drop(settings);
    let published = std::fs::read_to_string(&endpoint.settings).expect("settings");
    assert!(
        published.contains("daemon.idle_timeout_minutes=9\n"),
        "{published}"
    );
    assert!(published.contains("cache.ttl_minutes=7\n"), "{published}");
}

#[tokio::test]
async fn the_counters_are_offered_by_the_successor() {
    let mut stage = Stage::new().await;
    let counters = stage.programs.home.path().join("m");
    let address = format!("unix:{}", counters.display());
    let installed = Installed::new(&mut stage.programs);
    let stage = stage.configured(&format!("metrics:\n  prometheus_listen: {address:?}\n"));
    stage.done(&["daemon", "start"]).await;
    let old = daemon(&stage.programs);
    let endpoint = stage.programs.home.endpoint();
    installed.put(NEW);
    a_newer_client_calls(&endpoint).await;
    eventually("the successor", || {
        holder(&endpoint).is_some_and(|pid| pid != old)
    })
    .await;
    eventually("the end of the old one", || has_ended(old)).await;
    let deadline = Instant::now() + PATIENCE;
    while stage.json(&["daemon", "status"]).await["prometheus"] != address {
        assert!(Instant::now() < deadline, "it never had the address");
    }
    assert!(counters.exists());
}

#[tokio::test]
async fn a_program_that_cannot_start_does_not_take_over_and_the_log_says_why() {
    let mut stage = Stage::new().await;
    let installed = Installed::new(&mut stage.programs);
    stage.done(&["list"]).await;
    let old = daemon(&stage.programs);
    let endpoint = stage.programs.home.endpoint();
    let broken = stage
        .programs
        .home
        .write("broken", "#!/bin/sh\necho no libfoo >&2\nexit 1\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&broken, mode).expect("a program");
    installed.put(&broken);
    a_newer_client_calls(&endpoint).await;
    let log = || std::fs::read_to_string(&endpoint.log).unwrap_or_default();
    eventually("the reason", || log().contains("no libfoo")).await;
    assert_eq!(daemon(&stage.programs), old);
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
}

/// Two installations of one user: the newer client's daemon is another file.
#[tokio::test]
async fn an_older_daemon_makes_room_for_a_newer_client_whose_daemon_is_elsewhere() {
    let stage = Stage::new().await;
    stage.done(&["list"]).await;
    let old = daemon(&stage.programs);
    let endpoint = stage.programs.home.endpoint();
    a_newer_client_calls(&endpoint).await;
    eventually("its place", || !endpoint.socket.exists()).await;
    let list = stage.done(&["list", "-o", "ids"]).await;
    assert_eq!(sorted(list.lines()), stage.listed());
    assert_ne!(daemon(&stage.programs), old);
    eventually("the end of the old one", || has_ended(old)).await;
}

/// A service manager's part: it keeps the socket, and starts a daemon on it whenever
/// the last one has ended.
struct Manager<'a> {
    socket: UnixListener,
    programs: &'a Programs,
}

impl<'a> Manager<'a> {
    fn new(programs: &'a Programs) -> Self {
        let endpoint = programs.home.endpoint();
        endpoint.prepare().expect("a directory");
        let socket = UnixListener::bind(endpoint.socket).expect("a socket");
        Self { socket, programs }
    }

    fn start(&self) -> Child {
        let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$AWS_SSM_DAEMON\"";
        let socket = OwnedFd::from(self.socket.try_clone().expect("a descriptor"));
        let mut command: Command = self.programs.shell(script);
        command
            .stdin(socket)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().expect("the daemon")
    }
}

#[tokio::test]
async fn a_daemon_under_a_service_manager_makes_room_and_no_call_fails() {
    let stage = Stage::new().await;
    let endpoint = stage.programs.home.endpoint();
    let manager = Manager::new(&stage.programs);
    let mut first = manager.start();
    stage.done(&["list"]).await;
    let over = AtomicBool::new(false);
    let starts = AtomicUsize::new(1);
    let managing = async {
        a_newer_client_calls(&endpoint).await;
        let first = tokio::task::spawn_blocking(move || first.wait());
        let ended = first.await.expect("it is waited for").expect("it ends");
        assert!(ended.success(), "{ended}");
        assert!(endpoint.socket.exists(), "the manager's socket stays");
        starts.fetch_add(1, Ordering::SeqCst);
        let second = manager.start();
        over.store(true, Ordering::SeqCst);
        second
    };
    let crowd = join_all((0..CROWD).map(|_| keep_listing(&stage, &over)));
    let (_, mut second) = join(crowd, managing).await;
    assert_eq!(daemon(&stage.programs), second.id());
    stage.done(&["daemon", "stop"]).await;
    let ended = second.wait().expect("it ends");
    assert!(ended.success(), "{ended}");
    assert_eq!(starts.load(Ordering::SeqCst), 2);
}

//! Real sockets in short temporary directories. Where the process itself matters,
//! this program is started again with the one test that is the other's part.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};

use aws_ssm_proto::endpoint::EndpointSettings;
use aws_ssm_proto::launch::{DaemonCommand, connect_only, connect_or_start, wait_until_gone};
use futures_util::StreamExt;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::*;
use crate::lifecycle::{Life, Reason, Watch};

/// What the other process plays.
const PART: &str = "AWS_SSM_TEST_PART";

/// Makes this program play it.
const ARGUMENTS: [&str; 3] = [
    "--exact",
    "lifecycle::listen::tests::others_part",
    "--nocapture",
];

/// For what must succeed; nothing takes as long.
const AMPLE: Duration = Duration::from_secs(60);

fn endpoint_in(home: impl AsRef<Path>) -> Endpoint {
    Endpoint::resolve(&EndpointSettings {
        aws_ssm_home: Some(home.as_ref().to_owned()),
        home: home.as_ref().to_owned(),
        run_user: None,
        hostname: String::new(),
    })
}

fn stage() -> (TempDir, Endpoint) {
    let home = tempfile::tempdir().unwrap();
    let endpoint = endpoint_in(home.path());
    (home, endpoint)
}

async fn open(endpoint: &Endpoint) -> (Listener, Lock) {
    match Listener::open(endpoint, &mut Starter::nobody())
        .await
        .unwrap()
    {
        Opened::Listening(listener, lock) => (listener, lock),
        Opened::AlreadyServed => panic!("somebody listens already"),
    }
}

/// This program again, playing `part`, after what `script` does to its
/// descriptors and variables.
fn other(part: &str, home: &Path, script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("{script} exec \"$@\""), "sh"])
        .arg(env::current_exe().unwrap())
        .args(ARGUMENTS)
        .env(PART, part)
        .env("AWS_SSM_HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// Waits for the line by which the other says that it is where it should be.
fn there(child: &mut Child) {
    let said = BufReader::new(child.stdout.as_mut().unwrap());
    let there = said.lines().map(Result::unwrap).any(|line| line == "there");
    assert!(there, "the other process ended");
}

#[test]
fn others_part() {
    let Ok(part) = env::var(PART) else { return };
    let endpoint = endpoint_in(env::var_os("AWS_SSM_HOME").unwrap());
    let mut starter = match part.as_str() {
        "inherited" => {
            sys::close_inherited().unwrap();
            Starter::nobody()
        }
        "launched" => Starter::of_this_process().unwrap(),
        "handed-over" => {
            let mut starter = Starter::of_this_process().unwrap();
            let listener = starter.take_listener().unwrap();
            let flags = rustix::io::fcntl_getfd(&listener).unwrap();
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
            for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] {
                assert_eq!(env::var_os(name), None, "no child takes it for its own");
            }
            starter.with_listener(listener)
        }
        _ => Starter::nobody(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(play(
        &endpoint,
        &mut starter,
        part == "short-of-descriptors",
    ));
    std::process::exit(0);
}

/// A whole daemon, but for what it serves.
async fn play(endpoint: &Endpoint, starter: &mut Starter, short: bool) {
    let opened = Listener::open(endpoint, starter).await.unwrap();
    let Opened::Listening(listener, _lock) = opened else {
        return starter.already_served(&endpoint.socket);
    };
    fs::write(pid_file(endpoint), std::process::id().to_string()).unwrap();
    if short {
        let limit = getrlimit(Resource::Nofile);
        let current = Some(24);
        setrlimit(Resource::Nofile, Rlimit { current, ..limit }).unwrap();
    }
    let life = Life::new(None);
    let watch = Watch::process(&listener, starter).unwrap();
    println!("\nthere");
    starter
        .ready(Some(&endpoint.run_dir().join("log")))
        .unwrap();
    life.serve(greet_all(listener, &life), watch).await.unwrap();
}

fn pid_file(endpoint: &Endpoint) -> std::path::PathBuf {
    endpoint.run_dir().join("pid")
}

/// Gives each caller a byte, and keeps it until it leaves.
async fn greet_all(listener: Listener, life: &Life) -> std::io::Result<()> {
    let mut incoming = std::pin::pin!(listener.incoming(life)?);
    let mut callers = JoinSet::new();
    while let Some(connection) = incoming.next().await {
        let mut connection = connection?;
        callers.spawn(async move {
            connection.write_all(b"d").await?;
            tokio::io::copy(&mut connection, &mut tokio::io::sink()).await
        });
    }
    callers.join_all().await;
    Ok(())
}

fn greeted(stream: &mut StdStream) {
    let mut byte = [0];
    stream.read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"d");
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn the_socket_is_its_users_alone() {
    let (_home, endpoint) = stage();
    let (listener, _lock) = open(&endpoint).await;
    let mode = fs::metadata(&endpoint.socket).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(listener.file().unwrap().is_ours());
}

#[tokio::test]
async fn a_second_daemon_finds_the_socket_served() {
    let (_home, endpoint) = stage();
    let _first = open(&endpoint).await;
    let second = Listener::open(&endpoint, &mut Starter::nobody())
        .await
        .unwrap();
    assert!(matches!(second, Opened::AlreadyServed), "{second:?}");
}

#[tokio::test]
async fn a_socket_that_answers_is_left_alone_even_without_its_lock() {
    let (_home, endpoint) = stage();
    endpoint.prepare().unwrap();
    let _managers = StdListener::bind(&endpoint.socket).unwrap();
    let opened = Listener::open(&endpoint, &mut Starter::nobody())
        .await
        .unwrap();
    assert!(matches!(opened, Opened::AlreadyServed), "{opened:?}");
    assert_eq!(probe(&endpoint.socket).unwrap(), Probe::Listening);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_neither_serves_nor_ends_is_named_by_its_lock() {
    let (_home, endpoint) = stage();
    endpoint.prepare().unwrap();
    let stuck = fs::File::create(&endpoint.lock).unwrap();
    stuck.try_lock().unwrap();
    let error = Listener::open(&endpoint, &mut Starter::nobody())
        .await
        .unwrap_err();
    assert!(error.why.contains("v1.lock"), "{error}");
}

#[tokio::test]
async fn a_killed_daemons_socket_and_lock_are_in_nobodys_way() {
    let (home, endpoint) = stage();
    let mut first = other("serves", home.path(), "").spawn().unwrap();
    there(&mut first);
    assert_eq!(probe(&endpoint.socket).unwrap(), Probe::Listening);
    kill(first);
    assert_eq!(probe(&endpoint.socket).unwrap(), Probe::Stale);
    let _second = open(&endpoint).await;
    assert_eq!(probe(&endpoint.socket).unwrap(), Probe::Listening);
}

#[tokio::test]
async fn who_had_connected_when_the_end_began_is_served() {
    let (_home, endpoint) = stage();
    let (listener, _lock) = open(&endpoint).await;
    let life = Life::new(None);
    let mut incoming = std::pin::pin!(listener.incoming(&life).unwrap());
    let callers: Vec<_> = (0..3)
        .map(|_| StdStream::connect(&endpoint.socket).unwrap())
        .collect();
    life.shutdown().begin(Reason::Asked, false);
    let mut served = Vec::new();
    while let Some(connection) = incoming.next().await {
        served.push(connection.unwrap());
    }
    assert_eq!(served.len(), callers.len());
    assert_eq!(life.connections(), 3);
    assert_eq!(probe(&endpoint.socket).unwrap(), Probe::Absent);
    drop(served);
    assert_eq!(life.connections(), 0);
}

#[tokio::test]
async fn a_single_caller_is_the_only_one_and_ends_the_daemon_by_leaving() {
    let (theirs, ours) = StdStream::pair().unwrap();
    let life = Life::new(None);
    let listener = Listener::caller(ours);
    assert_eq!(listener.file(), None);
    let mut incoming = std::pin::pin!(listener.incoming(&life).unwrap());
    let connection = incoming.next().await.unwrap().unwrap();
    assert!(!life.shutdown().is_draining());
    drop((theirs, connection));
    assert_eq!(life.shutdown().reason(), Some(Reason::CallerLeft));
    assert!(incoming.next().await.is_none());
}

#[test]
fn a_daemon_out_of_descriptors_waits_and_goes_on() {
    let (home, endpoint) = stage();
    let mut daemon = other("short-of-descriptors", home.path(), "")
        .spawn()
        .unwrap();
    there(&mut daemon);
    let callers: Vec<_> = (0..60)
        .map(|_| StdStream::connect(&endpoint.socket).unwrap())
        .collect();
    for mut caller in callers {
        greeted(&mut caller);
    }
    kill(daemon);
}

#[test]
fn a_socket_from_a_service_manager_is_closed_to_children_served_and_left_to_it() {
    let (home, endpoint) = stage();
    endpoint.prepare().unwrap();
    let managers = StdListener::bind(&endpoint.socket).unwrap();
    // The manager's part: the socket as descriptor 3, for this process and no other.
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=a";
    let mut daemon = other("handed-over", home.path(), script)
        .stdin(OwnedFd::from(managers))
        .spawn()
        .unwrap();
    there(&mut daemon);
    greeted(&mut StdStream::connect(&endpoint.socket).unwrap());
    kill(daemon);
    assert!(endpoint.socket.exists());
}

#[test]
fn a_descriptor_that_a_shell_left_open_is_closed() {
    let (home, _endpoint) = stage();
    let (mut kept_open, theirs) = std::io::pipe().unwrap();
    // As in `exec 9>lock`: without closing it, its reader would wait for ever.
    let mut daemon = other("inherited", home.path(), "exec 9>&2 2>/dev/null;")
        .stderr(theirs)
        .spawn()
        .unwrap();
    there(&mut daemon);
    assert_eq!(kept_open.read(&mut [0]).unwrap(), 0);
    kill(daemon);
}

/// What a client would start, with a service manager to be told.
fn launched(home: &Path) -> DaemonCommand {
    DaemonCommand {
        program: env::current_exe().unwrap(),
        args: ARGUMENTS.map(Into::into).to_vec(),
        environment: vec![
            (PART.into(), "launched".into()),
            ("AWS_SSM_HOME".into(), home.into()),
            ("NOTIFY_SOCKET".into(), home.join("notify").into()),
        ],
    }
}

fn manager(home: &Path) -> UnixDatagram {
    let manager = UnixDatagram::bind(home.join("notify")).unwrap();
    manager.set_read_timeout(Some(AMPLE)).unwrap();
    manager
}

fn told(manager: &UnixDatagram) -> String {
    let mut text = [0; 64];
    let length = manager.recv(&mut text).unwrap();
    String::from_utf8_lossy(&text[..length]).trim().to_owned()
}

/// Tells the daemon to end; returns its process.
fn signal(endpoint: &Endpoint) -> u32 {
    let pid = fs::read_to_string(pid_file(endpoint))
        .unwrap()
        .parse()
        .unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    pid.unsigned_abs()
}

#[tokio::test]
async fn clients_and_daemons_agree_from_the_first_start_to_the_end() {
    let (home, endpoint) = stage();
    let manager = manager(home.path());
    let deadline = Instant::now() + AMPLE;
    let mut clients = JoinSet::new();
    for _ in 0..50 {
        let (endpoint, daemon) = (endpoint.clone(), launched(home.path()));
        clients.spawn(async move {
            let reached = connect_or_start(&endpoint, || Ok(daemon), deadline).await;
            reached.unwrap().stream.read_u8().await.unwrap()
        });
    }
    assert!(clients.join_all().await.iter().all(|byte| *byte == b'd'));
    assert_eq!(told(&manager), "READY=1");

    let ended = signal(&endpoint);
    assert_eq!(told(&manager), "STOPPING=1");
    wait_until_gone(&endpoint, ended, deadline).await.unwrap();
    assert_eq!(probe(&endpoint.socket).unwrap(), Probe::Absent);
    assert!(connect_only(&endpoint, deadline).await.unwrap().is_none());
}

#[tokio::test]
async fn a_client_that_comes_while_a_daemon_ends_gets_the_next_one() {
    let (home, endpoint) = stage();
    let manager = manager(home.path());
    let deadline = Instant::now() + AMPLE;
    let start = || Ok(launched(home.path()));
    let mut first = connect_or_start(&endpoint, start, deadline).await.unwrap();
    assert_eq!(first.stream.read_u8().await.unwrap(), b'd');
    assert_eq!(told(&manager), "READY=1");

    signal(&endpoint);
    assert_eq!(told(&manager), "STOPPING=1");
    // Whoever connects before the name is gone is the first daemon's caller yet.
    while endpoint.socket.exists() {
        tokio::task::yield_now().await;
    }
    // It still has its first caller, and so its lock.
    let next = connect_or_start(&endpoint, start, deadline);
    let leave = async {
        tokio::task::yield_now().await;
        drop(first);
    };
    let (second, ()) = tokio::join!(next, leave);
    assert_eq!(second.unwrap().stream.read_u8().await.unwrap(), b'd');
    assert_eq!(told(&manager), "READY=1");
    let ended = signal(&endpoint);
    wait_until_gone(&endpoint, ended, deadline).await.unwrap();
}

#[test]
fn a_second_signal_does_not_wait_for_callers() {
    let (home, endpoint) = stage();
    let manager = manager(home.path());
    let mut daemon = other("serves", home.path(), "")
        .env("NOTIFY_SOCKET", home.path().join("notify"))
        .spawn()
        .unwrap();
    there(&mut daemon);
    let mut caller = StdStream::connect(&endpoint.socket).unwrap();
    greeted(&mut caller);
    assert_eq!(told(&manager), "READY=1");
    signal(&endpoint);
    assert_eq!(told(&manager), "STOPPING=1");
    signal(&endpoint);
    let ended = daemon.wait().unwrap();
    assert_eq!(ended.code(), Some(128 + Signal::TERM.as_raw()));
}

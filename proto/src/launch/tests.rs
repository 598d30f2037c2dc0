//! Clients against a daemon that this very program plays: the tests start it
//! again with the one test below that is the daemon's part.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::Path;
use std::time::Duration;
use std::{env, io, thread};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::*;
use crate::endpoint::{EndpointSettings, Probe, probe};

/// What the daemon's part plays.
const PART: &str = "AWS_SSM_TEST_PART";

/// What the client's part has the daemon play.
const CLIENTS_PART: &str = "CLIENTS_PART";

/// A process that is nobody's.
const NOBODY: u32 = u32::MAX;

/// For starts that must succeed; nothing takes as long.
const AMPLE: Duration = Duration::from_secs(60);

struct Stage {
    home: TempDir,
    endpoint: Endpoint,
}

impl Stage {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let endpoint = endpoint_in(home.path());
        Self { home, endpoint }
    }

    fn daemon(&self, part: &str) -> DaemonCommand {
        daemon(self.home.path(), part)
    }

    async fn connect(&self, part: &str) -> Result<UnixStream, Error> {
        connect(self.home.path(), part).await
    }

    fn starts(&self) -> usize {
        fs::read(self.home.path().join("starts")).map_or(0, |starts| starts.len())
    }
}

fn daemon(home: &Path, part: &str) -> DaemonCommand {
    let args = [
        "--exact",
        "launch::tests::daemons_part",
        "--nocapture",
        "--test-threads=1",
    ];
    DaemonCommand {
        program: env::current_exe().unwrap(),
        args: args.map(OsString::from).to_vec(),
        environment: vec![
            ("AWS_SSM_HOME".into(), home.into()),
            (PART.into(), part.into()),
        ],
    }
}

async fn connect(home: &Path, part: &str) -> Result<UnixStream, Error> {
    let deadline = Instant::now() + AMPLE;
    let endpoint = endpoint_in(home);
    let reached = connect_or_start(&endpoint, || Ok(daemon(home, part)), deadline);
    reached.await.map(|reached| reached.stream)
}

fn endpoint_in(home: &Path) -> Endpoint {
    Endpoint::resolve(&EndpointSettings {
        aws_ssm_home: Some(home.to_owned()),
        home: home.to_owned(),
        run_user: None,
        hostname: String::new(),
    })
}

/// Ends the daemon and waits until it has let go of its lock.
async fn end(endpoint: &Endpoint, mut stream: UnixStream) {
    let pid = process_of(&stream);
    stream.write_all(b"q").await.unwrap();
    wait_until_gone(endpoint, pid, Instant::now() + AMPLE)
        .await
        .unwrap();
}

fn process_of(daemon: &UnixStream) -> u32 {
    let pid = daemon.peer_cred().unwrap().pid().unwrap();
    pid.try_into().unwrap()
}

fn say(text: &str) {
    // Not println: the test harness may have begun a line of its own.
    let mut stdout = io::stdout();
    stdout.write_all(format!("\n{text}").as_bytes()).unwrap();
    stdout.flush().unwrap();
}

/// Serves each connection a byte until one sends `q`.
fn serve(listener: &StdListener) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        // Some only look whether anybody is there.
        let _ = stream.write_all(b"d");
        let quit = thread::spawn(move || {
            let mut asked = [0];
            stream.read(&mut asked).is_ok_and(|read| read == 1) && asked == *b"q"
        });
        if quit.join().unwrap() {
            return;
        }
    }
}

#[test]
fn daemons_part() {
    let Ok(part) = env::var(PART) else { return };
    let home = env::var_os("AWS_SSM_HOME").unwrap();
    let endpoint = endpoint_in(Path::new(&home));
    let starts = Path::new(&home).join("starts");
    let mut starts = OpenOptions::new()
        .create(true)
        .append(true)
        .open(starts)
        .unwrap();
    starts.write_all(b".").unwrap();
    match part.as_str() {
        "fails" => {
            let error = Error::new(ErrorKind::Config, "line 3 is wrong").hint("mend it");
            say(&report::failure(&error));
            std::process::exit(2);
        }
        "silent" => thread::sleep(2 * AMPLE),
        "oneshot" => {
            let mut stdin = StdStream::from(rustix::io::dup(io::stdin()).unwrap());
            say(report::READY);
            let mut byte = [0];
            while stdin.read(&mut byte).unwrap() == 1 {
                stdin.write_all(&[byte[0] + 1]).unwrap();
            }
        }
        _ => {
            let mut lock = fs::File::create(&endpoint.lock).unwrap();
            lock.try_lock().unwrap();
            write!(lock, "{}", std::process::id()).unwrap();
            let listener = StdListener::bind(&endpoint.socket).unwrap();
            say(report::READY);
            serve(&listener);
            fs::remove_file(&endpoint.socket).unwrap();
        }
    }
    std::process::exit(0);
}

#[tokio::test]
async fn fifty_clients_at_once_start_one_daemon() {
    let stage = Stage::new();
    let mut clients = JoinSet::new();
    for _ in 0..50 {
        let (endpoint, daemon) = (stage.endpoint.clone(), stage.daemon("serves"));
        clients.spawn(async move {
            let deadline = Instant::now() + AMPLE;
            let reached = connect_or_start(&endpoint, || Ok(daemon), deadline).await;
            let mut byte = [0];
            reached.unwrap().stream.read_exact(&mut byte).await.unwrap();
            byte
        });
    }
    assert!(clients.join_all().await.iter().all(|byte| byte == b"d"));
    assert_eq!(stage.starts(), 1);
    end(&stage.endpoint, stage.connect("serves").await.unwrap()).await;
}

#[tokio::test]
async fn a_daemon_that_runs_is_used_and_not_asked_for() {
    let stage = Stage::new();
    drop(stage.connect("serves").await.unwrap());
    let deadline = Instant::now() + AMPLE;
    let unasked = || panic!("a daemon runs already");
    let reached = connect_or_start(&stage.endpoint, unasked, deadline)
        .await
        .unwrap();
    end(&stage.endpoint, reached.stream).await;
    assert_eq!(stage.starts(), 1);
}

#[tokio::test]
async fn fifty_clients_share_one_failure_and_its_reason() {
    let stage = Stage::new();
    let mut clients = JoinSet::new();
    for _ in 0..50 {
        let (endpoint, daemon) = (stage.endpoint.clone(), stage.daemon("fails"));
        clients.spawn(async move {
            let deadline = Instant::now() + AMPLE;
            connect_or_start(&endpoint, || Ok(daemon), deadline)
                .await
                .unwrap_err()
        });
    }
    for error in clients.join_all().await {
        assert_eq!(error.kind, ErrorKind::Config);
        assert_eq!(error.what, "line 3 is wrong");
        assert_eq!(error.hint, "mend it");
    }
    assert_eq!(stage.starts(), 1);
}

#[tokio::test]
async fn who_has_mended_the_reason_is_not_told_the_old_one() {
    let stage = Stage::new();
    stage.connect("fails").await.unwrap_err();
    let stream = stage.connect("serves").await.unwrap();
    assert_eq!(stage.starts(), 2);
    assert!(!stage.endpoint.start_failure.exists());
    end(&stage.endpoint, stream).await;
}

#[tokio::test]
async fn a_socket_that_a_killed_daemon_left_is_in_nobodys_way() {
    let stage = Stage::new();
    stage.endpoint.prepare().unwrap();
    // Bound and not listening, which is how a dead daemon's looks. (Dropping a
    // listener would not do: a process that another test starts at this moment
    // has a copy of it.)
    let address = SocketAddrUnix::new(&stage.endpoint.socket).unwrap();
    let dead = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&dead, &address).unwrap();
    let deadline = Instant::now() + AMPLE;
    assert!(
        connect_only(&stage.endpoint, deadline)
            .await
            .unwrap()
            .is_none()
    );
    // Only a daemon that holds the lock may remove it, so the client asks for one.
    let asked = || Err(Error::new(ErrorKind::Internal, "asked for a daemon"));
    let error = connect_or_start(&stage.endpoint, asked, deadline)
        .await
        .unwrap_err();
    assert_eq!(error.what, "asked for a daemon");
    assert!(stage.endpoint.socket.exists());
}

/// The kernel resets whoever waits in the queue of a listener that is closed.
#[tokio::test]
async fn a_daemon_that_dies_with_us_in_its_queue_is_no_error() {
    let stage = Stage::new();
    stage.endpoint.prepare().unwrap();
    let dying = StdListener::bind(&stage.endpoint.socket).unwrap();
    let deadline = Instant::now() + AMPLE;
    // On one thread, the first suspends after its `connect`, before its result.
    let (connected, ()) = tokio::join!(connect_only(&stage.endpoint, deadline), async {
        drop(dying);
    });
    // A stream, should a process that another test starts have a copy of it.
    connected.unwrap();
}

#[tokio::test]
async fn without_a_daemon_nothing_is_started_or_made() {
    let stage = Stage::new();
    let deadline = Instant::now() + AMPLE;
    assert!(
        connect_only(&stage.endpoint, deadline)
            .await
            .unwrap()
            .is_none()
    );
    wait_until_gone(&stage.endpoint, NOBODY, deadline)
        .await
        .unwrap();
    assert!(!stage.endpoint.run_dir().exists());
    assert!(not_running(&stage.endpoint).why.contains("v1.sock"));
}

#[tokio::test]
async fn a_regular_file_in_the_sockets_place_is_named() {
    let stage = Stage::new();
    stage.endpoint.prepare().unwrap();
    fs::write(&stage.endpoint.socket, "").unwrap();
    let error = stage.connect("serves").await.unwrap_err();
    assert!(error.why.contains("not a socket"), "{error}");
    assert_eq!(stage.starts(), 0);
}

#[tokio::test]
async fn a_path_that_is_too_long_is_named_with_the_limit() {
    let home = tempfile::tempdir().unwrap();
    let endpoint = endpoint_in(&home.path().join("x".repeat(120)));
    let error = connect_only(&endpoint, Instant::now() + AMPLE)
        .await
        .unwrap_err();
    assert!(error.what.contains("too long"), "{error}");
}

#[tokio::test]
async fn the_wait_for_another_client_ends_at_the_deadline() {
    let stage = Stage::new();
    stage.endpoint.prepare().unwrap();
    let other = fs::File::create(&stage.endpoint.startup_lock).unwrap();
    other.try_lock().unwrap();
    let deadline = Instant::now() + Duration::from_millis(30);
    let daemon = || Ok(stage.daemon("serves"));
    let error = connect_or_start(&stage.endpoint, daemon, deadline)
        .await
        .unwrap_err();
    assert!(error.why.contains("another aws-ssm"), "{error}");
    assert_eq!(stage.starts(), 0);
}

#[tokio::test]
async fn the_wait_for_a_daemons_end_ends_at_the_deadline() {
    let stage = Stage::new();
    stage.endpoint.prepare().unwrap();
    let daemon = fs::File::create(&stage.endpoint.lock).unwrap();
    daemon.try_lock().unwrap();
    let deadline = Instant::now() + Duration::from_millis(30);
    let error = wait_until_gone(&stage.endpoint, NOBODY, deadline)
        .await
        .unwrap_err();
    assert!(error.hint.contains("--now"), "{error}");
    drop(daemon);
    wait_until_gone(&stage.endpoint, NOBODY, Instant::now() + AMPLE)
        .await
        .unwrap();
}

/// Somebody is always quick to start the next one.
#[tokio::test]
async fn the_wait_for_a_daemons_end_ends_when_its_successor_listens() {
    let stage = Stage::new();
    let stream = stage.connect("serves").await.unwrap();
    let successor = process_of(&stream);
    wait_until_gone(
        &stage.endpoint,
        successor.wrapping_add(1),
        Instant::now() + AMPLE,
    )
    .await
    .unwrap();
    let soon = Instant::now() + Duration::from_millis(30);
    wait_until_gone(&stage.endpoint, successor, soon)
        .await
        .unwrap_err();
    end(&stage.endpoint, stream).await;
}

#[test]
fn clients_part() {
    let Ok(part) = env::var(CLIENTS_PART) else {
        return;
    };
    let home = env::var_os("AWS_SSM_HOME").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stream = runtime.block_on(connect(Path::new(&home), &part));
    drop(stream.unwrap());
    std::process::exit(0);
}

#[tokio::test]
async fn the_daemon_holds_nothing_of_the_client_that_started_it() {
    let stage = Stage::new();
    let mut client = std::process::Command::new(env::current_exe().unwrap())
        .args(["--exact", "launch::tests::clients_part", "--nocapture"])
        .env("AWS_SSM_HOME", stage.home.path())
        .env(CLIENTS_PART, "serves")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // As the shell does for $(…): read until nobody has the other end open.
    let mut text = String::new();
    client
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    client
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(client.wait().unwrap().success(), "{text}");
    let stream = connect_only(&stage.endpoint, Instant::now() + AMPLE)
        .await
        .unwrap();
    end(&stage.endpoint, stream.expect("the daemon lives on")).await;
}

#[tokio::test]
async fn a_daemon_for_one_client_serves_its_standard_input() {
    let stage = Stage::new();
    let deadline = Instant::now() + AMPLE;
    let mut daemon = stage.daemon("oneshot");
    // The harness refuses the argument it does not know unless it ends options.
    daemon.args.push("--".into());
    let (mut stream, process) = oneshot(&daemon, deadline).await.unwrap();
    stream.write_all(b"a").await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'b');
    drop(stream);
    process.finish(deadline).await;
    assert!(!stage.endpoint.run_dir().exists(), "it has no socket file");
}

#[tokio::test]
async fn a_daemon_that_answers_nobody_is_ended_by_force_once_it_is_told_for_certain() {
    let stage = Stage::new();
    let stream = stage.connect("serves").await.unwrap();
    let deaf = process_of(&stream);
    assert_eq!(lock_holder(&stage.endpoint).unwrap(), Some(deaf));
    let process = rustix::process::Pid::from_raw(i32::try_from(deaf).unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::STOP).unwrap();
    let deadline = Instant::now() + AMPLE;
    let ended = end_by_force(&stage.endpoint, deadline).await.unwrap();
    assert_eq!(ended, deaf);
    assert_eq!(lock_holder(&stage.endpoint).unwrap(), None);
    assert_eq!(probe(&stage.endpoint.socket).unwrap(), Probe::Stale);
}

#[tokio::test]
async fn a_process_id_in_a_file_is_never_signalled_for_being_there() {
    let stage = Stage::new();
    stage.endpoint.prepare().unwrap();
    let mut bystander = std::process::Command::new("sleep")
        .arg("600")
        .spawn()
        .unwrap();
    let deadline = Instant::now() + AMPLE;
    let lock = &stage.endpoint.lock;
    fs::write(lock, bystander.id().to_string()).unwrap();
    // Left by a daemon that is dead, its number now another's.
    let error = end_by_force(&stage.endpoint, deadline).await.unwrap_err();
    assert_eq!(error.what, not_running(&stage.endpoint).what);
    wait_until_gone(&stage.endpoint, bystander.id(), deadline)
        .await
        .unwrap();
    // Even if somebody holds it, and somebody listens.
    let held = fs::File::open(lock).unwrap();
    held.try_lock().unwrap();
    let _listener = StdListener::bind(&stage.endpoint.socket).unwrap();
    let error = end_by_force(&stage.endpoint, deadline).await.unwrap_err();
    assert!(error.why.contains("holds its lock"), "{error}");
    assert_eq!(bystander.try_wait().unwrap(), None, "it lives on");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[tokio::test]
async fn a_start_that_nobody_waits_for_any_more_leaves_no_process() {
    let stage = Stage::new();
    stage.endpoint.prepare().unwrap();
    let (ours, theirs) = StdStream::pair().unwrap();
    let command = stage.daemon("silent");
    let deadline = Instant::now() + AMPLE;
    let start = succeed(&command, theirs.into(), deadline);
    let given_up = tokio::time::timeout(Duration::from_millis(50), start).await;
    assert!(given_up.is_err(), "it never says that it is ready");
    // Its end of the socket closes with it.
    ours.set_read_timeout(Some(AMPLE)).unwrap();
    assert_eq!((&ours).read(&mut [0]).unwrap(), 0);
}

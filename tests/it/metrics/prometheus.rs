//! The listener for Prometheus: the same figures, for this user alone.

use std::process::Command;

use aws_ssm_proto::domain::ListQuery;
use aws_ssm_tests::harness::{Home, TestDaemon, finish, list_ids};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::stage::{Stage, first_caller, sandbox};

const QUESTION: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// A loopback address that nobody listens at.
pub(crate) fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

async fn answer(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin) -> String {
    stream.write_all(QUESTION).await.expect("asked");
    let mut said = String::new();
    stream.read_to_string(&mut said).await.expect("answered");
    let (head, body) = said.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
    body.to_owned()
}

/// What a daemon offers at a TCP address, once it does.
pub(crate) async fn scrape(address: &str) -> String {
    loop {
        match TcpStream::connect(address).await {
            Ok(stream) => return answer(stream).await,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

/// The value of a series, by its name and labels as they are written.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    line?.trim().parse().ok()
}

#[tokio::test]
async fn prometheus_reads_the_same_figures_as_the_command() {
    let address = free_address();
    let stage = Stage::new().await;
    let stage = stage.configured(&format!("metrics:\n  prometheus_listen: {address:?}\n"));
    stage.done(&["list"]).await;
    stage.done(&["list"]).await;
    stage.settled().await;
    let stats = stage.json(&["daemon", "stats"]).await;
    let text = scrape(&address).await;
    for operation in stats["api"].as_array().expect("operations") {
        let name = operation["operation"].as_str().expect("a name");
        for figure in [
            "calls",
            "successes",
            "failures",
            "retries",
            "throttles",
            "response_bytes",
            "kept_bytes",
        ] {
            let series = format!("aws_ssm_api_{figure}_total{{operation=\"{name}\"}}");
            assert_eq!(
                value(&text, &series),
                operation[figure].as_f64(),
                "{series}"
            );
        }
        for figure in ["min_seconds", "max_seconds", "p50_seconds", "p99_seconds"] {
            let series = format!("aws_ssm_api_duration_{figure}{{operation=\"{name}\"}}");
            assert_eq!(
                value(&text, &series),
                operation[figure].as_f64(),
                "{series}"
            );
        }
    }
    for (section, figures) in [
        (
            "cache",
            &["hits_total", "misses_total", "entries", "rows", "bytes"][..],
        ),
        ("pool", &["size", "hits_total", "misses_total"]),
        ("memory", &["instance_data_bytes"]),
    ] {
        for figure in figures {
            let counted = &stats[section][figure.trim_end_matches("_total")];
            let series = format!("aws_ssm_{section}_{figure} ");
            assert_eq!(value(&text, &series), counted.as_f64(), "{series}");
        }
    }
    let status = stage.json(&["daemon", "status"]).await;
    assert_eq!(status["prometheus"], address);
}

#[tokio::test]
async fn a_socket_file_offers_them_too_and_goes_with_the_daemon() {
    let sandbox = sandbox().await;
    let home = Home::new();
    let path = home.path().join("m");
    let config = format!("metrics:\n  prometheus_listen: unix:{}\n", path.display());
    let daemon = TestDaemon::start(&config).await;
    let client = daemon.client().await;
    list_ids(&client, &first_caller(&sandbox), ListQuery::default())
        .await
        .expect("a list");
    let stream = loop {
        match UnixStream::connect(&path).await {
            Ok(stream) => break stream,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let text = answer(stream).await;
    let series = "aws_ssm_rpc_calls_total{method=\"ListInstances\"}";
    assert_eq!(value(&text, series), Some(1.0), "{text}");
    daemon.stop().await;
    assert!(!path.exists(), "its name went with it");
}

#[tokio::test]
async fn an_address_in_use_keeps_nobody_from_being_served() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = other.local_addr().expect("an address").to_string();
    let stage = Stage::new().await;
    let stage = stage.configured(&format!("metrics:\n  prometheus_listen: {address:?}\n"));
    stage.done(&["list"]).await;
    let status = stage.json(&["daemon", "status"]).await;
    let told = status["prometheus"].as_str().expect("what became of it");
    assert!(
        told.starts_with(&address) && told.contains("in use"),
        "{told}"
    );
    let log = std::fs::read_to_string(status["log_file"].as_str().expect("a log"));
    let log = log.expect("a log");
    assert_eq!(log.matches("metrics.prometheus_listen").count(), 1, "{log}");
}

#[tokio::test]
async fn a_daemon_for_one_call_offers_nothing() {
    let address = free_address();
    let stage = Stage::new().await;
    let stage = stage.configured(&format!("metrics:\n  prometheus_listen: {address:?}\n"));
    let _held = std::net::TcpListener::bind(&address).expect("it is free");
    let alone = stage.done(&["list", "--no-daemon"]).await;
    assert_eq!(alone.stderr, "");
}

/// Only root can become somebody else; everybody else has to leave this untried.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn another_user_gets_no_figure() {
    const ASK: &str = "
import os, socket, sys, encodings.idna
os.setuid(65534)
host, port = sys.argv[1].split(':')
peer = socket.create_connection((host, int(port)), 10)
try:
    peer.sendall(b'GET /metrics HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n')
    print(peer.recv(100))
except (BrokenPipeError, ConnectionResetError):
    print(b'')
";
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let address = free_address();
    let config = format!("metrics:\n  prometheus_listen: {address:?}\n");
    let daemon = TestDaemon::start(&config).await;
    assert!(scrape(&address).await.contains("aws_ssm_build_info"));
    let mut command = Command::new("python3");
    command.args(["-c", ASK, &address]);
    let asked = finish(command).await;
    assert_eq!(asked.stdout.trim(), "b''", "{asked:?}");
    daemon.stop().await;
}

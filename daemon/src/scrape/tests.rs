use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener as StdUnixListener, UnixStream};
use std::path::PathBuf;

use tokio::task::{AbortHandle, spawn_blocking};

use super::*;

/// Serves for as long as it is kept.
struct Served(Scrape, AbortHandle);

impl Drop for Served {
    fn drop(&mut self) {
        self.1.abort();
    }
}

fn serve(listen: PrometheusListen) -> Served {
    let scrape = Scrape::new(listen);
    let task = tokio::spawn(scrape.clone().serve(|| Some("x 1\n".to_owned())));
    Served(scrape, task.abort_handle())
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// What is said to a question, once somebody listens.
async fn ask<S: Read + Write>(
    connect: impl Fn() -> std::io::Result<S> + Send + 'static,
    question: &'static str,
) -> String {
    let asked = spawn_blocking(move || {
        let mut stream = loop {
            match connect() {
                Ok(stream) => break stream,
                Err(_) => std::thread::yield_now(),
            }
        };
        stream.write_all(question.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
    });
    asked.await.unwrap()
}

const QUESTION: &str = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

#[tokio::test]
async fn a_port_answers_and_closes() {
    let address = free_port();
    let served = serve(PrometheusListen::Tcp(address));
    let said = ask(move || TcpStream::connect(address), QUESTION).await;
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
    assert!(said.contains("version=0.0.4"), "{said}");
    assert!(said.ends_with("\r\n\r\nx 1\n"), "{said}");
    assert_eq!(served.0.to_string(), address.to_string());
}

#[tokio::test]
async fn a_socket_file_is_this_users_and_goes_with_the_daemon() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("m");
    // What a daemon that was killed left.
    drop(StdUnixListener::bind(&path).unwrap());
    let served = serve(PrometheusListen::Unix(path.clone()));
    let at = path.clone();
    let said = ask(move || UnixStream::connect(&at), QUESTION).await;
    assert!(said.ends_with("\r\n\r\nx 1\n"), "{said}");
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(served);
    while path.exists() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m");
    std::fs::write(&path, "precious").unwrap();
    let error = Socket::bind(&PrometheusListen::Unix(path.clone())).await;
    assert!(error.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test(start_paused = true)]
async fn an_address_in_use_is_told_of_and_had_once_it_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m");
    let other = StdUnixListener::bind(&path).unwrap();
    let scrape = Scrape::new(PrometheusListen::Unix(path.clone()));
    let mut bound = std::pin::pin!(scrape.bind());
    assert!(timeout(AGAIN * 10, &mut bound).await.is_err());
    assert!(scrape.to_string().contains("in use"), "{scrape}");
    drop(other);
    let _socket = timeout(AGAIN + SOON, bound).await.unwrap();
    assert_eq!(scrape.to_string(), format!("unix:{}", path.display()));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_a_daemon_hands_over_is_had_in_a_moment() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m");
    let before = StdUnixListener::bind(&path).unwrap();
    let scrape = Scrape::new(PrometheusListen::Unix(path));
    let mut bound = std::pin::pin!(scrape.bind());
    assert!(timeout(SOON / 2, &mut bound).await.is_err());
    drop(before);
    let _socket = timeout(SOON, bound).await.unwrap();
}

#[tokio::test]
async fn a_head_that_is_too_large_or_no_http_ends_its_connection_alone() {
    let address = free_port();
    let _served = serve(PrometheusListen::Tcp(address));
    let long = format!(
        "GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n",
        "y".repeat(64 << 10)
    );
    for nonsense in ["\u{1}\u{2}nonsense\r\n\r\n".to_owned(), long] {
        let sent = spawn_blocking(move || {
            let Ok(mut stream) = TcpStream::connect(address) else {
                return;
            };
            // It may be closed while we write.
            let _ = stream.write_all(nonsense.as_bytes());
            let _ = stream.read_to_end(&mut Vec::new());
        });
        sent.await.unwrap();
    }
    let said = ask(move || TcpStream::connect(address), QUESTION).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_holds_a_connection_only_so_long() {
    let (silent, stream) = tokio::net::UnixStream::pair().unwrap();
    serve_one(Stream::Unix(stream), || None).await;
    drop(silent);
}

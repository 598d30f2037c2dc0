//! A proxy between this machine and AWS, which remembers what it was asked for.
//!
//! Wherever a caller wants to go, there are two places only: the local AWS, and the
//! same behind TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// No head of a request is longer.
const MAX_HEAD: usize = 64 * 1024;

/// Listens on the loopback until dropped.
#[derive(Debug)]
pub struct ForwardProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Way {
    plain: SocketAddr,
    tls: SocketAddr,
    /// What `Proxy-Authorization` must say.
    password: Option<String>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ForwardProxy {
    /// Leads plain requests to `plain`, and tunnels to `tls`. With a password, callers
    /// must show it: `Basic` and the base64 of `user:password`.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start(plain: SocketAddr, tls: SocketAddr, password: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let way = Way {
            plain,
            tls,
            password: password.map(str::to_owned),
            asked: Arc::default(),
        };
        let asked = Arc::clone(&way.asked);
        let task = tokio::spawn(async move {
            let mut served = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                served.spawn(way.clone().lead(stream));
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same with a user and a password.
    #[must_use]
    pub fn url_for(&self, user: &str) -> String {
        format!("http://{user}@{}", self.address)
    }

    /// The first line of each connection's first request, without its version.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Way {
    async fn lead(self, mut caller: TcpStream) -> io::Result<()> {
        let head = read_head(&mut caller).await?;
        let text = String::from_utf8_lossy(&head).into_owned();
        let line = text.lines().next().unwrap_or_default();
        let asked = line.trim_end_matches(" HTTP/1.1").to_owned();
        let is_tunnel = asked.starts_with("CONNECT ");
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(asked);
        let shows = |password: &String| text.contains(&format!("Basic {password}"));
        if !self.password.as_ref().is_none_or(shows) {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                 proxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n";
            return caller.write_all(refusal.as_bytes()).await;
        }
        let mut target = TcpStream::connect(if is_tunnel { self.tls } else { self.plain }).await?;
        if is_tunnel {
            caller.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        } else {
            target.write_all(&head).await?;
        }
        tokio::io::copy_bidirectional(&mut caller, &mut target).await?;
        Ok(())
    }
}

/// What has come when the head is whole, and maybe more.
async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if head.len() > MAX_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(head)
}

//! Owns the listener and the connections.
//!
//! Invariant: it listens on loopback only, and every connection's task ends
//! with the server's.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::handle;
use super::world::World;

/// How long to wait when no file descriptor is left for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) async fn start(world: Arc<World>, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(listener, world, stopped));
        Ok(Self {
            address,
            stop: Some(stop),
            task: Some(task),
        })
    }

    /// Closes the listener and every connection and waits until they are gone.
    pub(crate) async fn shutdown(mut self) {
        self.stop.take();
        if let Some(task) = self.task.take() {
            let _panicked = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The accepting task owns the connections' tasks, which end with it.
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn accept(listener: TcpListener, world: Arc<World>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    world.connections.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(serve(stream, Arc::clone(&world)));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, world: Arc<World>) {
    // Answers are written whole; waiting for more would only delay them.
    let _best_effort = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let world = Arc::clone(&world);
        async move { Ok::<_, Infallible>(handle::handle(world, request).await) }
    });
    // It ends when the client leaves or a fault cuts it: neither is news.
    let _ended = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

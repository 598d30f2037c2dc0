//! Offers the counters to Prometheus, on this machine and to this user alone.
//!
//! Invariants: it never keeps the daemon from serving, nor keeps it alive; a few
//! connections at a time, each with a deadline; nothing of a question but its
//! method, path and host is looked at.
//!
//! It does not know what is counted.

mod answer;
mod owner;
mod socket;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::config::PrometheusListen;
use socket::{Socket, Stream};

/// Connections at once; who comes beyond waits in the socket's queue.
const MOST_CONNECTIONS: usize = 4;
/// For the head of a question.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// For one connection, from its first byte to its last.
const WHOLE_TIME: Duration = Duration::from_secs(10);
/// Until an address that could not be had is tried again: at first, since a daemon that
/// hands over lets go of it in a moment, and then twice as long each time, up to this.
const SOON: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_secs(60);
/// After a connection that could not be taken, such as for want of descriptors.
const PAUSE: Duration = Duration::from_secs(1);
/// A question's head; Prometheus sends some 500 bytes.
const MOST_HEAD: usize = 16 << 10;

/// Where the counters are offered, and whether they are.
#[derive(Clone, Debug)]
pub struct Scrape {
    listen: PrometheusListen,
    trouble: Arc<Mutex<Option<String>>>,
}

impl fmt::Display for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.listen)?;
        match &*self.trouble.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(trouble) => write!(f, " (not there: {trouble})"),
            None => Ok(()),
        }
    }
}

impl Scrape {
    /// Not offered yet.
    #[must_use]
    pub fn new(listen: PrometheusListen) -> Self {
        Self {
            listen,
            trouble: Arc::default(),
        }
    }

    /// Offers what `text` gives, until it gives nothing any more or the task is
    /// dropped. An address that cannot be had is told of once, and tried again.
    pub async fn serve(self, text: impl Fn() -> Option<String> + Clone + Send + Sync + 'static) {
        let socket = self.bind().await;
        tracing::info!(address = %self.listen, "counters are offered to Prometheus");
        let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let slot = Arc::clone(&slots).acquire_owned().await;
            let slot = slot.expect("the slots are never closed");
            while connections.try_join_next().is_some() {}
            match socket.accept().await {
                Ok(Some(stream)) => {
                    let text = text.clone();
                    connections.spawn(async move {
                        serve_one(stream, text).await;
                        drop(slot);
                    });
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "Prometheus cannot be answered for now");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn bind(&self) -> Socket {
        let say = |trouble: Option<String>| {
            let mut said = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            let is_news = trouble.is_some() && *said != trouble;
            *said = trouble;
            is_news
        };
        let mut wait = SOON;
        loop {
            match Socket::bind(&self.listen).await {
                Ok(socket) => {
                    say(None);
                    return socket;
                }
                Err(error) => {
                    let error = error.to_string();
                    if say(Some(error.clone())) {
                        tracing::warn!(
                            address = %self.listen, error, again_in_s = wait.as_secs(),
                            "the counters cannot be offered to Prometheus \
                             (metrics.prometheus_listen); everything else works"
                        );
                    }
                    sleep(wait).await;
                    wait = AGAIN.min(2 * wait);
                }
            }
        }
    }
}

/// One question, one answer.
async fn serve_one(stream: Stream, text: impl Fn() -> Option<String> + Sync) {
    let needs_host = stream.needs_host();
    let service = service_fn(|question| {
        let answer = answer::answer(&question, needs_host, &text);
        async { Ok::<_, std::convert::Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MOST_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // Whoever is too slow, or hangs up, asks again.
    let _ = timeout(WHOLE_TIME, connection).await;
}

#[cfg(test)]
mod tests;

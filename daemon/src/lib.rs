//! The daemon behind `aws-ssm`: it keeps AWS clients, the inventory and its
//! refresh workers warm, and answers on a Unix socket.
//!
//! [`program`] is the whole of `aws-ssmd`; [`run`] is a daemon inside another
//! program, such as a test. `ARCHITECTURE.md` is the map of the modules.

mod aws;
mod clock;
mod config;
mod daemon;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod inventory;
mod lifecycle;
mod metrics;
mod persist;
mod program;
mod query;
mod refresh;
mod resilience;
mod rpc;
mod scrape;
mod standing;
mod sys;
mod telemetry;

use std::time::Duration;

use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::endpoint::Endpoint;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

pub use config::Config;
pub use lifecycle::{Listener, Starter};
pub use program::program;

use daemon::{Daemon, Facts, Wanted};
use lifecycle::{Life, Lock, Opened, Watch};

/// Streams that one connection may have open; a client here has one. Each may hold a
/// question that is not all there, or an answer that nobody reads. Clients take it
/// that there may be as many until they are told (RFC 9113, section 6.5.2).
const MAX_STREAMS: u32 = 100;
/// A client that is stopped or hangs holds its connection no longer than this and
/// the 20 s that hyper waits for the answer.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// Rows leave in frames of this many bytes when the client allows it.
const STREAM_WINDOW: u32 = 1 << 20;

/// Runs a daemon for `endpoint` inside this process until a caller asks it to
/// end, nobody has called for long, or its socket is taken away. Touches nothing
/// of the process itself: no signals, no descriptors, no logging.
///
/// # Errors
///
/// It cannot listen; another daemon that serves already is one reason.
pub async fn run(config: Config, endpoint: Endpoint) -> Result<(), Error> {
    let mut starter = Starter::nobody();
    match Listener::open(&endpoint, &mut starter).await? {
        Opened::Listening(listener, lock) => {
            let watch = Watch::socket(listener.file().cloned());
            let facts = Facts::new(&endpoint, None);
            let here = Handle::current();
            let seat = Seat {
                listener,
                lock: Some(lock),
                watch,
            };
            serve(config.into(), facts, seat, &here, || Ok(())).await
        }
        Opened::AlreadyServed => Err(Error::new(
            ErrorKind::Daemon,
            "another daemon serves this socket",
        )
        .why(endpoint.socket.display().to_string())),
    }
}

/// What makes a daemon the one that is called.
struct Seat {
    listener: Listener,
    /// `None`: its callers find it otherwise.
    lock: Option<Lock>,
    watch: Watch,
}

/// Serves the connections of a seat to the end, on the caller's runtime; what
/// AWS is asked runs on `loads`, so that the parsing of a large answer holds up
/// nobody. `ready` is called once connections are accepted.
async fn serve(
    wanted: Wanted,
    facts: Facts,
    seat: Seat,
    loads: &Handle,
    ready: impl FnOnce() -> std::io::Result<()>,
) -> Result<(), Error> {
    let Seat {
        listener,
        lock,
        mut watch,
    } = seat;
    let life = Life::new(wanted.config.idle_timeout());
    if let Some(lock) = lock {
        life.keep_lock(lock);
    }
    let listener = listener.visited(watch.take_visits());
    let incoming = listener.incoming(&life).map_err(|error| broken(&error))?;
    let daemon = Daemon::start(wanted, facts, life.clone(), loads);
    let services = rpc::services(&daemon)
        .await
        .expect("the descriptors are those this program was built with");
    let server = Server::builder()
        .max_concurrent_streams(MAX_STREAMS)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(STREAM_WINDOW)
        // The end comes with that of `incoming`. Without a signal, even one that
        // never comes, the server would not wait for what is in flight then.
        .serve_with_incoming_shutdown(services, incoming, std::future::pending());
    life.sign_lock();
    ready().map_err(|error| broken(&error))?;
    let over = CancellationToken::new();
    let serving = async {
        let served = life.serve(server, watch).await;
        over.cancel();
        served
    };
    let winding_down = async {
        tokio::select! {
            () = life.shutdown().draining().cancelled() => {}
            () = over.cancelled() => {}
        }
        telemetry::leave_log_file();
        daemon.wind_down().await;
    };
    let (served, ()) = tokio::join!(serving, winding_down);
    daemon.shut_down().await;
    tracing::info!("stopped");
    life.release_lock();
    served.map_err(|error| broken(&error))
}

fn broken(error: &dyn std::error::Error) -> Error {
    Error::new(ErrorKind::Daemon, "the daemon cannot serve its socket").why(error.to_string())
}

//! Takes connections in, one after the other, until the end begins.

use std::io;
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::sync::Arc;
use std::time::Duration;

use aws_ssm_proto::peer::check_peer;
use futures_util::stream::{Stream, unfold};
use rustix::process::{Resource, getrlimit};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::{Listener, Source};
use crate::lifecycle::connection::Connection;
use crate::lifecycle::drain::Reason;
use crate::lifecycle::life::Life;
use crate::lifecycle::notify;
use crate::lifecycle::selfcheck::SocketFile;
use crate::lifecycle::watchdog::Visits;

/// Connections at once; who comes beyond waits in the socket's queue. Each costs
/// a descriptor, a task and some 20 KiB.
const MAX_CONNECTIONS: u64 = 1024;

/// Where the system allows few descriptors, half of them are callers': without the
/// other half nothing could be asked of AWS for those who are in.
fn most_connections() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let half = limit.map_or(MAX_CONNECTIONS, |limit| limit / 2);
    usize::try_from(half.clamp(1, MAX_CONNECTIONS)).expect("a thousand at most")
}

/// After an error that waiting may mend, such as being out of descriptors: the
/// first pause, and the longest. Without one the accept loop would spin.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Connections are told of an end that nobody waits for only after this time, because
/// most are over by then without being told.
const UNTOLD: Duration = Duration::from_secs(1);

impl Listener {
    /// The connections to serve. It ends after the end of `life` has begun and
    /// whoever had connected before is in.
    ///
    /// # Errors
    ///
    /// The runtime does not take the socket over.
    pub fn incoming(
        self,
        life: &Life,
    ) -> io::Result<impl Stream<Item = io::Result<Connection>> + Send + 'static> {
        let stage = match self.source {
            Source::Socket {
                listener,
                file,
                ours,
            } => {
                listener.set_nonblocking(true)?;
                let listener = UnixListener::from_std(listener)?;
                Stage::Accept(listener, file.filter(|_| ours))
            }
            Source::Caller(stream) => Stage::Caller(to_tokio(stream)?),
        };
        let acceptor = Acceptor {
            stage,
            gate: Gate {
                slots: Arc::new(Semaphore::new(most_connections())),
                life: life.clone(),
            },
            visits: self.visits,
        };
        Ok(unfold(acceptor, |mut acceptor| async move {
            let connection = acceptor.next().await?;
            Some((Ok(connection), acceptor))
        }))
    }
}

struct Acceptor {
    stage: Stage,
    gate: Gate,
    visits: Visits,
}

/// Who is let in.
struct Gate {
    slots: Arc<Semaphore>,
    life: Life,
}

/// How far the acceptor is.
enum Stage {
    /// Callers come. The file is ours to remove.
    Accept(UnixListener, Option<SocketFile>),
    /// The end has begun; these were in the queue.
    Queue(StdListener),
    /// Another daemon serves from now on, or can be started.
    Leave,
    /// The only caller is yet to be served.
    Caller(UnixStream),
    /// Nobody comes any more. With a single caller that is no end yet.
    Done,
}

impl Acceptor {
    async fn next(&mut self) -> Option<Connection> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Done) {
                Stage::Accept(listener, file) => {
                    let connection = tokio::select! {
                        visit = self.visits.next() => Some(self.gate.visit(visit)),
                        connection = self.gate.accept(&listener) => connection,
                    };
                    if connection.is_some() {
                        self.stage = Stage::Accept(listener, file);
                        return connection;
                    }
                    let reason = self.gate.life.shutdown().reason();
                    self.stage = match reason {
                        // The socket goes on listening, in another process.
                        Some(Reason::HandedOver) => Stage::Leave,
                        _ => close(listener, file.as_ref()),
                    };
                }
                Stage::Queue(listener) => {
                    if let Some(connection) = self.gate.accept_queued(&listener) {
                        self.stage = Stage::Queue(listener);
                        return Some(connection);
                    }
                    if self.gate.life.shutdown().reason() != Some(Reason::Vacated) {
                        return None;
                    }
                    self.gate.life.release_lock();
                    self.stage = Stage::Leave;
                }
                Stage::Leave => {
                    self.gate.life.alone(UNTOLD).await;
                    return None;
                }
                Stage::Caller(stream) => {
                    let Gate { slots, life } = &self.gate;
                    let slot = Arc::clone(slots).try_acquire_owned().ok()?;
                    let connection = Connection::new(stream, slot, life);
                    life.end_when_alone(Reason::CallerLeft);
                    return Some(connection);
                }
                Stage::Done => {
                    self.gate.life.shutdown().draining().cancelled().await;
                    return None;
                }
            }
        }
    }
}

impl Gate {
    /// One who comes by another way, and takes no caller's place.
    fn visit(&self, stream: UnixStream) -> Connection {
        Connection::visit(stream, &self.life)
    }

    /// The next caller, or `None` once the end has begun.
    async fn accept(&self, listener: &UnixListener) -> Option<Connection> {
        let draining = self.life.shutdown().draining();
        let slot = draining.run_until_cancelled(self.slot()).await?;
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match draining.run_until_cancelled(listener.accept()).await? {
                Ok((stream, _)) if is_allowed(&stream) => {
                    return Some(Connection::new(stream, slot, &self.life));
                }
                Ok(_) => continue,
                Err(error) => error,
            };
            if error.kind() == io::ErrorKind::ConnectionAborted {
                continue;
            }
            tracing::warn!(%error, ?pause, "no connection can be accepted for now");
            draining.run_until_cancelled(sleep(pause)).await?;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// The next of those who had connected when the end began.
    fn accept_queued(&self, listener: &StdListener) -> Option<Connection> {
        loop {
            let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
            let (stream, _) = listener.accept().ok()?;
            if let Ok(stream) = to_tokio(stream)
                && is_allowed(&stream)
            {
                return Some(Connection::new(stream, slot, &self.life));
            }
        }
    }

    async fn slot(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .expect("the slots are never closed")
    }
}

/// Says that the end has begun, and takes the socket's name away.
fn close(listener: UnixListener, file: Option<&SocketFile>) -> Stage {
    notify::stopping();
    if let Some(Err(error)) = file.map(SocketFile::remove) {
        tracing::warn!(%error, "the socket cannot be removed");
    }
    listener.into_std().map_or(Stage::Done, Stage::Queue)
}

fn is_allowed(stream: &UnixStream) -> bool {
    match check_peer(stream) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "connection refused");
            false
        }
    }
}

fn to_tokio(stream: StdStream) -> io::Result<UnixStream> {
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn who_comes_beyond_the_cap_waits_until_another_leaves() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("s");
        let life = Life::new(None);
        let mut acceptor = Acceptor {
            stage: Stage::Accept(UnixListener::bind(&path).unwrap(), None),
            gate: Gate {
                slots: Arc::new(Semaphore::new(1)),
                life: life.clone(),
            },
            visits: Visits::default(),
        };
        let _callers = [(); 2].map(|()| StdStream::connect(&path).unwrap());
        let first = acceptor.next().await.unwrap();
        let mut second = pin!(acceptor.next());
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(life.connections(), 1);
        drop(first);
        assert!(second.await.is_some());
    }

    #[tokio::test]
    async fn a_visit_to_itself_is_let_in_beyond_the_cap_and_is_no_caller() {
        let temp = tempfile::tempdir().unwrap();
        let life = Life::new(None);
        let (visitor, visits) = crate::lifecycle::watchdog::visitor();
        let mut acceptor = Acceptor {
            stage: Stage::Accept(UnixListener::bind(temp.path().join("s")).unwrap(), None),
            gate: Gate {
                slots: Arc::new(Semaphore::new(0)),
                life: life.clone(),
            },
            visits,
        };
        let (_ours, theirs) = UnixStream::pair().unwrap();
        visitor.try_send(theirs).unwrap();
        let _visit = acceptor.next().await.unwrap();
        assert_eq!(life.connections(), 0);
        drop(visitor);
        let mut next = pin!(acceptor.next());
        assert!(next.as_mut().now_or_never().is_none(), "it goes on without");
    }
}

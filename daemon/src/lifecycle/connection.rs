//! One caller's connection: counted while it is open, and cut when the end is
//! overdue. The daemon's visits to itself are connections, too, and count for nobody.
//!
//! The server's own tasks own their connections and nobody owns the tasks, so the
//! connection itself breaks off: the task that waits for it finds it closed.
//!
//! Whoever connects begins HTTP/2 soon, or is hung up on: a connection costs a
//! descriptor and a place that others may wait for.
//!
//! It is never closed over words that a caller has not read yet: the kernel keeps
//! them, but a caller who is still writing is told of a broken pipe instead.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::transport::server::Connected;

use super::drain::DRAIN;
use super::life::Life;

/// A caller's program writes its first words before it does anything else; this is
/// for one on a machine that hardly moves.
const OPENING: Duration = Duration::from_secs(10);

/// A connection of a caller who is the same user.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    opening: Opening,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Set once everything is said: how long the caller has to hang up.
    hang_up: Option<Pin<Box<Sleep>>>,
    _open: Option<Open>,
}

/// The text that begins HTTP/2, while it is not all there. Afterwards the server's own
/// pings tell whether the caller is still alive.
#[derive(Debug)]
struct Opening {
    /// Bytes that have yet to come.
    missing: usize,
    /// Set for a caller who has to be waited for, which few have.
    time: Option<Pin<Box<Sleep>>>,
}

impl Opening {
    const LENGTH: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

    fn new() -> Self {
        Self {
            missing: Self::LENGTH,
            time: None,
        }
    }

    /// So many bytes have come.
    fn came(&mut self, bytes: usize) {
        self.missing = self.missing.saturating_sub(bytes);
        if self.missing == 0 {
            self.time = None;
        }
    }

    /// Whether the time for it is over.
    fn is_overdue(&mut self, ctx: &mut Context<'_>) -> bool {
        if self.missing == 0 {
            return false;
        }
        let time = self.time.get_or_insert_with(|| Box::pin(sleep(OPENING)));
        time.as_mut().poll(ctx).is_ready()
    }
}

/// Counts a connection for as long as it exists.
#[derive(Debug)]
struct Open {
    life: Life,
    _slot: OwnedSemaphorePermit,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.life.caller_left();
    }
}

impl Connection {
    pub(super) fn new(stream: UnixStream, slot: OwnedSemaphorePermit, life: &Life) -> Self {
        life.caller_came();
        let open = Open {
            life: life.clone(),
            _slot: slot,
        };
        Self {
            _open: Some(open),
            ..Self::visit(stream, life)
        }
    }

    /// One of the daemon's own, which is no reason to stay.
    pub(super) fn visit(stream: UnixStream, life: &Life) -> Self {
        Self {
            stream,
            opening: Opening::new(),
            cut: Box::pin(life.shutdown().cut().clone().cancelled_owned()),
            hang_up: None,
            _open: None,
        }
    }

    /// What waiting for the socket comes to: the cut is looked at only by those
    /// who would wait.
    fn or_cut<T>(
        &mut self,
        ctx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_pending() && self.cut.as_mut().poll(ctx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        polled
    }

    /// Reads what the caller still writes, until he hangs up or his time is over.
    fn poll_hang_up(&mut self, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let time = self.hang_up.get_or_insert_with(|| Box::pin(sleep(DRAIN)));
        if time.as_mut().poll(ctx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut room = [0; 1024];
        loop {
            let mut unheard = ReadBuf::new(&mut room);
            let polled = Pin::new(&mut self.stream).poll_read(ctx, &mut unheard);
            ready!(self.or_cut(ctx, polled))?;
            if unheard.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// There is nothing to tell of a caller but that he is the same user.
impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(ctx, buffer);
        if polled.is_ready() {
            self.opening.came(buffer.filled().len() - before);
        } else if self.opening.is_overdue(ctx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.or_cut(ctx, polled)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(ctx, bytes);
        self.or_cut(ctx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(ctx, slices);
        self.or_cut(ctx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(ctx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.hang_up.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(ctx))?;
        }
        self.poll_hang_up(ctx)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::lifecycle::drain::Reason;

    fn connection(life: &Life) -> (UnixStream, Connection) {
        let (caller, stream) = UnixStream::pair().unwrap();
        let slot = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        (caller, Connection::new(stream, slot, life))
    }

    #[tokio::test]
    async fn a_caller_who_still_writes_reads_all_that_was_said() {
        let (mut caller, mut connection) = connection(&Life::new(None));
        connection.write_all(b"answer").await.unwrap();
        let mut end = pin!(connection.shutdown());
        assert!(end.as_mut().now_or_never().is_none());
        caller
            .write_all(b"noted")
            .await
            .expect("nobody broke it off");
        let mut heard = String::new();
        caller.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "answer");
        drop(caller);
        end.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_does_not_hang_up_has_only_so_long() {
        let (_caller, mut connection) = connection(&Life::new(None));
        connection.shutdown().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_does_not_begin_is_hung_up_on_in_time() {
        for words in [&b""[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r"] {
            let (mut caller, mut connection) = connection(&Life::new(None));
            caller.write_all(words).await.unwrap();
            let mut room = [0; 64];
            while let Ok(count) = connection.read(&mut room).await {
                assert_eq!(room[..count], *words);
            }
            let error = connection.read(&mut room).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_has_begun_may_be_silent() {
        let (mut caller, mut connection) = connection(&Life::new(None));
        let mut room = [0; 64];
        // It is waited for, and then comes in two pieces.
        assert!(connection.read(&mut room).now_or_never().is_none());
        for piece in [&b"PRI * HTTP/2.0\r\n\r\n"[..], b"SM\r\n\r\n and more"] {
            caller.write_all(piece).await.unwrap();
            assert_eq!(connection.read(&mut room).await.unwrap(), piece.len());
        }
        let silence = tokio::time::timeout(100 * OPENING, connection.read(&mut room)).await;
        assert!(silence.is_err(), "{silence:?}");
    }

    #[tokio::test]
    async fn the_cut_does_not_wait_for_the_caller() {
        let life = Life::new(None);
        let (_caller, mut connection) = connection(&life);
        life.shutdown().cut().cancel();
        life.shutdown().begin(Reason::Asked, true);
        connection.shutdown().await.unwrap_err();
    }
}

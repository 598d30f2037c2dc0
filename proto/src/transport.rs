//! gRPC over one Unix socket connection, without a general-purpose channel.
//!
//! The client lives for a millisecond and speaks to one peer. It needs no
//! balancing, no reconnecting, no buffering and no TLS, and their set-up would
//! cost more than the answer; so the generated stubs run on `h2` directly.

mod preface;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response, Uri};
use http_body::{Body, Frame};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tonic::Status;

use preface::WithPreface;

/// Room for answers in flight, in bytes: a page and then some.
const STREAM_WINDOW: u32 = 2 << 20;
/// Large frames save a system call and a wake-up for every 16 KiB of rows.
const MAX_FRAME: u32 = 1 << 20;
/// Answers to small questions carry error texts in their trailers.
const MAX_HEADER_LIST: u32 = 64 << 10;

/// One HTTP/2 connection to the daemon. Clones share it.
#[derive(Clone, Debug)]
pub struct Channel {
    h2: SendRequest<Bytes>,
    authority: Uri,
}

/// Drives the connection of a [`Channel`]; dropping it closes the connection.
#[derive(Debug)]
pub struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Channel {
    /// Speaks HTTP/2 over a connected socket.
    ///
    /// # Errors
    ///
    /// The peer closes or does not speak HTTP/2.
    pub async fn open(socket: UnixStream) -> Result<(Self, Driver), h2::Error> {
        let (h2, connection) = h2::client::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(STREAM_WINDOW)
            .max_frame_size(MAX_FRAME)
            .max_header_list_size(MAX_HEADER_LIST)
            .enable_push(false)
            .handshake(WithPreface::new(socket))
            .await?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer is told of the error as well.
            let _ = connection.await;
        });
        let channel = Self {
            h2,
            authority: Uri::from_static("http://aws-ssmd"),
        };
        Ok((channel, Driver(driver)))
    }

    /// The origin that the stubs put into requests; a socket has none.
    pub(crate) fn origin(&self) -> Uri {
        self.authority.clone()
    }
}

impl tower::Service<Request<tonic::body::Body>> for Channel {
    type Response = Response<AnswerBody>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Status>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        // A lost connection is for the call to tell: the stubs make a status without a
        // meaning of what is said here.
        self.h2.poll_ready(cx).map(|_| Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let mut h2 = self.h2.clone();
        Box::pin(async move {
            let (head, mut body) = request.into_parts();
            // Every question is one message, so it is sent whole before the
            // answer is awaited.
            let message = next_data(&mut body).await?;
            let (response, mut upload) = h2
                .send_request(Request::from_parts(head, ()), message.is_none())
                .map_err(lost)?;
            if let Some(message) = message {
                upload.send_data(message, true).map_err(lost)?;
            }
            Ok(response.await.map_err(lost)?.map(AnswerBody::new))
        })
    }
}

async fn next_data(body: &mut tonic::body::Body) -> Result<Option<Bytes>, Status> {
    let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
    Ok(frame.transpose()?.and_then(|frame| frame.into_data().ok()))
}

/// The frames of one answer.
#[derive(Debug)]
pub struct AnswerBody {
    stream: RecvStream,
    data_done: bool,
}

impl AnswerBody {
    fn new(stream: RecvStream) -> Self {
        Self {
            stream,
            data_done: false,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if !self.data_done {
            match ready!(self.stream.poll_data(cx)) {
                Some(Ok(data)) => {
                    let released = self.stream.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(released.map(|()| Frame::data(data)).map_err(lost)));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(lost(error)))),
                None => self.data_done = true,
            }
        }
        let trailers: Option<HeaderMap> = ready!(self.stream.poll_trailers(cx)).map_err(lost)?;
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }
}

/// A connection that ends in the middle of a call.
fn lost(error: h2::Error) -> Status {
    if error.reason() == Some(Reason::CANCEL) {
        return Status::cancelled("the daemon cancelled the call");
    }
    Status::unavailable(format!("the connection to the daemon was lost: {error}"))
}

//! Owns the bodies of answers: whole ones, and those that a fault cuts in half.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// A body of known length, which may break off in the middle.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    announced: u64,
    rest: Option<Bytes>,
    end: End,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Proper,
    /// The first half is still to be flushed.
    BreakAfterFlush,
    Break,
}

impl AnswerBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self {
            announced: bytes.len() as u64,
            rest: Some(bytes).filter(|bytes| !bytes.is_empty()),
            end: End::Proper,
        }
    }

    /// Announces all of `bytes`, sends the first half and breaks off.
    pub(crate) fn cut_in_half(bytes: Bytes) -> Self {
        Self {
            announced: bytes.len() as u64,
            rest: Some(bytes.slice(..bytes.len() / 2)),
            end: End::BreakAfterFlush,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.end {
            End::Proper => Poll::Ready(None),
            End::BreakAfterFlush => {
                // The connection writes out what it has when a body is not ready.
                self.end = End::Break;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            End::Break => {
                let broken = io::Error::new(io::ErrorKind::ConnectionAborted, "cut as ordered");
                Poll::Ready(Some(Err(broken)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.end == End::Proper
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

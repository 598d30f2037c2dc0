//! Sends what opens a connection together with the first question.
//!
//! HTTP/2 begins with a fixed text, which `h2` writes by itself. To the daemon each
//! write is a wake-up, and on an idle machine waking is most of what a warm answer
//! costs; so the text waits for what follows it, which is the settings and the
//! question.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What every client begins with (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream whose first write, the preface, waits for the second.
#[derive(Debug)]
pub(super) struct WithPreface<S> {
    stream: S,
    /// What is held back; empty once it is sent.
    held: &'static [u8],
}

impl<S> WithPreface<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, held: &[] }
    }
}

impl<S: AsyncWrite + Unpin> WithPreface<S> {
    /// Writes what is held and `others` after it; returns how much of those.
    fn poll_write_held(
        &mut self,
        cx: &mut Context<'_>,
        others: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        while !self.held.is_empty() {
            let mut slices = Vec::with_capacity(1 + others.len());
            slices.push(IoSlice::new(self.held));
            slices.extend(others.iter().map(|slice| IoSlice::new(slice)));
            let stream = Pin::new(&mut self.stream);
            let written = ready!(stream.poll_write_vectored(cx, &slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let (sent, rest) = self.held.split_at(written.min(self.held.len()));
            self.held = rest;
            if written > sent.len() {
                return Poll::Ready(Ok(written - sent.len()));
            }
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, others)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WithPreface<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes == PREFACE {
            self.held = PREFACE;
            return Poll::Ready(Ok(bytes.len()));
        }
        self.poll_write_held(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_held(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WithPreface<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn the_preface_leads_what_follows_it() {
        let (ours, mut theirs) = duplex(1024);
        let mut ours = WithPreface::new(ours);
        ours.write_all(PREFACE).await.unwrap();
        ours.write_all(b"settings").await.unwrap();
        ours.write_all(b" and question").await.unwrap();
        drop(ours);
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, [PREFACE, b"settings and question"].concat());
    }

    #[tokio::test]
    async fn a_stream_that_takes_little_at_a_time_gets_all_of_it() {
        let (ours, mut theirs) = duplex(5);
        let mut ours = WithPreface::new(ours);
        let sending = async {
            ours.write_all(PREFACE).await.unwrap();
            let slices = [IoSlice::new(b"settings"), IoSlice::new(b", question")];
            let written = ours.write_vectored(&slices).await.unwrap();
            let rest = &b"settings, question"[written..];
            ours.write_all(rest).await.unwrap();
            drop(ours);
        };
        let mut received = Vec::new();
        let (read, ()) = tokio::join!(theirs.read_to_end(&mut received), sending);
        read.unwrap();
        assert_eq!(received, [PREFACE, b"settings, question"].concat());
    }
}

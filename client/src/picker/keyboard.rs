//! What somebody types, read by a thread of its own.
//!
//! Standard input is shared with whoever started this process, so it must stay a
//! descriptor that blocks. The thread ends, and is joined, when this is dropped.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{read, retry_on_intr};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// What nobody has taken yet; further typing stays with the terminal.
const MOST_READS: usize = 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Keyboard {
    typed: Receiver<io::Result<Vec<u8>>>,
    /// Dropped to end the thread.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Keyboard {
    /// Reads what is typed on this terminal.
    pub(super) fn listen(input: OwnedFd) -> io::Result<Self> {
        let (stopped, stop) = io::pipe()?;
        let (typing, typed) = channel(MOST_READS);
        let read_all = move || read_all(&input, &stopped, &typing);
        let thread = thread::Builder::new().name("keyboard".to_owned());
        Ok(Self {
            typed,
            stop: Some(stop),
            thread: Some(thread.spawn(read_all)?),
        })
    }

    /// The next bytes; an error once the terminal is gone. Nothing is lost when this is
    /// not waited for to its end.
    pub(super) async fn read(&mut self) -> io::Result<Vec<u8>> {
        let typed = self.typed.recv().await;
        typed.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.typed.close();
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it has panicked, that has been told.
            let _ = thread.join();
        }
    }
}

fn read_all(input: &OwnedFd, stopped: &PipeReader, typing: &Sender<io::Result<Vec<u8>>>) {
    while let Some(typed) = next(input, stopped).transpose() {
        let is_over = typed.is_err();
        if typing.blocking_send(typed).is_err() || is_over {
            return;
        }
    }
}

/// `None` when nobody wants any more.
fn next(input: &OwnedFd, stopped: &PipeReader) -> io::Result<Option<Vec<u8>>> {
    let mut both =
        [input.as_fd(), stopped.as_fd()].map(|end| PollFd::from_borrowed_fd(end, PollFlags::IN));
    retry_on_intr(|| poll(&mut both, None))?;
    if !both[1].revents().is_empty() {
        return Ok(None);
    }
    let mut bytes = vec![0; 4096];
    let length = retry_on_intr(|| read(input, &mut bytes[..]))?;
    bytes.truncate(length);
    match length {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(Some(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[tokio::test]
    async fn what_is_typed_arrives_and_the_end_is_an_error() {
        let (input, mut output) = io::pipe().expect("a pipe");
        let mut keyboard = Keyboard::listen(input.into()).expect("a thread");
        output.write_all(b"web").expect("room");
        assert_eq!(keyboard.read().await.expect("bytes"), b"web");
        drop(output);
        assert!(keyboard.read().await.is_err());
        assert!(keyboard.read().await.is_err());
    }

    #[tokio::test]
    async fn a_keyboard_that_nobody_touches_can_be_left() {
        let (input, output) = io::pipe().expect("a pipe");
        drop(Keyboard::listen(input.into()).expect("a thread"));
        drop(output);
    }
}

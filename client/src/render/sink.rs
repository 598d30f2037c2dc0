//! Where bytes for standard output go: one buffer, written in as few calls as can
//! be.

use std::io::{self, Write};

/// Written when it holds this many bytes; most answers fit, and cost one call.
const ROOM: usize = 64 << 10;

/// Standard output, behind a buffer.
pub struct Sink {
    buffer: Vec<u8>,
    target: Box<dyn Write>,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink")
            .field("waiting", &self.buffer.len())
            .finish_non_exhaustive()
    }
}

impl Sink {
    /// Writes to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(Box::new(Stdout))
    }

    /// Writes to `target`.
    #[must_use]
    pub fn new(target: Box<dyn Write>) -> Self {
        Self {
            buffer: Vec::new(),
            target,
        }
    }

    /// What waits to be written; append to it.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Writes what waits, if it is much.
    ///
    /// # Errors
    ///
    /// As [`Sink::flush`].
    pub fn relieve(&mut self) -> io::Result<()> {
        if self.buffer.len() >= ROOM {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes everything that waits.
    ///
    /// # Errors
    ///
    /// The target takes no more.
    pub fn flush(&mut self) -> io::Result<()> {
        let written = self.target.write_all(&self.buffer);
        self.buffer.clear();
        written
    }
}

/// Standard output itself: the standard library's puts a second buffer before it,
/// and would write it line by line.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(rustix::stdio::stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

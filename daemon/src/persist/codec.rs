//! Numbers and texts as bytes, and back without trust.
//!
//! Little-endian, texts and lists with their length before them. [`Output`] hands
//! on what is written in large pieces and hashes it on the way, so that a snapshot
//! is never held twice. [`Input`] takes nothing for granted: whatever the bytes
//! are, it answers or says what is wrong with them, and never asks for more memory
//! than there are bytes.

use std::io::{self, Write};

/// Bytes gathered before they are hashed and handed on.
const PIECE: usize = 64 << 10;

/// What is wrong with bytes that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(pub &'static str);

/// Takes what is to be stored.
pub struct Output<'a> {
    to: &'a mut dyn Write,
    hasher: blake3::Hasher,
    gathered: Vec<u8>,
    written: u64,
    limit: u64,
}

impl<'a> Output<'a> {
    /// Writes at most `limit` bytes and hashes them with `hasher`.
    pub(super) fn new(to: &'a mut dyn Write, hasher: blake3::Hasher, limit: u64) -> Self {
        Self {
            to,
            hasher,
            gathered: Vec::with_capacity(PIECE),
            written: 0,
            limit,
        }
    }

    /// Bytes as they are.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or becomes larger than it may. The same goes for
    /// all that follow.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            if self.gathered.len() + piece.len() > PIECE {
                self.hand_on()?;
            }
            self.gathered.extend_from_slice(piece);
        }
        Ok(())
    }

    /// One byte.
    pub fn u8(&mut self, number: u8) -> io::Result<()> {
        self.bytes(&[number])
    }

    /// Two bytes.
    pub fn u16(&mut self, number: u16) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    /// Four bytes.
    pub fn u32(&mut self, number: u32) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    /// Eight bytes.
    pub fn u64(&mut self, number: u64) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    /// Eight bytes, with a sign.
    pub fn i64(&mut self, number: i64) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    /// The length of what follows.
    pub fn length(&mut self, length: usize) -> io::Result<()> {
        let length = u32::try_from(length).map_err(|_| too_large())?;
        self.u32(length)
    }

    /// A text, with its length.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.length(text.len())?;
        self.bytes(text.as_bytes())
    }

    /// A list of numbers, with its length.
    pub fn u32s(&mut self, numbers: &[u32]) -> io::Result<()> {
        self.length(numbers.len())?;
        numbers.iter().try_for_each(|number| self.u32(*number))
    }

    /// Hands on the rest; the hash of everything.
    pub(super) fn finish(mut self) -> io::Result<blake3::Hash> {
        self.hand_on()?;
        Ok(self.hasher.finalize())
    }

    fn hand_on(&mut self) -> io::Result<()> {
        self.written += self.gathered.len() as u64;
        if self.written > self.limit {
            return Err(too_large());
        }
        self.hasher.update(&self.gathered);
        self.to.write_all(&self.gathered)?;
        self.gathered.clear();
        Ok(())
    }
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "it is too large to be kept")
}

/// Bytes that were stored, from whatever hand.
#[derive(Clone, Debug)]
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// Reads these.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// So many bytes as they are.
    ///
    /// # Errors
    ///
    /// There are not enough, or they are not what is asked for. The same goes for
    /// all that follow.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    /// So many bytes, of which the number is fixed.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Damaged> {
        self.array().map(u8::from_le_bytes)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16, Damaged> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, Damaged> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, Damaged> {
        self.array().map(u64::from_le_bytes)
    }

    /// Eight bytes, with a sign.
    pub fn i64(&mut self) -> Result<i64, Damaged> {
        self.array().map(i64::from_le_bytes)
    }

    /// The number of things that follow, of which each has `size` bytes or more.
    pub fn length(&mut self, size: usize) -> Result<usize, Damaged> {
        let length = self.u32()? as usize;
        let bytes = length.checked_mul(size).ok_or(SHORT)?;
        if bytes > self.0.len() {
            return Err(SHORT);
        }
        Ok(length)
    }

    /// A text.
    pub fn text(&mut self) -> Result<&'a str, Damaged> {
        let length = self.length(1)?;
        let bytes = self.bytes(length)?;
        std::str::from_utf8(bytes).map_err(|_| Damaged("a text is no text"))
    }

    /// A list of numbers.
    pub fn u32s(&mut self) -> Result<Vec<u32>, Damaged> {
        let length = self.length(size_of::<u32>())?;
        let bytes = self.bytes(length * size_of::<u32>())?;
        let (numbers, _) = bytes.as_chunks();
        Ok(numbers.iter().copied().map(u32::from_le_bytes).collect())
    }

    /// Nothing may be left.
    pub fn end(&self) -> Result<(), Damaged> {
        match self.0 {
            [] => Ok(()),
            _ => Err(Damaged("there is more than there should be")),
        }
    }
}

const SHORT: Damaged = Damaged("it ends too early");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut bytes = Vec::new();
        let mut out = Output::new(&mut bytes, blake3::Hasher::new(), 1 << 20);
        let long = "x".repeat(PIECE + 1);
        out.u8(7).unwrap();
        out.u16(8).unwrap();
        out.i64(-9).unwrap();
        out.u64(10).unwrap();
        out.text(&long).unwrap();
        out.u32s(&[1, 2, u32::MAX]).unwrap();
        let hash = out.finish().unwrap();
        assert_eq!(hash, blake3::hash(&bytes));
        let mut input = Input::new(&bytes);
        assert_eq!(input.u8(), Ok(7));
        assert_eq!(input.u16(), Ok(8));
        assert_eq!(input.i64(), Ok(-9));
        assert_eq!(input.u64(), Ok(10));
        assert_eq!(input.text(), Ok(long.as_str()));
        assert_eq!(input.u32s(), Ok(vec![1, 2, u32::MAX]));
        assert_eq!(input.end(), Ok(()));
        assert_eq!(input.u8(), Err(SHORT));
    }

    #[test]
    fn a_length_beyond_the_bytes_reserves_no_memory() {
        let bytes = u32::MAX.to_le_bytes();
        assert_eq!(Input::new(&bytes).u32s(), Err(SHORT));
        assert_eq!(Input::new(&bytes).text(), Err(SHORT));
        assert_eq!(Input::new(&bytes).length(usize::MAX), Err(SHORT));
    }

    #[test]
    fn what_grows_beyond_the_limit_is_given_up() {
        let mut bytes = Vec::new();
        let mut out = Output::new(&mut bytes, blake3::Hasher::new(), 100);
        out.bytes(&[0; 101]).unwrap();
        let error = out.finish().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(bytes.is_empty());
    }
}

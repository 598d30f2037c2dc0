//! The frame of every file: what it is, of which version, and a checksum with our
//! key over all of it.
//!
//! ```text
//! magic · version │ content … │ checksum
//! ```
//!
//! Whoever has opened a file knows that we wrote it, whole, with this key. What is
//! in it is still read without trust: see [`super::codec`].

use std::io::{self, Write};

use super::codec::{Damaged, Input, Output};
use super::folder::Unusable;

/// Raised by every change of what is written. Earlier versions are removed, for what they
/// hold can be loaded again; later ones are set aside.
const VERSION: u32 = 2;
const MAGIC: [u8; 8] = *b"aws-ssm\n";
const CHECKSUM: usize = blake3::OUT_LEN;

/// Writes a file in its frame; its content is at most `limit` bytes.
pub(super) fn seal(
    to: &mut dyn Write,
    key: &[u8; 32],
    limit: u64,
    content: impl FnOnce(&mut Output<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = Output::new(to, blake3::Hasher::new_keyed(key), limit);
    out.bytes(&MAGIC)?;
    out.u32(VERSION)?;
    content(&mut out)?;
    let checksum = out.finish()?;
    to.write_all(checksum.as_bytes())
}

/// What is in a frame that is ours and whole.
pub(super) fn open<'a>(bytes: &'a [u8], key: &[u8; 32]) -> Result<Input<'a>, Unusable> {
    let mut input = Input::new(bytes);
    if input.array()? != MAGIC {
        return Err(Unusable::Foreign("it is none of ours"));
    }
    let version = input.u32()?;
    if version < VERSION {
        return Err(Unusable::Earlier(version));
    }
    if version > VERSION {
        return Err(Unusable::Later(version));
    }
    let (framed, checksum) = bytes
        .split_last_chunk::<CHECKSUM>()
        .ok_or(Damaged("it ends too early"))?;
    if blake3::keyed_hash(key, framed) != *checksum {
        return Err(Damaged("its checksum is wrong").into());
    }
    let content = framed.get(MAGIC.len() + size_of::<u32>()..);
    Ok(Input::new(content.ok_or(Damaged("it ends too early"))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn sealed() -> Vec<u8> {
        let mut bytes = Vec::new();
        seal(&mut bytes, &KEY, 1000, |out| out.text("content")).unwrap();
        bytes
    }

    #[test]
    fn a_whole_file_of_ours_is_opened() {
        let bytes = sealed();
        let mut input = open(&bytes, &KEY).unwrap();
        assert_eq!(input.text(), Ok("content"));
        assert_eq!(input.end(), Ok(()));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let whole = sealed();
        for at in 0..whole.len() {
            assert!(open(&whole[..at], &KEY).is_err(), "cut at {at}");
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(open(&changed, &KEY).is_err(), "changed at {at}");
        }
    }

    #[test]
    fn what_another_key_sealed_is_not_ours() {
        assert!(matches!(
            open(&sealed(), &[8; 32]),
            Err(Unusable::Damaged(_))
        ));
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = sealed();
        bytes[8] = 3;
        assert!(matches!(open(&bytes, &KEY), Err(Unusable::Later(3))));
        bytes[8] = 1;
        assert!(matches!(open(&bytes, &KEY), Err(Unusable::Earlier(1))));
    }
}

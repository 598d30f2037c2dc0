//! Where the last lines of a log begin, across the files it was rotated into.
//!
//! Files are read from their ends, a block at a time, and no further than needed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const BLOCK: u64 = 64 << 10;

/// More files are never kept.
pub(super) const MOST_FILES: u32 = 100;

/// How many lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    All,
    Last(u64),
}

/// A file of the log, and from which byte on it is to be read.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) file: File,
    pub(super) from: u64,
}

/// The log's name after so many rotations.
pub(super) fn rotated(log: &Path, times: u32) -> PathBuf {
    if times == 0 {
        return log.to_owned();
    }
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{times}"));
    name.into()
}

/// The files that have the last lines, the oldest first; none if there is no log.
///
/// # Errors
///
/// A file is there and cannot be read.
pub(super) fn beginning(log: &Path, lines: Lines) -> io::Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut left = match lines {
        Lines::All => u64::MAX,
        Lines::Last(lines) => lines,
    };
    for times in 0..MOST_FILES {
        let file = match File::open(rotated(log, times)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        };
        let (from, found) = match lines {
            Lines::All => (0, 0),
            Lines::Last(_) => last_lines(&file, left)?,
        };
        left -= found;
        parts.push(Part { file, from });
        if left == 0 {
            break;
        }
    }
    parts.reverse();
    Ok(parts)
}

/// Where the last `wanted` lines of a file begin, and how many there are.
fn last_lines(file: &File, wanted: u64) -> io::Result<(u64, u64)> {
    let end = file.metadata()?.len();
    let mut block = vec![0; usize::try_from(BLOCK.min(end)).unwrap_or_default()];
    let (mut at, mut found) = (end, 0);
    if wanted == 0 {
        return Ok((end, 0));
    }
    while at > 0 {
        let length = BLOCK.min(at);
        at -= length;
        let block = &mut block[..usize::try_from(length).unwrap_or_default()];
        file.read_exact_at(block, at)?;
        for (offset, byte) in block.iter().enumerate().rev() {
            let after = at + offset as u64 + 1;
            // The end of the last line begins no other.
            if *byte == b'\n' && after < end {
                found += 1;
                if found == wanted {
                    return Ok((after, found));
                }
            }
        }
    }
    Ok((0, found + u64::from(end > 0)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Read, Seek, SeekFrom};

    use super::*;

    fn told(log: &Path, lines: Lines) -> String {
        let mut text = String::new();
        for Part { mut file, from } in beginning(log, lines).unwrap() {
            file.seek(SeekFrom::Start(from)).unwrap();
            file.read_to_string(&mut text).unwrap();
        }
        text
    }

    #[test]
    fn the_last_lines_are_found_across_rotated_files() {
        let temp = tempfile::tempdir().unwrap();
        let log = temp.path().join("log");
        for (times, text) in [(0, "5\n6\n"), (1, "3\n4\n"), (2, "1\n2\n")] {
            fs::write(rotated(&log, times), text).unwrap();
        }
        let all = "1\n2\n3\n4\n5\n6\n";
        for lines in 0..=9_u64 {
            let skipped = 6_usize.saturating_sub(usize::try_from(lines).unwrap());
            assert_eq!(
                told(&log, Lines::Last(lines)),
                all[2 * skipped..],
                "{lines}"
            );
        }
        assert_eq!(told(&log, Lines::All), all);
    }

    #[test]
    fn a_line_longer_than_a_block_is_one_line() {
        let temp = tempfile::tempdir().unwrap();
        let log = temp.path().join("log");
        let long = "x".repeat(3 << 16);
        fs::write(&log, format!("first\n{long}\nlast without an end")).unwrap();
        assert_eq!(told(&log, Lines::Last(1)), "last without an end");
        let two = told(&log, Lines::Last(2));
        assert_eq!(two, format!("{long}\nlast without an end"));
        assert!(told(&log, Lines::Last(3)).starts_with("first\n"));
    }

    #[test]
    fn without_a_log_there_is_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let parts = beginning(&temp.path().join("log"), Lines::Last(5)).unwrap();
        assert!(parts.is_empty());
        fs::write(temp.path().join("log"), "").unwrap();
        assert_eq!(told(&temp.path().join("log"), Lines::Last(5)), "");
    }
}

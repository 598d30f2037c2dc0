//! Reading on in a log that grows and is rotated meanwhile.
//!
//! It is looked at a few times a second. A file is read to its end before the next one
//! is begun, however often the log was rotated in between.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use super::tail::{MOST_FILES, Part, rotated};

/// Between two looks.
pub(super) const INTERVAL: Duration = Duration::from_millis(200);

const BLOCK: usize = 64 << 10;

/// What has been read so far.
#[derive(Debug)]
pub(super) struct Reader {
    log: PathBuf,
    /// To be read before the log itself, the next one last.
    waiting: Vec<Part>,
    /// The file that is being read; `None` before there is one.
    now: Option<File>,
}

impl Reader {
    /// Begins with these parts of a log, the oldest first.
    pub(super) fn new(log: PathBuf, mut parts: Vec<Part>) -> Self {
        parts.reverse();
        Self {
            log,
            waiting: parts,
            now: None,
        }
    }

    /// Reads what is there by now.
    ///
    /// # Errors
    ///
    /// Those of `take`, or a file that cannot be read.
    pub(super) fn read(
        &mut self,
        take: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        loop {
            // Looked for first: what its writer left then, it had written by then.
            let next = self.next()?;
            if let Some(file) = &mut self.now {
                read_to_end(file, take)?;
            }
            match next {
                Some(next) => self.now = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// The file after this one, if there is one already.
    fn next(&mut self) -> io::Result<Option<File>> {
        if let Some(Part { mut file, from }) = self.waiting.pop() {
            file.seek(SeekFrom::Start(from))?;
            return Ok(Some(file));
        }
        let Some(now) = &mut self.now else {
            return open(self.log.clone());
        };
        let ours = now.metadata()?;
        if ours.len() < now.stream_position()? {
            // Somebody has emptied it.
            now.rewind()?;
        }
        for times in 0..MOST_FILES {
            match rotated(&self.log, times).metadata() {
                Ok(found) if same(&found, &ours) => {
                    return match times {
                        0 => Ok(None),
                        _ => open(rotated(&self.log, times - 1)),
                    };
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        // It was rotated away; what was between is gone.
        open(self.log.clone())
    }
}

fn same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// It may not be there yet.
fn open(path: PathBuf) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_to_end(file: &mut File, take: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(()),
            length => take(&block[..length])?,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write;
    use std::path::Path;

    use super::super::tail::{Lines, beginning};
    use super::*;

    fn write(log: &Path, line: &str) {
        let file = OpenOptions::new().create(true).append(true).open(log);
        writeln!(file.unwrap(), "{line}").unwrap();
    }

    fn rotate(log: &Path, files: u32) {
        for times in (0..files).rev() {
            let _ = fs::rename(rotated(log, times), rotated(log, times + 1));
        }
    }

    fn news(reader: &mut Reader) -> String {
        let mut text = Vec::new();
        let mut take = |bytes: &[u8]| text.write_all(bytes);
        reader.read(&mut take).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn what_is_written_later_is_read_also_across_rotations() {
        let temp = tempfile::tempdir().unwrap();
        let log = temp.path().join("log");
        for line in ["1", "2", "3"] {
            write(&log, line);
        }
        let parts = beginning(&log, Lines::Last(2)).unwrap();
        let mut reader = Reader::new(log.clone(), parts);
        assert_eq!(news(&mut reader), "2\n3\n");
        assert_eq!(news(&mut reader), "");
        write(&log, "4");
        rotate(&log, 3);
        write(&log, "5");
        rotate(&log, 3);
        write(&log, "6");
        assert_eq!(news(&mut reader), "4\n5\n6\n");
        write(&log, "7");
        assert_eq!(news(&mut reader), "7\n");
    }

    #[test]
    fn a_log_that_is_not_there_yet_is_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        let log = temp.path().join("log");
        let mut reader = Reader::new(log.clone(), Vec::new());
        assert_eq!(news(&mut reader), "");
        write(&log, "1");
        assert_eq!(news(&mut reader), "1\n");
    }

    #[test]
    fn a_log_that_was_emptied_or_dropped_is_begun_anew() {
        let temp = tempfile::tempdir().unwrap();
        let log = temp.path().join("log");
        write(&log, "a long line");
        let mut reader = Reader::new(log.clone(), Vec::new());
        assert_eq!(news(&mut reader), "a long line\n");
        fs::write(&log, "1\n").unwrap();
        assert_eq!(news(&mut reader), "1\n");
        fs::remove_file(&log).unwrap();
        write(&log, "2");
        assert_eq!(news(&mut reader), "2\n");
    }
}

//! A log file that does not grow without end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Appends to a file; when it is full, it becomes `….1`, that one `….2`, and the
/// last is dropped.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    file: File,
    len: u64,
    max_bytes: u64,
    files: usize,
    /// Whether the file is ours to rotate.
    ours: &'static AtomicBool,
}

impl RotatingFile {
    /// Goes on where the file ends.
    pub(super) fn open(
        path: PathBuf,
        max_bytes: u64,
        files: usize,
        ours: &'static AtomicBool,
    ) -> io::Result<Self> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let file = append(&path)?;
        let len = file.metadata()?.len();
        Ok(Self {
            path,
            file,
            len,
            max_bytes,
            files,
            ours,
        })
    }

    fn rotate(&mut self) -> io::Result<()> {
        for older in (1..self.files).rev() {
            let newer = numbered(&self.path, older - 1);
            match fs::rename(newer, numbered(&self.path, older)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.files == 1 {
            fs::remove_file(&self.path)?;
        }
        self.file = append(&self.path)?;
        self.len = 0;
        Ok(())
    }
}

impl Write for RotatingFile {
    /// Each call is one whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let is_full = self.len > 0 && self.len + line.len() as u64 > self.max_bytes;
        if is_full && self.ours.load(Ordering::Relaxed) {
            // A file that cannot be rotated is still better than none.
            let _ = self.rotate();
        }
        let written = self.file.write(line)?;
        self.len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

fn numbered(path: &Path, number: usize) -> PathBuf {
    if number == 0 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    static OURS: AtomicBool = AtomicBool::new(true);
    static ANOTHERS: AtomicBool = AtomicBool::new(false);

    #[test]
    fn a_process_that_is_not_the_daemon_rotates_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("log");
        let mut log = RotatingFile::open(path.clone(), 10, 3, &ANOTHERS).expect("opened");
        for line in ["first\n", "second\n", "third\n"] {
            log.write_all(line.as_bytes()).expect("written");
        }
        let text = fs::read_to_string(&path).expect("read");
        assert_eq!(text, "first\nsecond\nthird\n");
        assert!(!numbered(&path, 1).exists());
    }

    #[test]
    fn a_full_file_makes_room_and_the_oldest_goes() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("log");
        let mut log = RotatingFile::open(path.clone(), 10, 3, &OURS).expect("opened");
        for line in ["first\n", "second\n", "third\n", "fourth\n"] {
            log.write_all(line.as_bytes()).expect("written");
        }
        let read = |number| fs::read_to_string(numbered(&path, number)).ok();
        assert_eq!(read(0).as_deref(), Some("fourth\n"));
        assert_eq!(read(1).as_deref(), Some("third\n"));
        assert_eq!(read(2).as_deref(), Some("second\n"));
        assert_eq!(read(3), None);
    }

    #[test]
    fn it_goes_on_where_it_ended() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("log");
        for _ in 0..2 {
            let mut log = RotatingFile::open(path.clone(), 1000, 3, &OURS).expect("opened");
            log.write_all(b"line\n").expect("written");
        }
        assert_eq!(fs::read_to_string(path).expect("read"), "line\nline\n");
    }
}

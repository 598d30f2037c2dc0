//! The end of the daemon's log, and what is troublesome in it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// As much of the end is read; far more than twenty lines.
const TAIL: u64 = 256 << 10;
/// Longer messages are cut.
const LONGEST: usize = 300;

/// Something that the log warns of, however often it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// When it was last written.
    pub(super) at: SystemTime,
    /// `warn` or `error`.
    pub(super) level: &'static str,
    pub(super) text: String,
    pub(super) times: usize,
}

/// What the end of the log warns of; nothing if it cannot be read.
pub(super) fn troubles(path: &Path) -> Vec<Trouble> {
    let tail = tail(path).unwrap_or_default();
    collect(&String::from_utf8_lossy(&tail))
}

fn tail(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn collect(text: &str) -> Vec<Trouble> {
    let mut troubles: Vec<Trouble> = Vec::new();
    for new in text.lines().filter_map(read) {
        match troubles.iter_mut().find(|known| known.text == new.text) {
            Some(known) => {
                known.at = new.at;
                known.times += 1;
            }
            None => troubles.push(new),
        }
    }
    troubles
}

/// A line such as `2026-11-23T12:00:00.000000Z  WARN aws_ssmd::persist: MESSAGE`.
fn read(line: &str) -> Option<Trouble> {
    let (time, rest) = line.split_once(' ')?;
    let at: Timestamp = time.parse().ok()?;
    let (level, rest) = rest.trim_start().split_once(' ')?;
    let level = match level {
        "WARN" => "warn",
        "ERROR" => "error",
        _ => return None,
    };
    let text = rest.split_once(": ").map_or(rest, |(_, text)| text);
    Some(Trouble {
        at: UNIX_EPOCH + Duration::from_millis(u64::try_from(at.as_millisecond()).ok()?),
        level,
        text: text.chars().take(LONGEST).collect(),
        times: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_and_errors_are_counted_and_all_else_is_passed_over() {
        let log = "half a line WARN x: lost\n\
            2026-11-23T12:00:00.000001Z  WARN aws_ssmd::persist: the disk: full\n\
            2026-11-23T12:00:01.000001Z  INFO aws_ssmd::daemon: fine\n\
            2026-11-23T12:00:02.000001Z ERROR aws_ssmd: panicked\n\
            at somewhere\n\
            2026-11-23T12:00:03.000001Z  WARN aws_ssmd::persist: the disk: full\n";
        let found = collect(log);
        let shown: Vec<_> = found
            .iter()
            .map(|trouble| (trouble.level, trouble.text.as_str(), trouble.times))
            .collect();
        assert_eq!(
            shown,
            [("warn", "the disk: full", 2), ("error", "panicked", 1)]
        );
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).expect("later").as_secs();
        assert_eq!(seconds(found[0].at), 1_795_435_203);
    }

    #[test]
    fn only_the_end_of_a_long_log_is_read() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let line = "2026-11-23T12:00:00.000001Z  WARN a: first\n";
        let filler = "2026-11-23T12:00:00.000001Z  INFO a: nothing\n".repeat(10_000);
        std::fs::write(file.path(), format!("{line}{filler}")).expect("written");
        assert_eq!(troubles(file.path()), []);
        assert_eq!(troubles(Path::new("/nonexistent")), []);
    }
}

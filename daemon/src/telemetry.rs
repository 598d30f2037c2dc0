//! The log: where it goes, and what it never says.

mod rotate;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use rotate::RotatingFile;

/// Where the log goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination<'a> {
    /// From this level on.
    pub(crate) level: &'a str,
    /// `None`: standard error.
    pub(crate) file: Option<&'a Path>,
    /// Bytes after which the next file is begun.
    pub(crate) max_bytes: u64,
    /// Files that are kept, the current one included.
    pub(crate) files: usize,
}

/// Lets the log of this process begin at another level.
static SET_LEVEL: OnceLock<SetLevel> = OnceLock::new();
type SetLevel = Box<dyn Fn(&str) + Send + Sync>;

/// Whether this process is the daemon whose log the file is.
static OWNS_FILE: AtomicBool = AtomicBool::new(false);

/// Says that this process is the only daemon of its log file, and may rotate it. One
/// that finds another serving only adds its lines.
pub(crate) fn own_log_file() {
    OWNS_FILE.store(true, Ordering::Relaxed);
}

/// Leaves the file to a successor, which may be there before we have ended.
pub(crate) fn leave_log_file() {
    OWNS_FILE.store(false, Ordering::Relaxed);
}

/// Starts logging for the whole process, panics included.
///
/// A log that cannot be written is no reason not to serve: it goes to standard
/// error instead, which says why.
pub(crate) fn start(destination: &Destination<'_>) {
    let file = destination.file.map(|path| {
        let (max_bytes, files) = (destination.max_bytes, destination.files);
        RotatingFile::open(path.to_owned(), max_bytes, files, &OWNS_FILE)
    });
    let writer = match file {
        Some(Ok(file)) => BoxMakeWriter::new(Mutex::new(file)),
        Some(Err(error)) => {
            eprintln!("the log cannot be written: {error}");
            BoxMakeWriter::new(std::io::stderr)
        }
        None => BoxMakeWriter::new(std::io::stderr),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter(destination.level))
        .with_ansi(false)
        .with_writer(writer)
        // On a full disk that would print to a standard error on the same disk, which
        // panics; and the panic would wait for the log that this thread is writing.
        .log_internal_errors(false)
        .with_filter_reloading();
    let handle = subscriber.reload_handle();
    // A second start in one process keeps the first log.
    if tracing::subscriber::set_global_default(subscriber.finish()).is_ok() {
        let set = move |level: &str| {
            // It fails when the log is gone, and then nobody reads it.
            let _ = handle.reload(filter(level));
        };
        let _ = SET_LEVEL.set(Box::new(set));
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}

/// Tells from this level on, if this process has a log of its own.
pub(crate) fn set_level(level: &str) {
    if let Some(set) = SET_LEVEL.get() {
        set(level);
    }
}

/// The AWS crates name access keys at `info`, and they and HTTP say too much of
/// everything below.
fn filter(level: &str) -> EnvFilter {
    EnvFilter::new(format!("warn,aws_ssmd={level},aws_ssm_proto={level}"))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    /// What these crates say below a warning has keys and headers in it.
    #[test]
    fn no_level_lets_other_crates_tell_more_than_warnings() {
        for level in ["error", "warn", "info", "debug", "trace"] {
            let subscriber = tracing_subscriber::fmt()
                .with_env_filter(filter(level))
                .with_writer(std::io::sink)
                .finish();
            tracing::subscriber::with_default(subscriber, || {
                assert!(
                    tracing::enabled!(target: "aws_sigv4", Level::WARN),
                    "{level}"
                );
                assert!(
                    !tracing::enabled!(target: "aws_sigv4", Level::INFO),
                    "{level}"
                );
                assert!(!tracing::enabled!(target: "aws_smithy_runtime", Level::TRACE));
                assert!(!tracing::enabled!(target: "hyper_util", Level::TRACE));
                assert!(!tracing::enabled!(target: "h2::codec", Level::DEBUG));
                let trace = tracing::enabled!(target: "aws_ssmd::identity", Level::TRACE);
                assert_eq!(trace, level == "trace", "{level}");
            });
        }
    }
}

//! How a failure is told: what on one line, why on one, what to do on one; and the
//! exit code, which only the kind of the failure decides.

use std::io;

use aws_ssm_proto::domain::{Error, ErrorKind};

use crate::render::escape;

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An error that is told.
    #[error(transparent)]
    Told(#[from] Box<Error>),
    /// Whoever read the output has gone; there is nobody to tell.
    #[error("the reader of the output is gone")]
    BrokenPipe,
    /// Something is not well, and everything has been said of it.
    #[error("something is wrong")]
    Unwell,
    /// A signal of this number ended what was to go on until then.
    #[error("interrupted")]
    Interrupted(u8),
    /// Standard output takes no more.
    #[error("cannot write the answer")]
    Output(#[source] io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Told(Box::new(error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Output(error),
        }
    }
}

impl Failure {
    /// What the process exits with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Told(error) => exit_code(error.kind),
            // What a shell reports of a program that SIGPIPE ended, as it ends
            // every other one whose reader has gone.
            Self::BrokenPipe => 141,
            // As a shell reports a program that the signal ended.
            Self::Interrupted(signal) => 128 + signal,
            Self::Output(_) | Self::Unwell => 1,
        }
    }

    /// The lines for standard error; `None` when nothing is to be said.
    #[must_use]
    pub fn lines(&self) -> Option<String> {
        match self {
            Self::Told(error) => Some(lines(error)),
            Self::BrokenPipe | Self::Interrupted(_) | Self::Unwell => None,
            Self::Output(source) => Some(lines(
                &Error::new(ErrorKind::Internal, self.to_string())
                    .why(format!("standard output refused it: {}", reason(source)))
                    .hint("free some space, or write somewhere else"),
            )),
        }
    }
}

/// An error in what was typed.
pub(crate) fn usage(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, what)
}

/// The table of exit codes.
#[must_use]
pub fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Internal => 1,
        ErrorKind::Usage | ErrorKind::Config => 2,
        ErrorKind::NotFound | ErrorKind::Ambiguous => 3,
        ErrorKind::Credentials | ErrorKind::Permission => 4,
        ErrorKind::Unavailable => 5,
        ErrorKind::Daemon => 6,
    }
}

/// The three lines, and after them what else might have been meant.
pub(crate) fn lines(error: &Error) -> String {
    let mut text = String::new();
    let mut line = |label: &str, said: &str| {
        if !said.is_empty() {
            text.push_str(label);
            text.push_str(&escape::shown(said));
            text.push('\n');
        }
    };
    line("error: ", &error.what);
    line("  why: ", &error.why);
    line(" hint: ", &error.hint);
    // Nodes are shown in a table.
    if error.nodes().is_empty() {
        for candidate in &error.candidates {
            line("       ", candidate);
        }
    }
    text
}

/// The operating system's words, without the number it puts after them.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    words.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_exit_code() {
        let table = [
            (ErrorKind::Internal, 1),
            (ErrorKind::Usage, 2),
            (ErrorKind::Config, 2),
            (ErrorKind::NotFound, 3),
            (ErrorKind::Ambiguous, 3),
            (ErrorKind::Credentials, 4),
            (ErrorKind::Permission, 4),
            (ErrorKind::Unavailable, 5),
            (ErrorKind::Daemon, 6),
        ];
        for (kind, code) in table {
            assert_eq!(exit_code(kind), code, "{kind:?}");
        }
    }

    #[test]
    fn an_error_is_three_lines_and_its_candidates() {
        let error = Error::new(ErrorKind::Ambiguous, "two instances are named web")
            .why("both are running")
            .hint("use an id")
            .candidates(vec!["i-1".into(), "i-2".into()]);
        assert_eq!(
            lines(&error),
            "error: two instances are named web\n  why: both are running\n \
             hint: use an id\n       i-1\n       i-2\n"
        );
    }

    #[test]
    fn a_name_cannot_reach_the_terminal_through_an_error() {
        let error = Error::new(ErrorKind::NotFound, "no instance is named \u{1b}[2J\nfine");
        assert_eq!(
            lines(&error),
            "error: no instance is named \\u{1b}[2J\\nfine\n"
        );
    }

    #[test]
    fn a_broken_pipe_ends_quietly() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.lines(), None);
        assert_eq!(failure.exit_code(), 141);
    }

    #[test]
    fn a_full_disk_is_said() {
        let failure = Failure::from(io::Error::from_raw_os_error(28));
        assert_eq!(failure.exit_code(), 1);
        let lines = failure.lines().expect("is told");
        assert!(lines.contains("no space left on device"), "{lines}");
        assert!(!lines.contains("os error"), "{lines}");
    }
}

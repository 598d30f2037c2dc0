//! What a daemon tells the client that started it, over its standard output.
//!
//! It says `ready` on a line of its own once it listens, or that somebody else
//! already does; otherwise it says `failed`, the kind, and the three lines of its
//! error, and exits; what else belongs to the error follows, each on a line that
//! begins with a dash. Before it is ready it may warn, and say what the client cannot
//! know. Whatever else comes out before that (a loader's complaint, a panic) is kept
//! as the reason of last resort.

use crate::domain::{Error, ErrorKind};

/// The line that ends a successful start.
pub const READY: &str = "ready\n";

const FAILED: &str = "failed ";
const WARNING: &str = "warning: ";
const OUTPUT: &str = "output: ";
const MORE: &str = "- ";

const KINDS: [(ErrorKind, &str); 9] = [
    (ErrorKind::Usage, "usage"),
    (ErrorKind::Config, "config"),
    (ErrorKind::NotFound, "not-found"),
    (ErrorKind::Ambiguous, "ambiguous"),
    (ErrorKind::Credentials, "credentials"),
    (ErrorKind::Permission, "permission"),
    (ErrorKind::Unavailable, "unavailable"),
    (ErrorKind::Daemon, "daemon"),
    (ErrorKind::Internal, "internal"),
];

/// What a daemon says before it is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// What is set without effect, each in one line.
    pub warnings: Vec<String>,
    /// The output format of those who ask for none.
    pub output: Option<String>,
}

impl Greeting {
    /// How it says so.
    #[must_use]
    pub fn text(&self) -> String {
        let warnings = self.warnings.iter().map(|warning| (WARNING, warning));
        let lines = warnings.chain(self.output.iter().map(|output| (OUTPUT, output)));
        lines
            .map(|(label, said)| format!("{label}{}\n", one_line(said)))
            .collect()
    }

    /// Finds it in what a daemon said.
    pub(super) fn read(said: &str) -> Self {
        let said = |label| {
            said.lines()
                .filter_map(move |line| line.strip_prefix(label))
        };
        Self {
            warnings: said(WARNING).map(str::to_owned).collect(),
            output: said(OUTPUT).next().map(str::to_owned),
        }
    }
}

/// How a daemon that cannot start says so.
#[must_use]
pub fn failure(error: &Error) -> String {
    let kind = KINDS
        .iter()
        .find_map(|(kind, name)| (*kind == error.kind).then_some(*name))
        .expect("every kind has a name");
    let [what, why, hint] = [&error.what, &error.why, &error.hint].map(|part| one_line(part));
    let more = error.candidates.iter().map(|line| {
        // Its indentation means something.
        let line = line.replace(['\n', '\r'], " ");
        format!("{MORE}{line}\n")
    });
    let more: String = more.collect();
    format!("{FAILED}{kind}\n{what}\n{why}\n{hint}\n{more}")
}

/// The error in what a daemon said, if it named one.
pub(super) fn read_failure(said: &str) -> Option<Error> {
    let mut lines = said.lines();
    let kind = lines.find_map(|line| {
        let name = line.strip_prefix(FAILED)?;
        KINDS
            .iter()
            .find_map(|(kind, known)| (*known == name).then_some(*kind))
    })?;
    let mut part = || lines.next().unwrap_or_default();
    let error = Error::new(kind, part()).why(part()).hint(part());
    let more = lines.map_while(|line| line.strip_prefix(MORE));
    Some(error.candidates(more.map(str::to_owned).collect()))
}

/// Whether a daemon has said that it is ready.
pub(super) fn is_ready(said: &[u8]) -> bool {
    let ready = READY.as_bytes();
    said.starts_with(ready)
        || said
            .windows(ready.len() + 1)
            .any(|seen| seen[0] == b'\n' && &seen[1..] == ready)
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_arrives_with_its_kind_and_its_parts() {
        for (kind, _) in KINDS {
            let error = Error::new(kind, "what").why("why").hint("hint");
            assert_eq!(read_failure(&failure(&error)), Some(error));
        }
    }

    #[test]
    fn an_error_arrives_with_all_its_lines() {
        let lines = ["a: b", "  c: d", ""].map(str::to_owned).to_vec();
        let error = Error::new(ErrorKind::Config, "what").candidates(lines);
        let said = format!("{}and then it died\n", failure(&error));
        assert_eq!(read_failure(&said), Some(error));
    }

    #[test]
    fn a_greeting_arrives_between_other_words() {
        let greeting = Greeting {
            warnings: vec!["a has no effect".into(), "b has none".into()],
            output: Some("json".into()),
        };
        let said = format!("libfoo: hello\n{}{READY}", greeting.text());
        assert_eq!(Greeting::read(&said), greeting);
        assert_eq!(Greeting::read(READY), Greeting::default());
    }

    #[test]
    fn a_part_of_several_lines_stays_one_part() {
        let error = Error::new(ErrorKind::Config, "a\n  b").hint("c");
        let read = read_failure(&failure(&error)).unwrap();
        assert_eq!((read.what.as_str(), read.hint.as_str()), ("a b", "c"));
    }

    #[test]
    fn what_comes_before_an_error_is_not_part_of_it() {
        let said = "warning: old key\nfailed config\nwhat\nwhy\nhint\n";
        assert_eq!(read_failure(said).unwrap().what, "what");
        assert_eq!(read_failure("failed to open a file\n"), None);
    }

    #[test]
    fn ready_counts_only_as_a_whole_line() {
        assert!(is_ready(b"ready\n"));
        assert!(is_ready(b"warning\nready\n"));
        assert!(!is_ready(b"ready"));
        assert!(!is_ready(b"not ready\n"));
        assert!(!is_ready(b""));
    }
}

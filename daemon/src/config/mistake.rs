//! What is wrong with a configuration, and how it is told.
//!
//! All of it is told at once: whoever mends a file wants to mend it once.

use std::fmt;
use std::path::PathBuf;

use aws_ssm_proto::domain::{Error, ErrorKind};

use super::tree::Place;

/// More are only counted: nobody reads them, and they must fit a report.
const MOST_TOLD: usize = 40;

/// What to do where nothing nearer is known.
const LOOK_IT_UP: &str = "docs/configuration.md names every setting and its range";

/// Where something was set, or should have been.
/// They are told in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    /// In a file; without a place where none is known.
    File(PathBuf, Option<Place>),
    /// In a variable of the environment.
    Variable(String),
    /// On the command line.
    Flag(&'static str),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, None) => write!(f, "{}", path.display()),
            Self::File(path, Some(Place { line, column })) => {
                write!(f, "{}, line {line}, column {column}", path.display())
            }
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One thing that is wrong, or has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) at: At,
    /// The setting it is about, as far as there is one.
    pub(super) setting: String,
    pub(super) what: String,
    pub(super) why: String,
    pub(super) hint: String,
    /// What would be right, line by line; mostly empty.
    pub(super) instead: Vec<String>,
}

impl Mistake {
    pub(super) fn new(at: At, setting: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            at,
            setting: setting.into(),
            what: what.into(),
            why: String::new(),
            hint: LOOK_IT_UP.to_owned(),
            instead: Vec::new(),
        }
    }

    pub(super) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    pub(super) fn instead(mut self, lines: Vec<String>) -> Self {
        self.instead = lines;
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.at, self.what, self.why)?;
        match &*self.hint {
            LOOK_IT_UP => Ok(()),
            hint => write!(f, "; {hint}"),
        }
    }
}

/// All mistakes as one error. There is at least one.
pub(super) fn error(mistakes: &[Mistake]) -> Error {
    if let [only] = mistakes {
        return Error::new(ErrorKind::Config, format!("{}: {}", only.at, only.what))
            .why(only.why.clone())
            .hint(only.hint.clone())
            .candidates(only.instead.clone());
    }
    let mut told: Vec<String> = Vec::new();
    for mistake in mistakes.iter().take(MOST_TOLD) {
        told.push(mistake.to_string());
        told.extend(mistake.instead.iter().map(|line| format!("    {line}")));
    }
    if let Some(more) = mistakes.len().checked_sub(MOST_TOLD).filter(|n| *n > 0) {
        told.push(format!("and {more} more"));
    }
    let what = format!("the configuration has {} mistakes", mistakes.len());
    Error::new(ErrorKind::Config, what)
        .why("nothing of it is used before all of them are mended")
        .hint("mend these; `aws-ssm config check` tells whether any is left")
        .candidates(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(number: usize) -> Mistake {
        let at = At::Variable(format!("AWS_SSM_{number}"));
        Mistake::new(at, "", "wrong").why("it is").hint("mend it")
    }

    #[test]
    fn one_mistake_is_told_in_three_parts() {
        let error = error(&[mistake(1)]);
        assert_eq!(error.what, "AWS_SSM_1: wrong");
        assert_eq!((&*error.why, &*error.hint), ("it is", "mend it"));
        assert!(error.candidates.is_empty());
    }

    #[test]
    fn several_are_all_told() {
        let error = error(&[mistake(1), mistake(2).instead(vec!["a: 1".into()])]);
        assert_eq!(error.what, "the configuration has 2 mistakes");
        let told = [
            "AWS_SSM_1: wrong: it is; mend it",
            "AWS_SSM_2: wrong: it is; mend it",
            "    a: 1",
        ];
        assert_eq!(error.candidates, told);
    }

    #[test]
    fn a_file_of_mistakes_is_told_in_bounds() {
        let mistakes: Vec<_> = (0..100_000).map(mistake).collect();
        let error = error(&mistakes);
        assert_eq!(error.candidates.len(), MOST_TOLD + 1);
        assert!(error.what.contains("100000"));
    }
}

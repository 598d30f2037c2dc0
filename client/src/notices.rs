//! What is said on standard error beside errors: age of data, warnings, details.

use std::fmt::Display;
use std::io::Write;

use crate::render::escape;

/// Says it, or not, as `-q` and `-v` want it.
#[derive(Clone, Copy, Debug)]
pub struct Notices {
    quiet: bool,
    verbose: u8,
}

impl Notices {
    /// As the flags have it.
    #[must_use]
    pub fn new(quiet: bool, verbose: u8) -> Self {
        Self { quiet, verbose }
    }

    /// Says something on a line of its own, unless `-q`.
    pub fn say(&self, text: impl Display) {
        if !self.quiet {
            tell(&format!("{}\n", escape::shown(&text.to_string())));
        }
    }

    /// Says something that matters more, unless `-q`.
    pub fn warn(&self, text: impl Display) {
        self.say(format_args!("warning: {text}"));
    }

    /// Says something for those who gave `-v` this many times.
    pub fn detail(&self, level: u8, text: impl Display) {
        if self.verbose >= level {
            self.say(text);
        }
    }
}

/// Writes to standard error in one call, so that lines of several programs do not
/// mix. There is nobody to tell when that fails.
pub(crate) fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

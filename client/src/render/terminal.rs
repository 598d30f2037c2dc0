//! What standard output is: a terminal of some width, or not.

use std::ffi::OsString;
use std::os::fd::AsFd;

use super::Format;

/// How output looks to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns there are; `None` when nothing is to be cut.
    pub width: Option<usize>,
    /// A person looks at it through a terminal.
    pub terminal: bool,
    /// Colours are wanted.
    pub colours: bool,
    /// Names of columns are wanted.
    pub header: bool,
    /// What stands for what is left out, or is not known yet.
    pub ellipsis: &'static str,
}

/// When colours are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Colours {
    #[default]
    Auto,
    Always,
    Never,
}

/// What everybody reads.
pub const ELLIPSIS: &str = "…";

/// The same where there is nothing but ASCII.
const DOTS: &str = "...";

/// Used when a terminal does not know its own width.
pub(crate) const USUAL_WIDTH: usize = 80;

/// Finds out how output to `stream` looks. It is asked only what `format` needs.
pub fn look(
    stream: impl AsFd,
    format: Format,
    colours: Colours,
    header: bool,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Look {
    // One question answers both: only terminals have a size.
    let size = rustix::termios::tcgetwinsize(stream).ok();
    let columns = size.map(|size| match size.ws_col {
        0 => USUAL_WIDTH,
        columns => columns.into(),
    });
    let terminal = size.is_some();
    Look {
        width: columns.filter(|_| format.is_table()),
        terminal,
        colours: match colours {
            Colours::Always => true,
            Colours::Never => false,
            Colours::Auto => terminal && takes_colours(&variable),
        },
        header,
        ellipsis: match terminal && !is_unicode(&variable) {
            true => DOTS,
            false => ELLIPSIS,
        },
    }
}

/// What <https://no-color.org> asks for, and terminals that can do nothing.
fn takes_colours(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && !is_dumb(variable)
}

/// Whether the locale's characters are Unicode's. Where no locale is set, as in many
/// containers, the terminal's nearly always are.
fn is_unicode(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let mut set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let named = set.find_map(|name| variable(name).filter(|value| !value.is_empty()));
    let named = named.map(|name| name.to_string_lossy().to_ascii_lowercase());
    named.is_none_or(|name| name.contains("utf-8") || name.contains("utf8"))
}

/// Whether the terminal says that it can do nothing but print.
pub fn is_dumb(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("TERM").is_some_and(|value| value == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_refused_by_no_color_and_by_dumb_terminals() {
        let with = |name: &'static str, value: &'static str| {
            takes_colours(move |asked| (asked == name).then(|| value.into()))
        };
        assert!(with("TERM", "xterm"));
        assert!(with("NO_COLOR", ""));
        assert!(!with("NO_COLOR", "1"));
        assert!(!with("TERM", "dumb"));
    }

    #[test]
    fn a_locale_says_whether_there_is_more_than_ascii() {
        let locale = |set: &'static [(&str, &str)]| {
            is_unicode(move |asked| {
                let found = set.iter().find(|(name, _)| *name == asked);
                found.map(|(_, value)| value.into())
            })
        };
        for set in [
            &[][..],
            &[("LANG", "en_US.UTF-8")],
            &[("LANG", "C.utf8")],
            &[("LC_ALL", ""), ("LC_CTYPE", "UTF-8"), ("LANG", "C")],
        ] {
            assert!(locale(set), "{set:?}");
        }
        for set in [
            &[("LANG", "C")][..],
            &[("LANG", "POSIX")],
            &[("LANG", "de_DE.ISO-8859-1")],
            &[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")],
        ] {
            assert!(!locale(set), "{set:?}");
        }
    }

    #[test]
    fn what_is_no_terminal_is_neither_cut_nor_coloured() {
        let file = tempfile::tempfile().expect("a file");
        let seen = look(&file, Format::Table, Colours::Auto, true, |_| None);
        assert_eq!(seen.width, None);
        assert!(!seen.colours && !seen.terminal);
        let forced = look(&file, Format::Table, Colours::Always, true, |_| None);
        assert!(forced.colours);
    }
}

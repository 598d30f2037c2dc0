//! Which things are coloured, and how. Colour only repeats what a word says.

use anstyle::{AnsiColor, Style};

use super::append;

/// How good a thing a word says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Warning,
    Bad,
    Faint,
    Heading,
}

impl Tone {
    /// The terminal's style for it.
    #[must_use]
    pub fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Good => colour(AnsiColor::Green),
            Self::Warning => colour(AnsiColor::Yellow),
            Self::Bad => colour(AnsiColor::Red),
            Self::Faint => Style::new().dimmed(),
            Self::Heading => Style::new().bold(),
        }
    }
}

/// Appends text in a tone, if colours are on.
#[inline]
pub(super) fn push(out: &mut Vec<u8>, colours: bool, tone: Tone, text: &[u8]) {
    if colours && tone != Tone::Plain {
        push_coloured(out, tone.style(), text);
    } else {
        append::text(out, text);
    }
}

fn push_coloured(out: &mut Vec<u8>, style: Style, text: &[u8]) {
    out.extend_from_slice(style.render().to_string().as_bytes());
    out.extend_from_slice(text);
    out.extend_from_slice(style.render_reset().to_string().as_bytes());
}

//! A terminal's whole screen, for what is shown again and again.
//!
//! Invariant: whatever ends it, the terminal is as it was, with its text, its cursor
//! and its line wrapping.

use std::io::{self, Write};

use super::escape;

/// To the other screen, without a cursor; what is too wide is cut, not wrapped.
pub(crate) const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l";
/// And back.
pub(crate) const LEAVE: &[u8] = b"\x1b[?7h\x1b[?25h\x1b[?1049l";
/// The terminal shows nothing until the whole frame is there, if it knows how.
const BEGIN: &[u8] = b"\x1b[?2026h\x1b[H";
const END: &[u8] = b"\x1b[?2026l";
/// Each line is cleared as it is written, and what is left below it afterwards: to
/// clear all first would flicker.
const CLEAR_LINE: &[u8] = b"\x1b[2K";
const CLEAR_BELOW: &[u8] = b"\x1b[J";

/// Used when a terminal does not know its own height.
const USUAL_HEIGHT: usize = 24;

/// The screen, for as long as this exists.
#[derive(Debug)]
pub struct Screen(());

impl Screen {
    /// Takes the screen.
    ///
    /// # Errors
    ///
    /// The terminal takes no more.
    pub fn enter() -> io::Result<Self> {
        write(ENTER)?;
        Ok(Self(()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs no mending.
        let _ = write(LEAVE);
    }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Rows of the terminal that is standard output.
#[must_use]
pub fn height() -> usize {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout());
    match size.map(|size| size.ws_row) {
        Ok(0) | Err(_) => USUAL_HEIGHT,
        Ok(rows) => rows.into(),
    }
}

/// What shows a title and below it a page in place of the frame before. A page that
/// is too long ends with how much of it is not shown.
#[must_use]
pub fn frame(title: &str, page: &[u8], height: usize) -> Vec<u8> {
    let title = escape::shown(title);
    let mut lines = vec![title.as_bytes(), b""];
    let page = page.strip_suffix(b"\n").unwrap_or(page);
    lines.extend(page.split(|byte| *byte == b'\n'));
    let hidden = (lines.len() + 1).saturating_sub(height.max(1));
    let more = format!("+ {hidden} more lines; a taller terminal shows them");
    if lines.len() > height {
        lines.truncate(lines.len() - hidden);
        lines.push(more.as_bytes());
    }
    whole(&lines, height)
}

/// What shows these lines, and nothing else, in place of the frame before. There are
/// no more of them than the terminal has rows.
pub(crate) fn whole(lines: &[impl AsRef<[u8]>], height: usize) -> Vec<u8> {
    let mut out = BEGIN.to_vec();
    for (place, line) in lines.iter().enumerate() {
        if place > 0 {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(CLEAR_LINE);
        out.extend_from_slice(line.as_ref());
    }
    if lines.len() < height {
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(CLEAR_BELOW);
    }
    out.extend_from_slice(END);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(page: &str, height: usize) -> Vec<String> {
        let frame = String::from_utf8(frame("title", page.as_bytes(), height)).expect("text");
        let lines = frame.split("\r\n");
        lines
            .map(|line| {
                ["\x1b[?2026h", "\x1b[?2026l", "\x1b[H", "\x1b[2K", "\x1b[J"]
                    .iter()
                    .fold(line.to_owned(), |line, code| line.replace(code, ""))
            })
            .collect()
    }

    #[test]
    fn a_page_with_room_is_shown_whole_and_the_rest_is_cleared() {
        assert_eq!(shown("a\nb\n", 10), ["title", "", "a", "b", ""]);
        assert_eq!(shown("a\nb\n", 4), ["title", "", "a", "b"]);
    }

    /// A line more than there are rows would move the whole screen up.
    #[test]
    fn a_frame_never_has_more_lines_than_the_terminal() {
        let page = "x\n".repeat(30);
        for height in 1..40 {
            let lines = shown(&page, height);
            assert!(lines.len() <= height, "{height}: {lines:?}");
        }
        let last = shown(&page, 10).pop().expect("a line");
        assert!(last.starts_with("+ 23 more lines"), "{last}");
    }

    #[test]
    fn nothing_is_cleared_before_its_line_is_written() {
        let frame = frame("title", b"a\n", 10);
        let frame = String::from_utf8(frame).expect("text");
        assert!(!frame.contains("\x1b[2J"), "{frame:?}");
        assert!(frame.starts_with("\x1b[?2026h\x1b[H\x1b[2Ktitle\r\n"));
    }
}

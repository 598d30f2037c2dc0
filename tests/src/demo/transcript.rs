//! What the reader sees: remarks, commands as typed, and their output.
//!
//! It can be pasted into a shell: all that is no command is a remark. No colours;
//! lines are cut to a terminal's width, and whole without one.

use std::io::{self, Write};

#[derive(Debug)]
pub(super) struct Transcript {
    out: io::Stdout,
    /// Columns of the terminal, if there is one.
    width: Option<usize>,
}

impl Transcript {
    /// On standard output.
    pub(super) fn stdout() -> Self {
        let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout());
        let width = size.map(|size| usize::from(size.ws_col)).ok();
        Self {
            out: io::stdout(),
            width: width.filter(|width| *width > 0),
        }
    }

    /// Remarks, a line each, after an empty one.
    pub(super) fn remark(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        text.lines()
            .try_for_each(|line| writeln!(self.out, "# {line}"))
    }

    /// A command as it is typed.
    pub(super) fn command(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "$ {line}")?;
        self.out.flush()
    }

    /// The first `head` lines of what a command printed, and how many more there are.
    pub(super) fn output(&mut self, text: &str, head: usize) -> io::Result<()> {
        for line in text.lines().take(head) {
            writeln!(self.out, "{}", cut(line, self.width))?;
        }
        match text.lines().count().saturating_sub(head) {
            0 => Ok(()),
            more => writeln!(self.out, "… {more} more lines"),
        }
    }

    /// Lines as they are.
    pub(super) fn lines(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }
}

fn cut(line: &str, width: Option<usize>) -> String {
    match width {
        Some(width) if line.chars().count() > width => {
            let kept = line.chars().take(width.saturating_sub(1));
            kept.chain(['…']).collect()
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_to_the_terminal_and_only_there() {
        assert_eq!(cut("web-1 läuft", Some(11)), "web-1 läuft");
        assert_eq!(cut("web-1 läuft", Some(8)), "web-1 l…");
        assert_eq!(cut("web-1 läuft", None), "web-1 läuft");
    }
}

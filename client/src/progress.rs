//! One line on standard error while an answer is being loaded.
//!
//! Invariant: whatever ends the wait, the line is gone before anything else is written.

use std::cell::Cell;
use std::ffi::OsString;
use std::time::Duration;

use aws_ssm_proto::client::LoadProgress;
use rustix::stdio::stderr;
use rustix::termios::tcgetwinsize;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::ending::Ending;
use crate::error::Failure;
use crate::notices::tell;
use crate::render::escape;
use crate::render::terminal::{USUAL_WIDTH, is_dumb};
use crate::render::time::span;

/// See the module.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    shown: Cell<bool>,
    /// Says that it was shown for the first time.
    appeared: Notify,
}

impl Progress {
    /// For somebody at a terminal that can erase a line; nobody else is shown anything.
    pub(crate) fn of_terminal(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let is_terminal = tcgetwinsize(stderr()).is_ok();
        (is_terminal && !is_dumb(variable)).then(|| Self {
            began: Instant::now(),
            shown: Cell::new(false),
            appeared: Notify::new(),
        })
    }

    /// Shows how far it is, in place of what was shown before.
    pub(crate) fn show(&self, progress: LoadProgress) {
        let text = line(progress, self.began.elapsed(), width());
        tell(&format!("\r{text}\x1b[K"));
        if !self.shown.replace(true) {
            self.appeared.notify_one();
        }
    }

    /// Takes the line away.
    pub(crate) fn erase(&self) {
        if self.shown.replace(false) {
            tell("\r\x1b[K");
        }
    }

    /// Waits for a signal that would leave the line behind. As long as there is none, a
    /// signal ends the program by itself.
    pub(crate) async fn interrupted(&self) -> Failure {
        self.appeared.notified().await;
        match Ending::new() {
            Ok(mut ending) => {
                let ended = ending.next().await;
                self.erase();
                ended
            }
            // It goes on as it would without.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Columns there are; asked each time, because a terminal may get another width.
fn width() -> usize {
    match tcgetwinsize(stderr()).map(|size| size.ws_col) {
        Ok(0) | Err(_) => USUAL_WIDTH,
        Ok(columns) => columns.into(),
    }
}

/// What is said, cut so that it stays on one line of a terminal.
fn line(progress: LoadProgress, elapsed: Duration, width: usize) -> String {
    let LoadProgress { rows, pages } = progress;
    let elapsed = span(Duration::from_secs(elapsed.as_secs()));
    let plural = if pages == 1 { "" } else { "s" };
    let text = match pages {
        0 => format!("loading: no page yet, {elapsed}"),
        _ => format!("loading: {rows} instances, {pages} page{plural}, {elapsed}"),
    };
    // In the last column a terminal may begin another line.
    escape::prefix(&text, width.saturating_sub(1)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(rows: u64, pages: u64, width: usize) -> String {
        let elapsed = Duration::from_millis(2900);
        line(LoadProgress { rows, pages }, elapsed, width)
    }

    #[test]
    fn a_line_says_rows_pages_and_how_long_it_takes() {
        assert_eq!(said(0, 0, 80), "loading: no page yet, 2s");
        assert_eq!(said(100, 1, 80), "loading: 100 instances, 1 page, 2s");
        assert_eq!(said(3100, 4, 80), "loading: 3100 instances, 4 pages, 2s");
    }

    #[test]
    fn a_line_never_reaches_the_last_column_of_a_narrow_terminal() {
        for width in 0..60 {
            assert!(said(123_456, 130, width).len() <= width.saturating_sub(1));
        }
        assert_eq!(said(100, 1, 12), "loading: 10");
    }
}

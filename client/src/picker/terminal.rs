//! The terminal that a picker is drawn on: `/dev/tty`, wherever standard output leads,
//! so that `$(aws-ssm resolve)` shows it and takes the id.
//!
//! Invariant: whatever ends the picker, a panic too, the terminal is as it was.

use std::fs::File;
use std::io::{self, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::getpgrp;
use rustix::stdio::stdin;
use rustix::termios::{
    OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};

use super::keyboard::Keyboard;
use super::view::{Frame, Size};
use crate::render::screen::{ENTER, LEAVE, whole};

/// Used when a terminal does not know its own size.
const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

/// The controlling terminal, if somebody could be asked there: standard input is one,
/// and this job is in its foreground.
pub(super) fn open() -> Option<File> {
    if !isatty(stdin()) {
        return None;
    }
    let tty = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .ok()?;
    // A job in the background would be stopped when it reads.
    let is_ours = tcgetpgrp(&tty).is_ok_and(|foreground| foreground == getpgrp());
    is_ours.then_some(tty)
}

/// The terminal's settings. Zero is how a terminal says that it reads as fast as it
/// writes, and it is to go on saying that.
fn settings(tty: &File) -> io::Result<Termios> {
    let mut settings = tcgetattr(tty)?;
    if settings.input_speed() == settings.output_speed() {
        settings.set_input_speed(0)?;
    }
    Ok(settings)
}

/// See the module.
#[derive(Debug)]
pub(super) struct Terminal {
    keyboard: Keyboard,
    screen: Arc<Screen>,
    styled: bool,
}

impl Terminal {
    /// Takes the terminal.
    pub(super) fn take(tty: File, styled: bool) -> io::Result<Self> {
        let terminal = Self {
            // Not `/dev/tty` itself, which not every system can wait for.
            keyboard: Keyboard::listen(stdin().try_clone_to_owned()?)?,
            screen: Arc::new(Screen {
                before: settings(&tty)?,
                tty,
                is_taken: AtomicBool::new(false),
            }),
            styled,
        };
        let screen = Arc::clone(&terminal.screen);
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            screen.leave();
            previous(panic);
        }));
        terminal.screen.enter()?;
        Ok(terminal)
    }

    pub(super) fn size(&self) -> Size {
        let size = tcgetwinsize(&self.screen.tty);
        let size = size.map_or(USUAL, |size| Size {
            columns: size.ws_col.into(),
            rows: size.ws_row.into(),
        });
        match size.columns == 0 || size.rows == 0 {
            true => USUAL,
            false => size,
        }
    }

    /// Shows a frame in place of the one before.
    pub(super) fn draw(&self, frame: &Frame, rows: usize) -> io::Result<()> {
        let lines: Vec<_> = frame
            .lines
            .iter()
            .map(|line| line.write(self.styled))
            .collect();
        let cursor = format!("\x1b[1;{}H\x1b[?25h", frame.cursor + 1);
        let hidden = b"\x1b[?25l".to_vec();
        let bytes = [hidden, whole(&lines, rows), cursor.into_bytes()].concat();
        (&self.screen.tty).write_all(&bytes)
    }

    /// What somebody types; an error once the terminal is gone.
    pub(super) async fn read(&mut self) -> io::Result<Vec<u8>> {
        self.keyboard.read().await
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.screen.leave();
    }
}

#[derive(Debug)]
struct Screen {
    tty: File,
    before: Termios,
    is_taken: AtomicBool,
}

impl Screen {
    fn enter(&self) -> io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        self.is_taken.store(true, Ordering::Relaxed);
        tcsetattr(&self.tty, OptionalActions::Drain, &raw)?;
        (&self.tty).write_all(ENTER)
    }

    /// Once; a terminal that is gone needs no mending.
    fn leave(&self) {
        if self.is_taken.swap(false, Ordering::Relaxed) {
            let _ = (&self.tty).write_all(LEAVE);
            let _ = tcsetattr(&self.tty, OptionalActions::Drain, &self.before);
        }
    }
}

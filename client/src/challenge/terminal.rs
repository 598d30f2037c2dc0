//! Asks a person for a code, on the terminal itself, wherever the streams lead.
//!
//! The code is shown as it is typed: it works once, and a typing mistake costs half a
//! minute. So the terminal's settings are never changed, and Ctrl-C leaves them whole.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use aws_ssm_proto::domain::Error;
use rustix::process::getpgrp;
use rustix::stdio::{stderr, stdin};
use rustix::termios::{isatty, tcgetpgrp};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::render::escape;

/// What a person needs to find the device and copy a code, and a good deal more.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How often somebody may type something that is no code.
const TRIES: usize = 3;
/// Digits of a code.
const DIGITS: usize = 6;

/// Why there is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No terminal, or another job is in its foreground.
    Nobody,
    /// The input ended.
    GaveUp,
    /// What was typed is no code, however often.
    NoCode,
    /// Nothing was typed in time.
    Silence,
}

impl Trouble {
    /// What the challenge says, with why it is not answered.
    pub(super) fn explain(self, challenge: &Error) -> Error {
        let why = match self {
            Self::Nobody => "there is no terminal in whose foreground somebody could be asked",
            Self::GaveUp => "none was typed",
            Self::NoCode => "what was typed is no code of six digits",
            Self::Silence => "none was typed within five minutes",
        };
        let mut error = challenge.clone().why(why);
        error.challenge = None;
        error
    }
}

/// Asks for a code of this device.
pub(super) async fn ask_code(serial: &str) -> Result<Zeroizing<String>, Trouble> {
    let (input, output) = open().ok_or(Trouble::Nobody)?;
    // The words of the `aws` command, which scripts may look for.
    let prompt = format!("Enter MFA code for {}: ", escape::shown(serial));
    let asking = tokio::task::spawn_blocking(move || {
        let mut output = File::from(output);
        ask(BufReader::new(File::from(input)), &mut output, &prompt)
    });
    match timeout(PATIENCE, asking).await {
        Ok(asked) => asked.unwrap_or(Err(Trouble::GaveUp)),
        // The thread that reads ends with the process, which is about to.
        Err(_) => Err(Trouble::Silence),
    }
}

/// Where a person is asked and answers.
fn open() -> Option<(OwnedFd, OwnedFd)> {
    let tty = File::options().read(true).write(true).open("/dev/tty");
    if let Ok(tty) = tty {
        // A job in the background would be stopped when it reads.
        let is_ours = tcgetpgrp(&tty).is_ok_and(|foreground| foreground == getpgrp());
        let both = || Some((tty.try_clone().ok()?.into(), tty.into()));
        return is_ours.then(both).flatten();
    }
    let clone = |stream: BorrowedFd<'_>| stream.try_clone_to_owned().ok();
    let both = || Some((clone(stdin())?, clone(stderr())?));
    (isatty(stdin()) && isatty(stderr())).then(both).flatten()
}

/// Asks until a code is typed.
fn ask(
    mut input: impl BufRead,
    output: &mut impl Write,
    prompt: &str,
) -> Result<Zeroizing<String>, Trouble> {
    let gave_up = |_: io::Error| Trouble::GaveUp;
    for _ in 0..TRIES {
        output.write_all(prompt.as_bytes()).map_err(gave_up)?;
        output.flush().map_err(gave_up)?;
        let mut line = Zeroizing::new(String::with_capacity(64));
        if input.read_line(&mut line).map_err(gave_up)? == 0 {
            // The prompt's line is still open.
            let _ = output.write_all(b"\n");
            return Err(Trouble::GaveUp);
        }
        if let Some(code) = code(&line) {
            return Ok(code);
        }
        output
            .write_all(b"a code has six digits\n")
            .map_err(gave_up)?;
    }
    Err(Trouble::NoCode)
}

/// The code in a line; some devices show it in two halves.
fn code(line: &str) -> Option<Zeroizing<String>> {
    let mut code = Zeroizing::new(String::with_capacity(line.len()));
    code.extend(line.chars().filter(|c| !c.is_whitespace()));
    let is_code = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(typed: &str) -> (Result<String, Trouble>, String) {
        let mut shown = Vec::new();
        let code = ask(typed.as_bytes(), &mut shown, "code: ");
        let shown = String::from_utf8(shown).expect("text");
        (code.map(|code| code.to_string()), shown)
    }

    #[test]
    fn a_code_is_six_digits_in_one_or_two_halves() {
        for typed in ["123456\n", " 123 456 \r\n", "123456"] {
            let (code, shown) = asked(typed);
            assert_eq!(code, Ok("123456".to_owned()));
            assert_eq!(shown, "code: ");
        }
    }

    #[test]
    fn a_wrong_format_is_asked_again_and_not_for_ever() {
        let (code, shown) = asked("12345\n123456\n");
        assert_eq!(code, Ok("123456".to_owned()));
        assert_eq!(shown, "code: a code has six digits\ncode: ");
        let (code, shown) = asked("\nabcdef\n1234567\n123456\n");
        assert_eq!(code, Err(Trouble::NoCode));
        assert_eq!(shown.matches("code: ").count(), TRIES);
    }

    #[test]
    fn the_end_of_the_input_is_no_code() {
        let (code, shown) = asked("");
        assert_eq!(code, Err(Trouble::GaveUp));
        assert_eq!(shown, "code: \n");
    }
}

//! The shells that can complete for us, and how each is answered.
//!
//! A value with a character that does more than show is never offered: it could not
//! be typed, and must not steer a terminal. What else a shell could take for its own
//! is quoted as that shell reads it.

pub mod line;

use aws_ssm_proto::domain::Error;

use crate::error::usage;
use crate::render::{escape, suggestion};
use line::{Quote, Typed};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// In the order of their names in [`SHELLS`].
const ALL: [Shell; SHELLS.len()] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Powershell];

/// Their names.
pub const SHELLS: [&str; 4] = ["bash", "zsh", "fish", "powershell"];

/// Asks a shell to complete the name of a file, which it does best itself.
pub const FILES: &str = "\t\n";

/// Something that can stand where the cursor is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The whole word.
    pub value: String,
    /// A few words on it.
    pub about: String,
    /// The word goes on: nothing is put after it.
    pub open: bool,
}

impl Shell {
    /// Reads a shell's name.
    ///
    /// # Errors
    ///
    /// It is none of these.
    pub fn parse(name: &str) -> Result<Self, Error> {
        if let Some(at) = SHELLS.iter().position(|known| *known == name) {
            return Ok(ALL[at]);
        }
        Err(usage(format!("there is no completion for {name:?}"))
            .why(format!("there is one for {}", SHELLS.join(", ")))
            .hint(suggestion(name, &SHELLS)))
    }

    /// The offers as the shell's script reads them.
    #[must_use]
    pub fn answer(self, offers: &[Offer], typed: &Typed) -> String {
        let mut text = String::new();
        for offer in offers {
            if offer.value.is_empty() || offer.value.chars().any(escape::is_unsafe) {
                continue;
            }
            self.append(&mut text, offer, typed);
            text.push('\n');
        }
        text
    }

    fn append(self, text: &mut String, offer: &Offer, typed: &Typed) {
        let about = escape::shown(&offer.about);
        let (value, open) = (offer.value.as_str(), if offer.open { "+" } else { "" });
        match self {
            Self::Bash => {
                text.push_str(&typed.quote(value));
                // A quote is closed by the shell, and then it would be too late.
                if !offer.open && typed.open_quote == Quote::None {
                    text.push(' ');
                }
            }
            Self::Zsh => text.extend([value, "\t", &about, "\t", open]),
            Self::Fish if about.is_empty() => text.push_str(value),
            Self::Fish => text.extend([value, "\t", &about]),
            Self::Powershell => text.extend([&powershell(value), "\t", value, "\t", &about]),
        }
    }
}

/// A word as PowerShell reads it.
fn powershell(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=+".contains(c);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(value: &str, about: &str, open: bool) -> Offer {
        Offer {
            value: value.to_owned(),
            about: about.to_owned(),
            open,
        }
    }

    fn answer(shell: Shell, offers: &[Offer]) -> String {
        shell.answer(offers, &Typed::default())
    }

    #[test]
    fn every_shell_has_its_name() {
        for (name, shell) in SHELLS.iter().zip(ALL) {
            assert_eq!(Shell::parse(name), Ok(shell));
        }
        let error = Shell::parse("fihs").expect_err("no shell");
        assert_eq!(error.hint, "did you mean fish?");
    }

    #[test]
    fn each_shell_is_answered_in_its_own_way() {
        let offers = [offer("a b", "one", false), offer("Team=", "", true)];
        assert_eq!(answer(Shell::Bash, &offers), "a\\ b \nTeam=\n");
        assert_eq!(answer(Shell::Zsh, &offers), "a b\tone\t\nTeam=\t\t+\n");
        assert_eq!(answer(Shell::Fish, &offers), "a b\tone\nTeam=\n");
        assert_eq!(
            answer(Shell::Powershell, &offers),
            "'a b'\ta b\tone\nTeam=\tTeam=\t\n"
        );
        assert_eq!(powershell("it's"), "'it''s'");
    }

    #[test]
    fn no_control_character_reaches_a_shell() {
        let hostile = ["a\nb", "a\tb", "\u{1b}[2J", "a\u{202e}b", "\u{7f}", ""];
        for shell in ALL {
            for value in hostile {
                let answered = answer(shell, &[offer(value, "", false)]);
                assert_eq!(answered, "", "{shell:?} {value:?}");
            }
            let answered = answer(shell, &[offer("a", "x\ny\u{1b}", false)]);
            assert_eq!(answered.matches('\n').count(), 1, "{answered:?}");
            assert!(!answered.contains('\u{1b}'), "{answered:?}");
        }
    }
}

//! Looks for secrets in everything that was written: files, standard streams, and
//! what a daemon inside this process would put into its log.
//!
//! Every secret of the sandbox carries a mark, so one search finds each of them,
//! also where it was turned into hexadecimal digits, base64 or a list of numbers.
//! Every [`super::Home`] is searched at its end, and every run of a program when it
//! has ended; so each test is a test of this too.

mod forms;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Mutex, Once, PoisonError};

use forms::needles;
use tracing_subscriber::fmt::MakeWriter;

/// Of a file larger than this, the rest is not searched; no test writes one.
const MAX_BYTES: u64 = 64 << 20;

/// The level at which our own code tells all it can, and everything else what the
/// daemon lets it tell at any level.
const ALL: &str = "warn,aws_ssmd=trace,aws_ssm_proto=trace";

/// A secret where none may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What was searched: a file, a stream, the log.
    pub place: String,
    /// How the secret was written: `plainly`, `in base64` …
    pub form: &'static str,
    /// What stands before it, to find the place by.
    before: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            form,
            before,
        } = self;
        write!(f, "{place} has a secret, {form}, after {before:?}")
    }
}

impl std::error::Error for Found {}

/// Searches what a program has written; `place` says where.
///
/// # Errors
///
/// A secret is in it.
pub fn search(bytes: &[u8], place: impl FnOnce() -> String) -> Result<(), Found> {
    const CONTEXT: usize = 60;
    // Bytes that are no text end a secret as well as they end a word.
    let text = String::from_utf8_lossy(bytes);
    let mut needles = needles().iter();
    let hit = needles.find_map(|(form, needle)| Some((*form, text.find(needle.as_str())?)));
    let Some((form, at)) = hit else {
        return Ok(());
    };
    let before = text[..at].chars().rev().take(CONTEXT).collect::<Vec<_>>();
    Err(Found {
        place: place(),
        form,
        before: before.into_iter().rev().collect(),
    })
}

/// Searches every regular file below `dir`, but for those that `is_known` knows to
/// hold secrets.
///
/// # Errors
///
/// A secret is in one of them.
pub fn search_below(dir: &Path, is_known: &dyn Fn(&Path) -> bool) -> Result<(), Found> {
    // A daemon may be tidying up at this moment: what is gone holds nothing.
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type();
        if is_known(&path) {
            continue;
        }
        if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
            search_below(&path, is_known)?;
        } else if kind.is_ok_and(|kind| kind.is_file()) {
            let bytes = read(&path).unwrap_or_default();
            search(&bytes, || path.display().to_string())?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the daemons inside this process have said that they must not.
static OVERHEARD: Mutex<Option<Found>> = Mutex::new(None);

/// Listens, from the first call on, to what the daemons inside this process would
/// write to their logs at the level `trace`.
pub fn listen_to_this_process() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(ALL)
            .with_ansi(false)
            .with_writer(Ear(&OVERHEARD))
            .finish();
        // One who listens already has a reason to.
        let _ = tracing::subscriber::set_global_default(subscriber);
    });
}

/// Whether a secret was heard.
///
/// # Errors
///
/// One was.
pub fn overheard() -> Result<(), Found> {
    let heard = OVERHEARD.lock().unwrap_or_else(PoisonError::into_inner);
    heard.clone().map_or(Ok(()), Err)
}

/// Keeps the first secret that it hears.
#[derive(Clone, Copy)]
struct Ear(&'static Mutex<Option<Found>>);

impl Write for Ear {
    /// Each call is one whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(found) = search(line, || "the log of a daemon".to_owned()) {
            let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            heard.get_or_insert(found);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Ear {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::harness::Home;
    use crate::sandbox::{Account, SandboxConfig};

    fn secrets() -> Vec<String> {
        let account = Account::numbered(0);
        let token = SandboxConfig::default().web_identity_token;
        vec![account.secret_key, token]
    }

    #[test]
    fn a_secret_in_any_form_is_found_and_not_repeated() {
        for secret in secrets() {
            for (form, written) in forms::all(&secret) {
                let line = format!("\u{0}before {written}");
                let found = search(line.as_bytes(), || "here".to_owned());
                let found = found.expect_err(&written);
                assert_eq!((found.place.as_str(), found.form), ("here", form));
                assert!(!found.to_string().contains(&written), "{found}");
            }
        }
    }

    #[test]
    fn a_secret_between_bytes_that_are_no_text_is_found() {
        for secret in secrets() {
            let bytes = [&[0xff, 0xc3][..], secret.as_bytes(), &[0x80]].concat();
            search(&bytes, String::new).expect_err("a secret");
        }
    }

    #[test]
    fn what_holds_none_is_let_pass() {
        let account = Account::numbered(0);
        let harmless = format!("{account:?} {} AKIA mk7secret9", account.user_arn);
        assert_eq!(search(harmless.as_bytes(), String::new), Ok(()));
    }

    #[test]
    fn a_home_with_a_secret_in_a_file_fails_its_test_and_names_the_file() {
        let home = Home::new();
        let path = home.path().join("state/deep/log");
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(&path, format!("key={}", Account::numbered(1).secret_key)).expect("a file");
        let panic = catch_unwind(AssertUnwindSafe(|| drop(home))).expect_err("it is found");
        let said = panic.downcast::<String>().expect("a message");
        assert!(said.starts_with(&path.display().to_string()), "{said}");
    }

    #[test]
    fn a_program_that_prints_a_secret_fails_its_test() {
        let mut command = std::process::Command::new("/bin/echo");
        command.arg(Account::numbered(0).secret_key);
        let output = command.output().expect("echo runs");
        let judged = catch_unwind(|| crate::harness::Finished::from(output));
        judged.expect_err("it is found");
    }

    #[test]
    fn secrets_in_their_own_places_are_let_be() {
        let home = Home::new();
        let key = Account::numbered(0).secret_key;
        home.write("credentials", &key);
        fs::create_dir(home.path().join(".aws")).expect("a directory");
        fs::write(home.path().join(".aws/credentials"), &key).expect("a file");
    }

    #[test]
    fn what_a_daemon_says_is_heard() {
        static HEARD: Mutex<Option<Found>> = Mutex::new(None);
        let mut ear = Ear(&HEARD);
        ear.write_all(b"INFO aws_ssmd: harmless\n").expect("heard");
        assert_eq!(*HEARD.lock().expect("whole"), None);
        let secret = Account::numbered(0).secret_key;
        ear.write_all(secret.as_bytes()).expect("heard");
        assert!(HEARD.lock().expect("whole").is_some());
    }
}

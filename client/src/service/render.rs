//! The files' texts: the templates of `systemd/` and `launchd/`, with the paths of this
//! machine.

use std::path::{Component, Path, PathBuf};

use aws_ssm_proto::domain::{Error, ErrorKind};

use super::mark;

const SOCKET_UNIT: &str = include_str!("../../../systemd/aws-ssmd.socket");
const SERVICE_UNIT: &str = include_str!("../../../systemd/aws-ssmd.service");
const PLIST: &str = include_str!("../../../launchd/aws-ssmd.plist");

/// What a service is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The daemon's program; absolute.
    pub path: PathBuf,
    /// The configuration file it is to read, if not the usual one; absolute.
    pub config: Option<PathBuf>,
}

impl Program {
    /// The command line, word by word.
    fn words(&self) -> Result<Vec<&str>, Error> {
        let config = self
            .config
            .iter()
            .flat_map(|file| [Path::new("--config"), file]);
        let words = [self.path.as_path()].into_iter().chain(config);
        words.map(writable).collect()
    }
}

pub(super) fn socket_unit() -> String {
    mark::put(&format!("# @MARK@\n{SOCKET_UNIT}"))
}

pub(super) fn service_unit(program: &Program) -> Result<String, Error> {
    let mut words: Vec<String> = program.words()?.into_iter().map(unit_word).collect();
    for argument in &mut words[1..] {
        // Replaced in arguments only, never in the name of the program.
        *argument = argument.replace('$', "$$");
    }
    let text = SERVICE_UNIT.replace("@PROGRAM@", &words.join(" "));
    Ok(mark::put(&format!("# @MARK@\n{text}")))
}

pub(super) fn plist(program: &Program, socket: &Path) -> Result<String, Error> {
    let words: Vec<String> = program.words()?.into_iter().map(xml).collect();
    let text = PLIST
        .replace("@PROGRAM@", &words.join("</string>\n\t\t<string>"))
        .replace("@SOCKET@", &xml(writable(socket)?));
    Ok(mark::put(&format!("{text}<!-- @MARK@ -->\n")))
}

/// A word of a command line in a unit: quoted, and with nothing that systemd would
/// replace.
fn unit_word(word: &str) -> String {
    let mut quoted = String::from("\"");
    for character in word.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '%' => quoted.push_str("%%"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Neither kind of file can hold every path that a file system can.
fn writable(path: &Path) -> Result<&str, Error> {
    let text = path.to_str();
    text.filter(|text| !text.contains(char::is_control) && !text.contains("@MARK@"))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Daemon,
                "a path cannot be written into a service's file",
            )
            .why(format!("{path:?} is no plain text"))
            .hint("install aws-ssm in a directory with a simpler name")
        })
}

/// The path by which a program will be found after its next upgrade. Homebrew keeps
/// each version in a directory of its own under `Cellar`, and a link to the one in use
/// under `opt`.
#[must_use]
pub fn lasting(program: PathBuf) -> PathBuf {
    of_homebrew(&program)
        .filter(|linked| linked.canonicalize().ok() == program.canonicalize().ok())
        .unwrap_or(program)
}

/// `PREFIX/opt/NAME/…` for `PREFIX/Cellar/NAME/VERSION/…`.
fn of_homebrew(program: &Path) -> Option<PathBuf> {
    let cellar = Component::Normal("Cellar".as_ref());
    let mut rest = program.components();
    let prefix: PathBuf = rest.by_ref().take_while(|part| *part != cellar).collect();
    let name = rest.next()?;
    let _version = rest.next()?;
    Some(prefix.join("opt").join(name).join(rest.as_path()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn program(path: &str, config: Option<&str>) -> Program {
        Program {
            path: path.into(),
            config: config.map(PathBuf::from),
        }
    }

    #[test]
    fn nothing_of_a_template_is_left_open() {
        let plain = program("/usr/bin/aws-ssmd", None);
        let texts = [
            socket_unit(),
            service_unit(&plain).unwrap(),
            plist(&plain, Path::new("/s")).unwrap(),
        ];
        for text in texts {
            for open in ["@PROGRAM@", "@SOCKET@", "@MARK@"] {
                assert!(!text.contains(open), "{text}");
            }
            assert_eq!(mark::holds(&text), Some(true));
        }
    }

    #[test]
    fn a_path_with_a_space_or_a_percent_sign_stays_one_word() {
        let odd = program("/opt/my $ tools/100%/aws-ssmd", Some("/h/$x \"y\".yaml"));
        let text = service_unit(&odd).unwrap();
        let line = r#"ExecStart="/opt/my $ tools/100%%/aws-ssmd" "--config" "/h/$$x \"y\".yaml""#;
        assert!(text.contains(&format!("\n{line}\n")), "{text}");
        let text = plist(&program("/A & B/aws-ssmd", None), Path::new("/s")).unwrap();
        assert!(
            text.contains("<string>/A &amp; B/aws-ssmd</string>"),
            "{text}"
        );
    }

    #[test]
    fn a_path_that_no_file_can_hold_is_refused() {
        for path in ["/a\nExecStart=/bin/false", "/a\u{7}"] {
            let error = service_unit(&program(path, None)).unwrap_err();
            assert!(error.hint.contains("simpler name"), "{error:?}");
        }
    }

    #[test]
    fn a_program_of_homebrew_is_named_by_the_link_that_upgrades_keep() {
        let temp = tempfile::tempdir().unwrap();
        let prefix = temp.path().canonicalize().unwrap();
        let version = prefix.join("Cellar/aws-ssm/1.2.3");
        fs::create_dir_all(version.join("bin")).unwrap();
        let program = version.join("bin/aws-ssmd");
        fs::write(&program, "").unwrap();
        assert_eq!(lasting(program.clone()), program, "there is no link yet");
        fs::create_dir(prefix.join("opt")).unwrap();
        symlink(&version, prefix.join("opt/aws-ssm")).unwrap();
        let linked = prefix.join("opt/aws-ssm/bin/aws-ssmd");
        assert_eq!(lasting(program), linked);
        let elsewhere = PathBuf::from("/usr/local/bin/aws-ssmd");
        assert_eq!(lasting(elsewhere.clone()), elsewhere);
    }
}

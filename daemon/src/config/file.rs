//! Reading the file, and saying where in it a mistake is.

use std::io;
use std::path::{Path, PathBuf};

use aws_ssm_proto::domain::{Error, ErrorKind, nearest};
use serde_json::{Map, Value};

use super::Config;
use super::setting::{SETTINGS, Setting, variable};

/// A larger file is a mistake.
const MAX_BYTES: u64 = 1 << 20;

/// The text of the configuration file; an unnamed one may be missing.
pub(super) fn read(
    explicit: Option<&Path>,
    usual: &[PathBuf],
) -> Result<Option<(PathBuf, String)>, Error> {
    let there = usual.iter().find(|path| path.exists());
    let Some(path) = explicit.or(there.map(PathBuf::as_path)) else {
        return Ok(None);
    };
    match read_text(path) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(error) => Err(wrong(format!("cannot read {}", path.display()), error)
            .hint("name another file with --config")),
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    if std::fs::metadata(path)?.len() > MAX_BYTES {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    std::fs::read_to_string(path)
}

/// Puts the values of the file into `config`.
pub(super) fn apply(config: &mut Config, path: &Path, text: &str) -> Result<(), Error> {
    let place = |line| format!("{}, line {line}", path.display());
    let root: Option<Value> = serde_yaml::from_str(text).map_err(|error| no_yaml(path, &error))?;
    for (section, keys) in mapping(root, path)? {
        let line = line_of(text, &section, None);
        let Value::Object(keys) = keys else {
            return Err(wrong(
                format!("{}: {section} is no section", place(line)),
                "it must hold keys",
            ));
        };
        for (key, value) in keys {
            let line = line_of(text, &section, Some(&key));
            let name = format!("{section}.{key}");
            let setting = find(&name).ok_or_else(|| unknown(&name, &place(line)))?;
            (setting.apply)(config, &value).map_err(|takes| {
                wrong(format!("{}: {name} cannot be {value}", place(line)), takes)
            })?;
        }
    }
    Ok(())
}

fn mapping(root: Option<Value>, path: &Path) -> Result<Map<String, Value>, Error> {
    match root {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(sections)) => Ok(sections),
        Some(_) => Err(wrong(
            format!("{} holds no sections", path.display()),
            "it must be a mapping such as `cache:` with keys below it",
        )),
    }
}

/// Puts the values of the environment into `config`.
pub(super) fn apply_variables(
    config: &mut Config,
    read: impl Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    for setting in SETTINGS {
        let variable = variable(setting.name);
        let Some(text) = read(&variable) else {
            continue;
        };
        // A variable is read as the value would be in the file.
        let value = serde_yaml::from_str(&text).unwrap_or_else(|_| Value::from(text.as_str()));
        (setting.apply)(config, &value)
            .map_err(|takes| wrong(format!("{variable} cannot be {text:?}"), takes))?;
    }
    Ok(())
}

fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

fn unknown(name: &str, place: &str) -> Error {
    let error = wrong(
        format!("{place}: there is no setting {name}"),
        "a name that means nothing is refused rather than left out",
    );
    match nearest(name, SETTINGS.iter().map(|setting| setting.name)) {
        Some(nearest) => error.hint(format!("did you mean {nearest}?")),
        None => error,
    }
}

/// The parser's words for people, on one line and without its picture of the file.
fn no_yaml(path: &Path, error: &serde_yaml::Error) -> Error {
    let error = error.without_snippet();
    if let serde_yaml::Error::DuplicateMappingKey {
        key: Some(key),
        location,
    } = error
    {
        let place = format!("{}, line {}", path.display(), location.line());
        return wrong(
            format!("{place}: {key} is written twice"),
            "only one of the two could count",
        )
        .hint("put all of it in one place");
    }
    let said = error.render_with_formatter(&serde_yaml::UserMessageFormatter);
    wrong(format!("{} is no valid YAML", path.display()), said)
}

fn wrong(what: impl Into<String>, why: impl ToString) -> Error {
    Error::new(ErrorKind::Config, what)
        .why(why.to_string())
        .hint("mend it; docs/configuration.md names every setting and its range")
}

/// The line, from 1, on which a section, or a key of it, stands. The values were
/// parsed without their places; block style is what people write.
fn line_of(text: &str, section: &str, key: Option<&str>) -> usize {
    let starts = |line: &str, word: &str| {
        let rest = line.trim_start().strip_prefix(word);
        rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
    };
    let lines = || text.lines().enumerate();
    let top = lines().find(|(_, line)| !line.starts_with(' ') && starts(line, section));
    let top = top.map_or(0, |(at, _)| at);
    let below = key.and_then(|key| {
        lines()
            .skip(top + 1)
            .find(|(_, line)| line.starts_with([' ', '\t']) && starts(line, key))
    });
    below.map_or(top, |(at, _)| at) + 1
}

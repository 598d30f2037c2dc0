//! What one field of one row holds, whatever it is printed as.
//!
//! Rows of a list and the figures of `daemon stats` are all made of these, so that
//! every output format is written once.

use std::time::Duration;

use aws_ssm_proto::domain::{InstanceRef, SettingValue};

use super::colour::Tone;
use super::several::Several;
use super::time::{Calendar, span};
use super::{append, escape};

/// One field.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// There is none.
    Absent,
    /// Nothing is to be said here.
    Blank,
    /// There may be one; nobody knows yet.
    Pending,
    /// Text that somebody chose.
    Text(&'a str),
    /// Text that was put together here.
    Owned(String),
    /// One of a few words, and how good a thing it says.
    Word(&'static str, Tone),
    /// Yes or no.
    Flag(bool),
    /// A count.
    Number(u64),
    /// A number of bytes.
    Size(u64),
    /// A part of a whole, 0 to 1.
    Share(f64),
    /// A length of time; seconds to programs.
    Span(Duration),
    /// A time, in seconds since 1970.
    Time(i64),
    /// The value of a setting.
    Setting(&'a SettingValue),
    /// Several texts.
    List(&'a [String]),
    /// Several things.
    Several(Several<'a>),
    /// The tags of an instance.
    Tags(&'a InstanceRef<'a>),
    /// The security groups of an instance.
    Groups(&'a InstanceRef<'a>),
}

impl<'a> Value<'a> {
    /// Text, or nothing.
    #[must_use]
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }

    /// What `of` makes of something, or nothing.
    pub fn of<T>(thing: Option<T>, of: impl FnOnce(T) -> Self) -> Self {
        thing.map_or(Self::Absent, of)
    }

    /// How it is coloured.
    #[must_use]
    pub fn tone(&self) -> Tone {
        match self {
            Self::Word(_, tone) => *tone,
            Self::Absent | Self::Pending | Self::Setting(SettingValue::Unset(_)) => Tone::Faint,
            _ => Tone::Plain,
        }
    }

    /// Whether a column of these reads best with its ends aligned.
    #[must_use]
    pub fn is_figure(&self) -> bool {
        matches!(
            self,
            Self::Number(_) | Self::Size(_) | Self::Share(_) | Self::Span(_)
        )
    }

    /// Whether a person would read of nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Absent | Self::Blank | Self::Text("") => true,
            Self::Several(several) => several.shown().is_empty(),
            _ => false,
        }
    }

    /// Appends it as a person reads it; returns how many columns that takes.
    pub fn show(&self, out: &mut Vec<u8>, calendar: &mut Calendar) -> usize {
        match self {
            Self::Text(text) if !text.is_empty() && escape::is_printable_ascii(text) => {
                append::text(out, text.as_bytes());
                text.len()
            }
            Self::Word(word, _) => {
                append::text(out, word.as_bytes());
                word.len()
            }
            _ => self.show_slowly(out, calendar),
        }
    }

    /// The same, where `ellipsis` stands for what is not known yet.
    #[inline]
    pub(super) fn show_or(
        &self,
        ellipsis: &str,
        out: &mut Vec<u8>,
        calendar: &mut Calendar,
    ) -> usize {
        if matches!(self, Self::Pending) {
            out.extend_from_slice(ellipsis.as_bytes());
            return escape::width(ellipsis);
        }
        self.show(out, calendar)
    }

    fn show_slowly(&self, out: &mut Vec<u8>, calendar: &mut Calendar) -> usize {
        let mut push = |text: &str| {
            out.extend_from_slice(text.as_bytes());
            escape::width(text)
        };
        match self {
            Self::Absent => push("-"),
            Self::Blank => 0,
            Self::Pending => push("…"),
            Self::Text("") => push("-"),
            Self::Text(text) => push(&escape::shown(text)),
            Self::Owned(text) => push(&escape::shown(text)),
            Self::Word(word, _) => push(word),
            Self::Flag(flag) => push(if *flag { "yes" } else { "no" }),
            Self::Number(number) => push(&number.to_string()),
            Self::Size(bytes) => push(&size(*bytes)),
            Self::Share(share) => push(&format!("{:.2}%", share * 100.0)),
            Self::Span(length) => push(&span(*length)),
            Self::Time(seconds) => {
                let start = out.len();
                calendar.push(out, *seconds);
                out.len() - start
            }
            Self::Setting(SettingValue::Set(json)) => push(&escape::shown(&plain(json))),
            Self::Setting(SettingValue::Unset(instead)) => push(&escape::shown(instead)),
            Self::List(texts) => push(&escape::shown(&texts.join(","))),
            Self::Several(_) if self.is_nothing() => push("-"),
            Self::Several(several) => push(&escape::shown(&several.shown().join(", "))),
            Self::Tags(_) | Self::Groups(_) => push(&escape::shown(&self.joined())),
        }
    }

    /// Appends it as a program reads it from a line; nothing when there is nothing.
    pub fn write(&self, out: &mut Vec<u8>, calendar: &mut Calendar) {
        match self {
            Self::Absent | Self::Blank | Self::Pending | Self::Setting(SettingValue::Unset(_)) => {}
            Self::Setting(SettingValue::Set(json)) => {
                out.extend_from_slice(plain(json).as_bytes());
            }
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Owned(text) => out.extend_from_slice(text.as_bytes()),
            Self::Flag(flag) => {
                out.extend_from_slice(if *flag { b"true" } else { b"false" });
            }
            Self::Number(number) | Self::Size(number) => {
                out.extend_from_slice(number.to_string().as_bytes());
            }
            Self::Share(share) => out.extend_from_slice(share.to_string().as_bytes()),
            Self::Span(length) => out.extend_from_slice(seconds(*length).to_string().as_bytes()),
            Self::List(texts) => out.extend_from_slice(texts.join(",").as_bytes()),
            Self::Several(several) => {
                out.extend_from_slice(several.written().join(",").as_bytes());
            }
            Self::Tags(_) | Self::Groups(_) => out.extend_from_slice(self.joined().as_bytes()),
            Self::Word(..) | Self::Time(_) => {
                self.show(out, calendar);
            }
        }
    }

    /// Tags as `K=V,…`, groups by their ids.
    fn joined(&self) -> String {
        match self {
            Self::Tags(row) => join(row.tags().map(|(key, value)| format!("{key}={value}"))),
            Self::Groups(row) => join(row.security_groups().map(|(id, _)| id.to_owned())),
            _ => String::new(),
        }
    }
}

/// A text without its quotes, everything else as it is.
fn plain(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(serde_json::Value::String(text)) => text,
        _ => json.to_owned(),
    }
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(",")
}

/// Seconds, with as many digits as are meant.
pub(super) fn seconds(length: Duration) -> f64 {
    length.as_micros() as f64 / 1e6
}

/// A number of bytes in the unit that keeps it short.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &Value<'_>) -> String {
        let mut out = Vec::new();
        let width = value.show(&mut out, &mut Calendar::default());
        let text = String::from_utf8(out).expect("text");
        assert_eq!(width, escape::width(&text));
        text
    }

    fn written(value: &Value<'_>) -> String {
        let mut out = Vec::new();
        value.write(&mut out, &mut Calendar::default());
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn people_and_programs_read_different_things() {
        let cases = [
            (Value::Absent, "-", ""),
            (Value::Pending, "…", ""),
            (Value::Text("a\nb"), "a\\nb", "a\nb"),
            (Value::Flag(true), "yes", "true"),
            (Value::Size(1_572_864), "1.5 MiB", "1572864"),
            (Value::Share(0.9667), "96.67%", "0.9667"),
            (Value::Span(Duration::from_millis(1500)), "1s", "1.5"),
            (Value::Span(Duration::from_secs(312)), "5m12s", "312"),
            (
                Value::Time(0),
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:00:00Z",
            ),
            (Value::Word("running", Tone::Good), "running", "running"),
            (
                Value::Setting(&SettingValue::Set("\"info\"".into())),
                "info",
                "info",
            ),
            (
                Value::Setting(&SettingValue::Unset("none".into())),
                "none",
                "",
            ),
        ];
        for (value, person, program) in cases {
            assert_eq!(shown(&value), person);
            assert_eq!(written(&value), program);
        }
    }

    #[test]
    fn sizes_stay_short() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1 << 40), "1.0 TiB");
        assert_eq!(size(u64::MAX), "16777216.0 TiB");
    }
}

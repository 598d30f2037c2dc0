//! JSON: rows as objects whose keys and value types are part of the contract.
//!
//! The same objects go into YAML, see [`super::yaml`].

use std::io::{self, Write};

use aws_ssm_proto::domain::{Error, ErrorKind, InstanceRef, SettingValue};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};

use super::time::Calendar;
use super::value::seconds;
use super::{Field, Row, Value, escape};

/// A row as an object.
pub(super) struct Object<'a, R>(pub &'a [Field], pub &'a R);

impl<R: Row> Serialize for Object<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (place, field) in self.0.iter().enumerate() {
            map.serialize_entry(&*field.key, &self.1.value(place))?;
        }
        map.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Blank | Self::Pending => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Owned(text) => serializer.serialize_str(text),
            Self::Word(word, _) => serializer.serialize_str(word),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) | Self::Size(number) => serializer.serialize_u64(*number),
            Self::Share(share) => serializer.serialize_f64(*share),
            Self::Span(length) if length.subsec_micros() == 0 => {
                serializer.serialize_u64(length.as_secs())
            }
            Self::Span(length) => serializer.serialize_f64(seconds(*length)),
            Self::Time(seconds) => serializer.serialize_str(&Calendar::default().text(*seconds)),
            Self::Setting(SettingValue::Unset(_)) => serializer.serialize_unit(),
            Self::Setting(SettingValue::Set(json)) => {
                match serde_json::from_str::<serde_json::Value>(json) {
                    Ok(value) => value.serialize(serializer),
                    Err(_) => serializer.serialize_str(json),
                }
            }
            Self::List(texts) => texts.serialize(serializer),
            Self::Several(several) => several.serialize(serializer),
            Self::Tags(row) => serializer.collect_map(row.tags()),
            Self::Groups(row) => groups(row, serializer),
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Group<'a> {
    id: &'a str,
    name: &'a str,
}

/// The groups of an instance, by their ids.
pub(super) fn sorted_groups<'a>(row: &'a InstanceRef<'a>) -> Vec<Group<'a>> {
    let groups = row.security_groups().map(|(id, name)| Group { id, name });
    let mut groups: Vec<_> = groups.collect();
    groups.sort_unstable();
    groups
}

fn groups<S: Serializer>(row: &InstanceRef<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(None)?;
    for (id, name) in row.security_groups() {
        list.serialize_element(&Group { id, name })?;
    }
    list.end()
}

/// What `--meta` says around the rows.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// When the oldest of the data was fetched, in seconds since 1970.
    pub fetched_at: Option<i64>,
    /// Some of the data is older than its time to live.
    pub stale: bool,
    /// There are more rows than the daemon's maximum.
    pub cut: bool,
    /// What could not be had, with the region where it could not.
    pub errors: Vec<(Option<String>, Error)>,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    region: Option<&'a str>,
    kind: &'static str,
    what: &'a str,
    why: &'a str,
    hint: &'a str,
}

impl Meta {
    /// Appends `{"fetched_at":…,"errors":[…],"NAME":`, so that a value and a brace
    /// make it whole.
    pub(super) fn open(&self, out: &mut Vec<u8>, name: &str) {
        let fetched_at = Value::of(self.fetched_at, Value::Time);
        let errors: Vec<_> = self.errors.iter().map(error_object).collect();
        out.extend_from_slice(b"{\"fetched_at\":");
        write(out, &fetched_at);
        out.extend_from_slice(b",\"stale\":");
        write(out, &self.stale);
        out.extend_from_slice(b",\"cut\":");
        write(out, &self.cut);
        out.extend_from_slice(b",\"errors\":");
        write(out, &errors);
        out.push(b',');
        write(out, &name);
        out.push(b':');
    }
}

fn error_object((region, error): &(Option<String>, Error)) -> ErrorObject<'_> {
    ErrorObject {
        region: region.as_deref(),
        kind: kind_name(error.kind),
        what: &error.what,
        why: &error.why,
        hint: &error.hint,
    }
}

fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Usage => "usage",
        ErrorKind::Config => "config",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Ambiguous => "ambiguous",
        ErrorKind::Credentials => "credentials",
        ErrorKind::Permission => "permission",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Daemon => "daemon",
        ErrorKind::Internal => "internal",
    }
}

/// Appends a value on one line.
pub(super) fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    let mut serializer = serde_json::Serializer::with_formatter(out, Guarded);
    value
        .serialize(&mut serializer)
        .expect("keys are strings and a vector takes every byte");
}

/// JSON's own escapes stop at U+001F; a terminal does not.
struct Guarded;

impl Formatter for Guarded {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        if escape::is_printable_ascii(fragment) {
            return CompactFormatter.write_string_fragment(writer, fragment);
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(escape::is_unsafe) {
            let (before, from) = rest.split_at(at);
            let mut chars = from.chars();
            let unsafe_char = chars.next().map_or(0, u32::from);
            rest = chars.as_str();
            // All of them are in the basic plane.
            write!(writer, "{before}\\u{unsafe_char:04x}")?;
        }
        writer.write_all(rest.as_bytes())
    }
}

//! Turns rows into bytes for standard output, in every format there is.
//!
//! A row gives a [`Value`] for each of its [`Field`]s, and knows nothing of formats;
//! a format knows nothing of what the rows are about. Nothing here waits, asks or
//! writes to a file.

mod append;
pub mod candidates;
pub mod change;
pub mod colour;
mod delimited;
pub mod escape;
pub mod instance;
pub mod interface;
mod json;
mod layout;
pub mod page;
mod printer;
pub mod screen;
pub mod several;
pub mod sheet;
pub mod sink;
mod table;
pub mod terminal;
pub mod time;
pub mod value;
mod wrap;
mod yaml;

use std::borrow::Cow;

pub use json::Meta;
pub use printer::Printer;
pub use several::Several;
pub use terminal::Look;
pub use value::Value;

use aws_ssm_proto::domain::{Error, OUTPUT_FORMATS, nearest};

use crate::error::usage;

/// What rows are printed as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Format {
    #[default]
    Table,
    Wide,
    Json,
    Jsonl,
    Yaml,
    Csv,
    Tsv,
    Ids,
}

/// In the order of their names in [`OUTPUT_FORMATS`].
const FORMATS: [Format; OUTPUT_FORMATS.len()] = [
    Format::Table,
    Format::Wide,
    Format::Json,
    Format::Jsonl,
    Format::Yaml,
    Format::Csv,
    Format::Tsv,
    Format::Ids,
];

impl Format {
    /// Reads the name that `--output` takes.
    ///
    /// # Errors
    ///
    /// No format has this name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let names = OUTPUT_FORMATS;
        if let Some(at) = names.iter().position(|known| *known == name) {
            return Ok(FORMATS[at]);
        }
        Err(usage(format!("there is no output format {name:?}"))
            .why(format!("there are {}", names.join(", ")))
            .hint(suggestion(name, &names)))
    }

    /// Whether a person reads it.
    #[must_use]
    pub fn is_table(self) -> bool {
        matches!(self, Self::Table | Self::Wide)
    }

    /// Whether a row can be printed before the next is known.
    #[must_use]
    pub fn is_lines(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv | Self::Tsv | Self::Ids)
    }
}

/// A hint that names the nearest of `names`.
pub(crate) fn suggestion(name: &str, names: &[&str]) -> String {
    match nearest(name, names.iter().copied()) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("use one of {}", names.join(", ")),
    }
}

/// A column of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What people call it, as in `private-ip`.
    pub label: Cow<'static, str>,
    /// What programs call it, as in `private_ip`.
    pub key: Cow<'static, str>,
    /// Tables never shorten it, because half of it is of no use.
    pub whole: bool,
}

impl Field {
    /// A field whose key is its label with underscores.
    #[must_use]
    pub fn named(label: &'static str) -> Self {
        Self {
            label: label.into(),
            key: match label.contains('-') {
                true => label.replace('-', "_").into(),
                false => label.into(),
            },
            whole: false,
        }
    }

    /// Under another name for programs.
    #[must_use]
    pub fn key(mut self, key: &'static str) -> Self {
        self.key = key.into();
        self
    }

    /// Never shortened.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }
}

/// One row of a list.
pub trait Row {
    /// What the field at this place of the list of fields holds.
    fn value(&self, field: usize) -> Value<'_>;
}

impl<R: Row + ?Sized> Row for &R {
    fn value(&self, field: usize) -> Value<'_> {
        (**self).value(field)
    }
}

#[cfg(test)]
mod tests;

//! Small answers: a few rows or one, with fields of their own.
//!
//! Whatever is no list of instances is made of sheets, so that it obeys `--output`
//! and `--columns` without a word of its own about them.

use std::io;

use aws_ssm_proto::domain::Error;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::json::{self, Object};
use super::layout::GAP;
use super::page::Page;
use super::sink::Sink;
use super::time::Calendar;
use super::{Field, Format, Look, Printer, Row, Value, escape, suggestion, yaml};
use crate::error::usage;

/// The first column of a document's table, which names what a row is about, may be
/// shortened to this; a terminal that is narrower still gets the rows upright.
const SHORTENED: usize = 20;

/// Rows of values.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    fields: Vec<Field>,
    rows: Vec<Vec<Value<'a>>>,
    single: bool,
}

impl Row for Vec<Value<'_>> {
    fn value(&self, field: usize) -> Value<'_> {
        self[field].clone()
    }
}

impl<'a> Sheet<'a> {
    /// A list of things.
    #[must_use]
    pub fn list(fields: Vec<Field>, rows: Vec<Vec<Value<'a>>>) -> Self {
        Self {
            fields,
            rows,
            single: false,
        }
    }

    /// One thing, field by field.
    #[must_use]
    pub fn single(parts: Vec<(Field, Value<'a>)>) -> Self {
        let (fields, row) = parts.into_iter().unzip();
        Self {
            fields,
            rows: vec![row],
            single: true,
        }
    }

    /// The same rows with these fields only, in this order.
    ///
    /// # Errors
    ///
    /// There is no field of such a name.
    pub fn select(self, columns: &[String]) -> Result<Self, Error> {
        let places: Vec<usize> = columns
            .iter()
            .map(|name| self.place(name))
            .collect::<Result<_, _>>()?;
        let rows = self.rows.iter();
        Ok(Self {
            fields: places.iter().map(|i| self.fields[*i].clone()).collect(),
            rows: rows
                .map(|row| places.iter().map(|i| row[*i].clone()).collect())
                .collect(),
            single: self.single,
        })
    }

    fn place(&self, name: &str) -> Result<usize, Error> {
        let found = self.fields.iter().position(|field| field.label == name);
        found.ok_or_else(|| {
            let labels: Vec<&str> = self.fields.iter().map(|field| &*field.label).collect();
            usage(format!("there is no column {name:?} here"))
                .why(format!("there are {}", labels.join(", ")))
                .hint(suggestion(name, &labels))
        })
    }

    /// Prints it in a format; returns the names of columns there was no room for.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    pub fn print(&self, sink: &mut Sink, format: Format, look: Look) -> io::Result<Vec<String>> {
        let out = sink.buffer();
        match format {
            Format::Table | Format::Wide if self.single => {
                Page::new(out, look).lines("", &self.pairs());
            }
            Format::Json if self.single => {
                json::write(out, self);
                out.push(b'\n');
            }
            Format::Yaml if self.single => yaml::write(out, self),
            _ => {
                let mut printer = Printer::new(format, self.fields.clone(), look);
                printer.print(out, self.rows.iter());
                return printer.end(sink);
            }
        }
        Ok(Vec::new())
    }

    /// What a table of it takes at least, the first column shortened if need be.
    fn width(&self, look: Look) -> usize {
        let mut calendar = Calendar::default();
        let mut shown = Vec::new();
        let mut total = 0;
        for (place, field) in self.fields.iter().enumerate() {
            let header = if look.header {
                escape::width(&field.label)
            } else {
                1
            };
            let values = self
                .rows
                .iter()
                .map(|row| row[place].show_or(look.ellipsis, &mut shown, &mut calendar));
            let width = values.max().unwrap_or(0).max(header);
            total += GAP
                + if place == 0 {
                    width.min(SHORTENED.max(header))
                } else {
                    width
                };
        }
        total.saturating_sub(GAP)
    }

    /// Row by row, each with its fields below the first.
    fn print_upright(&self, name: &str, page: &mut Page<'_>) {
        for (place, row) in self.rows.iter().enumerate() {
            let about = match row.first() {
                Some(Value::Text(text)) => text,
                _ => "",
            };
            if place == 0 {
                page.heading(name);
            }
            page.line(about);
            let fields = self.fields.iter().map(|field| &*field.label);
            let pairs: Vec<_> = fields.zip(row.iter().cloned()).skip(1).collect();
            page.grid("", &pairs);
        }
    }

    fn pairs(&self) -> Vec<(&str, Value<'_>)> {
        let values = self.rows.iter().flatten().cloned();
        self.fields.iter().map(|f| &*f.label).zip(values).collect()
    }
}

impl Serialize for Sheet<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut objects = self.rows.iter().map(|row| Object(&self.fields, row));
        match objects.next() {
            Some(object) if self.single => object.serialize(serializer),
            first => serializer.collect_seq(first.into_iter().chain(objects)),
        }
    }
}

/// Several sheets under names.
#[derive(Debug)]
pub struct Document<'a>(pub Vec<(&'static str, Sheet<'a>)>);

impl Document<'_> {
    /// Prints it in a format; returns the names of columns there was no room for.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    pub fn print(&self, sink: &mut Sink, format: Format, look: Look) -> io::Result<Vec<String>> {
        let out = sink.buffer();
        match format {
            Format::Table | Format::Wide => return self.print_page(sink, look),
            Format::Json | Format::Jsonl => {
                json::write(out, self);
                out.push(b'\n');
            }
            Format::Yaml => yaml::write(out, self),
            Format::Csv | Format::Tsv | Format::Ids => {
                return self.flat().print(sink, format, look);
            }
        }
        Ok(Vec::new())
    }

    fn print_page(&self, sink: &mut Sink, look: Look) -> io::Result<Vec<String>> {
        let mut omitted = Vec::new();
        for (name, sheet) in &self.0 {
            if sheet.single {
                Page::new(sink.buffer(), look).grid(name, &sheet.pairs());
                continue;
            }
            if sheet.rows.is_empty() {
                continue;
            }
            if look.width.is_some_and(|room| sheet.width(look) > room) {
                sheet.print_upright(name, &mut Page::new(sink.buffer(), look));
            } else {
                Page::new(sink.buffer(), look).heading(name);
                omitted.extend(sheet.print(sink, Format::Table, look)?);
            }
        }
        Ok(omitted)
    }

    /// One row for each figure, so that lines of one shape hold all of them.
    fn flat(&self) -> Sheet<'_> {
        let mut rows = Vec::new();
        for (name, sheet) in &self.0 {
            // What the rows of a list are about stands in their first field.
            let first = usize::from(!sheet.single);
            for row in &sheet.rows {
                let subject = match sheet.single {
                    true => Value::Absent,
                    false => row.first().cloned().unwrap_or(Value::Absent),
                };
                let figures = sheet.fields.iter().zip(row).skip(first);
                rows.extend(figures.map(|(field, value)| {
                    let figure = Value::Text(&field.key);
                    vec![Value::Text(name), subject.clone(), figure, value.clone()]
                }));
            }
        }
        Sheet::list(
            ["section", "subject", "figure", "value"]
                .map(Field::named)
                .into(),
            rows,
        )
    }
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, sheet) in &self.0 {
            map.serialize_entry(name, sheet)?;
        }
        map.end()
    }
}

//! Rows in, bytes out, in the format that was asked for.

use std::io;

use super::delimited::{Lines, Separator, header};
use super::json::{Meta, Object};
use super::sink::Sink;
use super::table::Table;
use super::time::Calendar;
use super::{Field, Format, Look, Row, json, yaml};

/// Prints one list.
#[derive(Debug)]
pub struct Printer {
    format: Format,
    fields: Vec<Field>,
    look: Look,
    calendar: Calendar,
    lines: Lines,
    table: Table,
    started: bool,
    rows: u64,
}

impl Printer {
    /// A printer of rows that have these fields.
    #[must_use]
    pub fn new(format: Format, fields: Vec<Field>, look: Look) -> Self {
        Self {
            table: Table::new(&fields, &look),
            format,
            fields,
            look,
            calendar: Calendar::default(),
            lines: Lines::default(),
            started: false,
            rows: 0,
        }
    }

    /// How many rows have been printed.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether nothing of a table has to be cut.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.table.fits(&self.look)
    }

    /// Appends rows to `out`, or keeps them if they cannot be printed yet.
    pub fn print<R: Row>(&mut self, out: &mut Vec<u8>, rows: impl Iterator<Item = R>) {
        self.start(out);
        let mut count = 0;
        let rows = rows.inspect(|_| count += 1);
        match self.format {
            Format::Table | Format::Wide => {
                rows.for_each(|row| self.table.push(&row, &mut self.calendar));
            }
            Format::Json => {
                let mut first = self.rows == 0;
                for row in rows {
                    out.extend_from_slice(if first { b"\n" } else { b",\n" });
                    first = false;
                    json::write(out, &Object(&self.fields, &row));
                }
            }
            Format::Jsonl => {
                for row in rows {
                    json::write(out, &Object(&self.fields, &row));
                    out.push(b'\n');
                }
            }
            Format::Yaml => rows.for_each(|row| yaml::write_item(out, &self.fields, &row)),
            Format::Csv => {
                let fields = self.fields.len();
                self.lines.csv(out, fields, rows, self.look.terminal);
            }
            Format::Tsv => self.lines.tsv(out, self.fields.len(), rows),
            // The first field is what a row is known by.
            Format::Ids => self.lines.tsv(out, 1, rows),
        }
        self.rows += count;
    }

    /// Appends what comes before the first row.
    fn start(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        match self.format {
            Format::Json => out.push(b'['),
            Format::Csv if self.look.header => header(out, &self.fields, Separator::Comma),
            Format::Tsv if self.look.header => header(out, &self.fields, Separator::Tab),
            _ => {}
        }
    }

    /// Appends what comes after the last row; returns the names of columns that the
    /// terminal has no room for.
    ///
    /// # Errors
    ///
    /// A long table is written on the way, and the sink may take no more.
    pub fn end(&mut self, sink: &mut Sink) -> io::Result<Vec<String>> {
        let out = sink.buffer();
        self.start(out);
        match self.format {
            Format::Table | Format::Wide => return self.table.write(sink, &self.look),
            Format::Json if self.rows == 0 => out.extend_from_slice(b"]\n"),
            Format::Json => out.extend_from_slice(b"\n]\n"),
            Format::Yaml if self.rows == 0 => out.extend_from_slice(b"[]\n"),
            _ => {}
        }
        Ok(Vec::new())
    }

    /// Puts what is known of the rows around what waits in `out`, which must be the
    /// whole of them in JSON.
    pub fn wrap(out: &mut Vec<u8>, meta: &Meta, name: &str) {
        let mut wrapped = Vec::with_capacity(out.len() + 256);
        meta.open(&mut wrapped, name);
        wrapped.extend_from_slice(out.trim_ascii_end());
        wrapped.extend_from_slice(b"}\n");
        *out = wrapped;
    }
}

//! Lines for programs: CSV, TSV and bare ids.
//!
//! CSV keeps every byte, quoted as RFC 4180 has it; TSV and ids keep one row on one
//! line, with `\t`, `\n`, `\\` and `\u{…}` for what would break it.

use super::time::Calendar;
use super::{Field, Row, escape};

/// Appends the line of keys.
pub(super) fn header(out: &mut Vec<u8>, fields: &[Field], separator: Separator) {
    let keys = fields.iter().map(|field| &*field.key);
    match separator {
        Separator::Comma => csv_line(out, keys.map(str::as_bytes)),
        Separator::Tab => {
            for (place, key) in keys.enumerate() {
                separate(out, place);
                out.extend_from_slice(escape::field(key).as_bytes());
            }
            out.push(b'\n');
        }
    }
}

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Tab,
}

/// Writes rows, and keeps the room they needed.
#[derive(Debug, Default)]
pub(super) struct Lines {
    calendar: Calendar,
    field: Vec<u8>,
    record: csv::ByteRecord,
}

impl Lines {
    /// Appends rows of CSV. `escaped`: for a terminal, which must not be steered.
    pub(super) fn csv<R: Row>(
        &mut self,
        out: &mut Vec<u8>,
        fields: usize,
        rows: impl Iterator<Item = R>,
        escaped: bool,
    ) {
        let mut writer = csv::Writer::from_writer(out);
        for row in rows {
            self.record.clear();
            for field in 0..fields {
                self.read(&row, field);
                if escaped {
                    let text = String::from_utf8_lossy(&self.field);
                    self.record.push_field(escape::shown(&text).as_bytes());
                } else {
                    self.record.push_field(&self.field);
                }
            }
            writer.write_byte_record(&self.record).expect(TAKES_ALL);
        }
        writer.flush().expect(TAKES_ALL);
    }

    /// Appends rows of TSV.
    pub(super) fn tsv<R: Row>(
        &mut self,
        out: &mut Vec<u8>,
        fields: usize,
        rows: impl Iterator<Item = R>,
    ) {
        for row in rows {
            for field in 0..fields {
                separate(out, field);
                self.read(&row, field);
                let text = String::from_utf8_lossy(&self.field);
                out.extend_from_slice(escape::field(&text).as_bytes());
            }
            out.push(b'\n');
        }
    }

    fn read(&mut self, row: &impl Row, field: usize) {
        self.field.clear();
        row.value(field).write(&mut self.field, &mut self.calendar);
    }
}

const TAKES_ALL: &str = "a vector takes every byte, and rows have equally many fields";

fn separate(out: &mut Vec<u8>, place: usize) {
    if place > 0 {
        out.push(b'\t');
    }
}

fn csv_line<'a>(out: &mut Vec<u8>, fields: impl Iterator<Item = &'a [u8]>) {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(fields).expect(TAKES_ALL);
    writer.flush().expect(TAKES_ALL);
}

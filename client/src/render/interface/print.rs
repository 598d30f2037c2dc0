//! The interfaces of one instance as a person reads them: a table, or one below the
//! other where the terminal is too narrow for it.

use std::io;

use aws_ssm_proto::domain::InstanceInterfaces;

use super::{Column, Columns, InterfaceRow};
use crate::render::page::Page;
use crate::render::sink::Sink;
use crate::render::{Format, Look, Printer, Row, Value};

/// Prints them, a table under `heading` if that is not empty. Nothing of them is cut.
///
/// # Errors
///
/// The sink takes no more.
pub fn print(
    sink: &mut Sink,
    look: Look,
    heading: &str,
    columns: &[Column],
    instance: &InstanceInterfaces,
) -> io::Result<()> {
    let rows = || InterfaceRow::all(columns, instance);
    let fields = Columns::new(columns).fields();
    let mut printer = Printer::new(Format::Table, fields, look);
    printer.print(sink.buffer(), rows().flat_map(lines));
    if printer.fits() {
        if !heading.is_empty() {
            Page::new(sink.buffer(), look).heading(heading);
        }
        return printer.end(sink).map(drop);
    }
    for row in rows() {
        let mut page = Page::new(sink.buffer(), look);
        let values = columns.iter().enumerate();
        let values = values.map(|(at, column)| (column.label, row.value(at)));
        // What it is called stands above it.
        let known = values.filter(|(label, value)| *label != "id" && !value.is_nothing());
        page.lines(&row.interface.id, &known.collect::<Vec<_>>());
    }
    Ok(())
}

/// One line of a row in which fields hold several things.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    row: InterfaceRow<'a>,
    number: usize,
}

fn lines(row: InterfaceRow<'_>) -> impl Iterator<Item = Line<'_>> {
    let heights = (0..row.columns.len()).map(|at| match row.value(at) {
        Value::Several(several) => several.shown().len(),
        _ => 1,
    });
    let height = heights.max().unwrap_or(0).max(1);
    (0..height).map(move |number| Line { row, number })
}

impl Row for Line<'_> {
    fn value(&self, field: usize) -> Value<'_> {
        match (self.row.value(field), self.number) {
            (Value::Several(several), number) => {
                let mut shown = several.shown();
                match (shown.is_empty(), number) {
                    (true, 0) => Value::Absent,
                    _ if number < shown.len() => Value::Owned(shown.swap_remove(number)),
                    _ => Value::Blank,
                }
            }
            (value, 0) => value,
            _ => Value::Blank,
        }
    }
}

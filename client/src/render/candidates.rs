//! The nodes that a target may mean, for whoever has to choose.

use std::io;

use aws_ssm_proto::domain::PossibleNode;

use super::instance::state;
use super::sink::Sink;
use super::{Field, Format, Look, Printer, Row, Value};

/// What is shown of them, most telling first: a narrow terminal shows less.
const SHOWN: [&str; 7] = ["name", "id", "state", "type", "private-ip", "az", "region"];

impl Row for PossibleNode {
    fn value(&self, field: usize) -> Value<'_> {
        match field {
            0 => Value::text(self.name.as_deref()),
            1 => Value::Text(&self.id),
            2 => Value::of(self.state, state),
            3 => Value::text(self.instance_type.as_deref()),
            4 => Value::text(self.private_ip.as_deref()),
            5 => Value::text(self.az.as_deref()),
            _ => Value::Text(&self.region),
        }
    }
}

/// Writes them as a table.
///
/// # Errors
///
/// The sink takes no more.
pub fn write(nodes: &[PossibleNode], sink: &mut Sink, look: Look) -> io::Result<()> {
    let field = |label| match label {
        "id" => Field::named(label).whole(),
        label => Field::named(label),
    };
    let mut printer = Printer::new(Format::Table, SHOWN.map(field).into(), look);
    printer.print(sink.buffer(), nodes.iter());
    printer.end(sink)?;
    sink.flush()
}

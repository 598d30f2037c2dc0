//! Network interfaces as rows.

mod print;

use aws_ssm_proto::domain::{Error, InstanceInterfaces, NetworkInterface, nearest};

use super::instance::state;
use super::several::Several;
use super::{Field, Format, Row, Value, suggestion};
use crate::error::usage;

pub use print::print;

/// A column: what people and programs call it, and what it shows.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    label: &'static str,
    key: &'static str,
    value: for<'a> fn(&'a InstanceInterfaces, &'a NetworkInterface) -> Value<'a>,
}

const fn column(
    label: &'static str,
    key: &'static str,
    value: for<'a> fn(&'a InstanceInterfaces, &'a NetworkInterface) -> Value<'a>,
) -> Column {
    Column { label, key, value }
}

/// Every column; first those that say of which instance an interface is.
const COLUMNS: [Column; 27] = [
    column("name", "name", |of, _| text(&of.name)),
    column("instance", "instance_id", |of, _| Value::Text(&of.id)),
    column("state", "instance_state", |of, _| {
        Value::of(of.state, state)
    }),
    column("account", "account", |of, _| text(&of.account)),
    column("region", "region", |of, _| Value::Text(&of.region)),
    column("card", "network_card", |_, one| number(one.network_card)),
    column("device", "device", |_, one| number(one.device)),
    column("id", "id", |_, one| Value::Text(&one.id)),
    column("private-ip", "private_ips", |_, one| {
        Value::Several(Several::Private(&one.private_addresses))
    }),
    column("public-ip", "public_ips", |_, one| {
        Value::Several(Several::Public(&one.private_addresses))
    }),
    column("addresses", "addresses", |_, one| {
        Value::Several(Several::Addresses(&one.private_addresses))
    }),
    column("ipv6", "ipv6_addresses", |_, one| {
        texts(&one.ipv6_addresses)
    }),
    column("prefixes", "prefixes", |_, one| texts(&one.prefixes)),
    column("subnet", "subnet", |_, one| text(&one.subnet)),
    column("cidr", "subnet_cidr", |_, one| text(&one.cidr)),
    column("ipv6-cidr", "subnet_ipv6_cidrs", |_, one| {
        texts(&one.ipv6_cidrs)
    }),
    column("vpc", "vpc", |_, one| text(&one.vpc)),
    column("az", "az", |_, one| text(&one.az)),
    column("sg", "security_groups", |_, one| {
        Value::Several(Several::Groups(&one.security_groups))
    }),
    column("mac", "mac", |_, one| text(&one.mac)),
    column("status", "status", |_, one| text(&one.status)),
    column("type", "type", |_, one| text(&one.kind)),
    column("attachment", "attachment", |_, one| text(&one.attachment)),
    column("attached", "attached_at", |_, one| {
        Value::of(one.attached_at, Value::Time)
    }),
    column(
        "delete-on-termination",
        "delete_on_termination",
        |_, one| Value::of(one.delete_on_termination, Value::Flag),
    ),
    column("source-dest-check", "source_dest_check", |_, one| {
        Value::of(one.source_dest_check, Value::Flag)
    }),
    column("description", "description", |_, one| {
        text(&one.description)
    }),
];

/// In a table, which says itself of which instance it is.
const TABLE: [&str; 9] = [
    "card",
    "device",
    "id",
    "private-ip",
    "public-ip",
    "ipv6",
    "subnet",
    "cidr",
    "sg",
];
/// What a wide table has besides.
const WIDE: [&str; 9] = [
    "prefixes",
    "ipv6-cidr",
    "vpc",
    "az",
    "mac",
    "status",
    "type",
    "attachment",
    "description",
];
/// On a line of its own an interface says of which instance it is.
const LINES: [&str; 18] = [
    "name",
    "instance",
    "card",
    "device",
    "id",
    "private-ip",
    "public-ip",
    "ipv6",
    "prefixes",
    "subnet",
    "cidr",
    "vpc",
    "az",
    "sg",
    "mac",
    "status",
    "type",
    "description",
];

/// Columns, in the order in which they are shown.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a>(&'a [Column]);

/// Those of the objects within an instance, which says itself what it is.
pub(super) const JSON: Columns<'static> = Columns(COLUMNS.as_slice().split_at(5).1);

impl<'a> Columns<'a> {
    /// These.
    #[must_use]
    pub fn new(columns: &'a [Column]) -> Self {
        Self(columns)
    }

    pub(super) fn columns(self) -> &'a [Column] {
        self.0
    }

    /// How they appear in each format.
    #[must_use]
    pub fn fields(self) -> Vec<Field> {
        let fields = self.0.iter().map(|column| {
            let field = Field::named(column.label).key(column.key);
            match column.label {
                "id" | "instance" => field.whole(),
                _ => field,
            }
        });
        fields.collect()
    }
}

/// The columns of a format, or those that are named.
///
/// # Errors
///
/// There is no column of such a name.
pub fn columns(format: Format, named: Option<&[String]>) -> Result<Vec<Column>, Error> {
    let standard = |names: &[&str]| names.iter().map(|name| find(name)).collect();
    match (format, named) {
        (Format::Ids, _) => standard(&["id"]),
        (_, Some(names)) => names.iter().map(|name| find(name)).collect(),
        (Format::Table, None) => standard(&TABLE),
        (Format::Wide, None) => standard(&[TABLE, WIDE].concat()),
        (Format::Csv | Format::Tsv, None) => standard(&LINES),
        (Format::Json | Format::Jsonl | Format::Yaml, None) => Ok(COLUMNS.to_vec()),
    }
}

fn find(name: &str) -> Result<Column, Error> {
    let found = COLUMNS.iter().find(|column| column.label == name);
    found.copied().ok_or_else(|| {
        let labels = COLUMNS.map(|column| column.label);
        let hint = match nearest(name, labels.into_iter()) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => suggestion("", &["id", "private-ip", "sg"]),
        };
        usage(format!("there is no column {name:?} of interfaces"))
            .why(format!("there are {}", labels.join(", ")))
            .hint(hint)
    })
}

/// An interface, seen through the columns that were asked for.
#[derive(Clone, Copy, Debug)]
pub struct InterfaceRow<'a> {
    columns: &'a [Column],
    instance: &'a InstanceInterfaces,
    interface: &'a NetworkInterface,
}

impl<'a> InterfaceRow<'a> {
    /// All interfaces of an instance.
    pub fn all(
        columns: &'a [Column],
        instance: &'a InstanceInterfaces,
    ) -> impl Iterator<Item = Self> {
        instance.interfaces.iter().map(move |interface| Self {
            columns,
            instance,
            interface,
        })
    }
}

impl Row for InterfaceRow<'_> {
    fn value(&self, field: usize) -> Value<'_> {
        (self.columns[field].value)(self.instance, self.interface)
    }
}

fn text(text: &Option<String>) -> Value<'_> {
    Value::text(text.as_deref())
}

fn texts(texts: &[String]) -> Value<'_> {
    Value::Several(Several::Texts(texts))
}

fn number(number: Option<u32>) -> Value<'static> {
    Value::of(number, |number| Value::Number(number.into()))
}

#[cfg(test)]
pub(crate) mod tests;

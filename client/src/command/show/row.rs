//! An instance with its interfaces as one row.

use aws_ssm_proto::domain::{Column, Error, InstanceInterfaces, InstanceRef};

use super::{INTERFACES, list_column};
use crate::render::instance::{InstanceRow, fields};
use crate::render::{Field, Row, Several, Value};

/// What is shown of each instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) columns: Vec<Column>,
    /// The place of the interfaces among the fields.
    interfaces_at: Option<usize>,
}

impl Shown {
    /// These columns, and the interfaces behind them.
    pub(super) fn with_interfaces(columns: Vec<Column>) -> Self {
        Self {
            interfaces_at: Some(columns.len()),
            columns,
        }
    }

    pub(super) fn without_interfaces(columns: Vec<Column>) -> Self {
        Self {
            columns,
            interfaces_at: None,
        }
    }

    /// The columns of these names, one of which may be that of the interfaces.
    pub(super) fn named(names: &[String]) -> Result<Self, Error> {
        let interfaces_at = names.iter().position(|name| name == INTERFACES);
        let others = names.iter().filter(|name| *name != INTERFACES);
        let columns: Result<Vec<_>, _> = others.map(|name| list_column(name)).collect();
        let columns = columns?;
        Ok(Self {
            interfaces_at: interfaces_at.map(|at| at.min(columns.len())),
            columns,
        })
    }

    pub(super) fn has_interfaces(&self) -> bool {
        self.interfaces_at.is_some()
    }

    /// How they appear in each format.
    pub(super) fn fields(&self) -> Vec<Field> {
        let mut fields = fields(&self.columns);
        if let Some(at) = self.interfaces_at {
            fields.insert(at, Field::named(INTERFACES));
        }
        fields
    }
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShowRow<'a> {
    row: InstanceRow<'a>,
    interfaces_at: Option<usize>,
    /// `None` if they are not known.
    interfaces: Option<&'a InstanceInterfaces>,
}

impl<'a> ShowRow<'a> {
    pub(super) fn new(
        shown: &'a Shown,
        instance: InstanceRef<'a>,
        interfaces: Option<&'a InstanceInterfaces>,
        now: i64,
    ) -> Self {
        Self {
            row: InstanceRow {
                columns: &shown.columns,
                instance,
                now,
            },
            interfaces_at: shown.interfaces_at,
            interfaces,
        }
    }
}

impl Row for ShowRow<'_> {
    fn value(&self, field: usize) -> Value<'_> {
        match self.interfaces_at {
            Some(at) if at == field => Value::of(self.interfaces, |interfaces| {
                Value::Several(Several::Interfaces(interfaces))
            }),
            Some(at) if at < field => self.row.value(field - 1),
            _ => self.row.value(field),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let fields = Shown::named(&names).expect("columns").fields();
        fields.iter().map(|field| field.label.to_string()).collect()
    }

    #[test]
    fn interfaces_stand_where_they_are_named() {
        for names in [
            &["id", "interfaces", "name"][..],
            &["interfaces", "id"],
            &["id", "interfaces"],
            &["id"],
        ] {
            assert_eq!(labels(names), names);
        }
        assert!(Shown::named(&["nonsense".to_owned()]).is_err());
    }

    #[test]
    fn what_is_named_again_is_shown_once_more_but_for_interfaces() {
        assert_eq!(
            labels(&["interfaces", "id", "interfaces"]),
            ["interfaces", "id"]
        );
    }
}

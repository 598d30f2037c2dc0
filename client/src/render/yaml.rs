//! YAML: the objects of [`super::json`], one list item each.

use serde::Serialize;

use super::json::Object;
use super::{Field, Row};

/// Appends one row as an item of a list.
pub(super) fn write_item(out: &mut Vec<u8>, fields: &[Field], row: &impl Row) {
    write(out, &[Object(fields, row)]);
}

/// Appends a whole document.
pub(super) fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    let text = serde_yaml::to_string(value).expect("keys are strings and values have a form");
    out.extend_from_slice(text.as_bytes());
    if !text.ends_with('\n') {
        out.push(b'\n');
    }
}

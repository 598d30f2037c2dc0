//! The rows of an answer, in pieces that each fit a message.
//!
//! What many ask for is encoded already, and its pieces are slices. What one caller
//! alone has asked for is encoded a piece at a time, when he has room for it: an answer
//! that nobody reads costs eight bytes a row.

use std::vec::IntoIter;

use aws_ssm_proto::domain::Column;
use bytes::Bytes;

use crate::inventory::{Fleet, RowsEncoder};

/// Where a row is: which of the fleets, and which of its rows.
pub type At = (u32, u32);

/// See the module.
#[derive(Debug)]
pub enum Rows {
    /// Slices of what was encoded before.
    Encoded(Vec<Bytes>),
    /// Rows that were chosen for this answer.
    Chosen(Chosen),
}

/// Rows that are encoded as they are read.
#[derive(Debug)]
pub struct Chosen {
    fleets: Vec<Fleet>,
    columns: Vec<Column>,
    left: IntoIter<At>,
}

impl Chosen {
    /// These rows of the fleets, in this order.
    pub(super) fn new(fleets: &[Fleet], columns: &[Column], rows: Vec<At>) -> Self {
        Self {
            fleets: fleets.to_vec(),
            columns: columns.to_vec(),
            left: rows.into_iter(),
        }
    }

    /// Whether all of them were read.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.left.len() == 0
    }
}

impl Iterator for Chosen {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut encoder = RowsEncoder::default();
        while !encoder.is_full() {
            let Some((fleet, row)) = self.left.next() else {
                break;
            };
            let fleet = &self.fleets[fleet as usize];
            let row = fleet.instances.snapshot.row(row);
            encoder.push(fleet, row, &self.columns);
        }
        encoder.into_piece()
    }
}

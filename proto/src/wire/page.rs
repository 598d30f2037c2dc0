//! `ListInstancesResponse` with its rows left encoded.
//!
//! A page is by far the largest message there is. The daemon encodes a row once,
//! when it is loaded, and afterwards only copies it; the client reads fields in
//! place. Both work on the bytes of `repeated Instance instances = 1`, so the
//! message on the wire is the one the `.proto` file describes.

use bytes::{Buf, BufMut, Bytes};
use prost::encoding::{DecodeContext, WireType};
use prost::{DecodeError, Message};

use super::row::{put_varint, take_delimited};
use super::{ListSummary, LoadProgress};

/// Field 1, length-delimited.
const ROW_KEY: u8 = 0x0a;
const ROW_TAG: u32 = 1;
const SUMMARY_TAG: u32 = 2;
const PROGRESS_TAG: u32 = 3;

/// A page of rows, and after the last of them the summary of the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Encoded rows, each with its field key and length before it.
    pub rows: Bytes,
    /// Only on the last page.
    pub summary: Option<ListSummary>,
    /// Only before the first rows.
    pub progress: Option<LoadProgress>,
}

impl Page {
    /// Appends one encoded `Instance` to a buffer that becomes [`Page::rows`].
    pub fn push_row(rows: &mut Vec<u8>, instance: &[u8]) {
        rows.push(ROW_KEY);
        put_varint(rows, instance.len() as u64);
        rows.extend_from_slice(instance);
    }

    /// The same rows in pages of at most `size`; the summary goes with the last.
    pub fn split(self, size: usize) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let mut page = rest.take()?;
            let end = rows_len(&page.rows, size.max(1));
            if 0 < end && end < page.rows.len() {
                let rows = page.rows.split_off(end);
                let summary = page.summary.take();
                let progress = None;
                rest = Some(Self {
                    rows,
                    summary,
                    progress,
                });
            }
            Some(page)
        })
    }

    /// The encoded `Instance` messages, in order.
    pub fn encoded_rows(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest: &[u8] = &self.rows;
        std::iter::from_fn(move || take_row(&mut rest))
    }
}

impl Message for Page {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.rows);
        if let Some(summary) = &self.summary {
            prost::encoding::message::encode(SUMMARY_TAG, summary, buf);
        }
        if let Some(progress) = &self.progress {
            prost::encoding::message::encode(PROGRESS_TAG, progress, buf);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            ROW_TAG => {
                let mut instance = Bytes::new();
                prost::encoding::bytes::merge(wire_type, &mut instance, buf, ctx)?;
                let mut rows = Vec::from(std::mem::take(&mut self.rows));
                Self::push_row(&mut rows, &instance);
                self.rows = rows.into();
                Ok(())
            }
            SUMMARY_TAG => {
                let summary = self.summary.get_or_insert_default();
                prost::encoding::message::merge(wire_type, summary, buf, ctx)
            }
            PROGRESS_TAG => {
                let progress = self.progress.get_or_insert_default();
                prost::encoding::message::merge(wire_type, progress, buf, ctx)
            }
            _ => prost::encoding::skip_field(wire_type, tag, buf, ctx),
        }
    }

    /// Takes the rows without copying when they lead the message, as every sender
    /// here writes them.
    fn decode(mut buf: impl Buf) -> Result<Self, DecodeError> {
        let message = buf.copy_to_bytes(buf.remaining());
        let rows_len = leading_rows(&message);
        let mut page = Self {
            rows: message.slice(..rows_len),
            ..Self::default()
        };
        page.merge(message.slice(rows_len..))?;
        Ok(page)
    }

    fn encoded_len(&self) -> usize {
        let summary = self
            .summary
            .as_ref()
            .map_or(0, |s| prost::encoding::message::encoded_len(SUMMARY_TAG, s));
        let progress = self.progress.as_ref();
        let progress = progress.map_or(0, |progress| {
            prost::encoding::message::encoded_len(PROGRESS_TAG, progress)
        });
        self.rows.len() + summary + progress
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Takes a whole row off the front, or takes nothing.
fn take_row<'a>(buf: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut rest = buf.strip_prefix(&[ROW_KEY])?;
    let row = take_delimited(&mut rest)?;
    *buf = rest;
    Some(row)
}

/// How many bytes of `message` are whole rows, counted from its start.
fn leading_rows(message: &[u8]) -> usize {
    rows_len(message, usize::MAX)
}

/// How many bytes the first `count` rows are, or all if there are fewer.
fn rows_len(rows: &[u8], count: usize) -> usize {
    let mut rest = rows;
    let mut taken = 0;
    while taken < count && take_row(&mut rest).is_some() {
        taken += 1;
    }
    rows.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Instance;

    fn instance(id: &str) -> Vec<u8> {
        Instance {
            id: Some(id.to_owned()),
            ..Instance::default()
        }
        .encode_to_vec()
    }

    fn page() -> Page {
        let mut rows = Vec::new();
        Page::push_row(&mut rows, &instance("i-1"));
        Page::push_row(&mut rows, &instance("i-2"));
        Page {
            rows: rows.into(),
            summary: Some(ListSummary {
                matched: 2,
                regions: Vec::new(),
            }),
            progress: None,
        }
    }

    #[test]
    fn a_page_survives_the_wire() {
        let decoded = Page::decode(page().encode_to_vec().as_slice()).expect("decodes");
        assert_eq!(decoded, page());
        assert_eq!(decoded.encoded_rows().count(), 2);
    }

    #[test]
    fn progress_survives_the_wire() {
        let progress = Page {
            progress: Some(LoadProgress { rows: 7, pages: 2 }),
            ..Page::default()
        };
        let encoded = progress.encode_to_vec();
        assert_eq!(encoded.len(), progress.encoded_len());
        assert_eq!(Page::decode(encoded.as_slice()), Ok(progress));
    }

    #[test]
    fn a_page_splits_into_smaller_ones() {
        let split = |size| page().split(size).collect::<Vec<_>>();
        assert_eq!(split(2), [page()]);
        assert_eq!(split(1).len(), 2);
        let [first, last] = split(1).try_into().expect("two");
        assert_eq!((first.encoded_rows().count(), first.summary), (1, None));
        assert_eq!(last.encoded_rows().next(), page().encoded_rows().nth(1));
        assert_eq!(last.summary, page().summary);
        assert_eq!(Page::default().split(1).count(), 1);
    }

    #[test]
    fn rows_after_the_summary_are_rows_too() {
        let mut bytes = page().encode_to_vec();
        let mut late = Vec::new();
        Page::push_row(&mut late, &instance("i-3"));
        bytes.extend_from_slice(&late);
        let decoded = Page::decode(bytes.as_slice()).expect("decodes");
        assert_eq!(decoded.encoded_rows().count(), 3);
    }

    #[test]
    fn a_truncated_row_is_refused() {
        let bytes = page().rows;
        assert!(Page::decode(&bytes[..bytes.len() - 1]).is_err());
    }
}

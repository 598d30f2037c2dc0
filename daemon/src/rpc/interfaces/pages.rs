//! Answers of many instances, encoded a page at a time as they are read.

use aws_ssm_proto::domain::InterfacesSummary;
use aws_ssm_proto::wire;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tonic::Status;

use super::{Matching, encode};
use crate::lifecycle::Call;

/// What every answer of interfaces is.
pub(in crate::rpc) type Pages = BoxStream<'static, Result<wire::ListInterfacesResponse, Status>>;

/// Instances of one page. Their interfaces take some hundred bytes each, and few
/// instances have more than four.
const PAGE: usize = 256;

impl Matching {
    pub(super) fn pages(self, call: Call) -> Pages {
        let Self {
            fleets,
            wirings,
            rows,
            summary,
        } = self;
        let instances = rows.into_iter().map(move |(fleet, row)| {
            let at = fleet as usize;
            encode::instance(&fleets[at], row, &wirings[at])
        });
        of(instances, &summary, call)
    }
}

/// These instances; the summary comes with the last page.
pub(super) fn of<I>(instances: I, summary: &InterfacesSummary, call: Call) -> Pages
where
    I: IntoIterator<Item = wire::InstanceInterfaces>,
    I::IntoIter: ExactSizeIterator + Send + 'static,
{
    let mut left = instances.into_iter();
    let mut summary = Some(summary.into());
    let pages = std::iter::from_fn(move || {
        let _until_it_is_sent = &call;
        summary.as_ref()?;
        let instances = left.by_ref().take(PAGE).collect();
        Some(Ok(wire::ListInterfacesResponse {
            instances,
            summary: summary.take_if(|_| left.len() == 0),
        }))
    });
    stream::iter(pages).boxed()
}

//! A fleet, some instances at a time, for programs that work through all of it.
//!
//! At no moment does it hold more than one message of the daemon, and the daemon sends
//! the next one only when there is room for it here.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::{Client, InstancePage, InstancePages};
use crate::domain::{Caller, Error, ListQuery, ListSummary, Sort};
use crate::wire::{ListInstancesRequest, Page, StraightFromAws};

/// Where the instances of a stream come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamSource {
    /// From what the daemon holds, if that is good enough for the query; else it is
    /// loaded, kept, and handed on as it arrives.
    #[default]
    Cache,
    /// Straight from AWS. Nothing is kept: the daemon holds one page, asks for the
    /// next when this one is taken, and stops asking when the stream is dropped.
    Aws,
}

/// How a fleet is streamed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamOptions {
    /// Instances on a page at most; `None`: as they come. Straight from AWS also
    /// what AWS is asked for at a time, 5 to 1000, by default
    /// `performance.streaming_page_size`.
    pub page_size: Option<u16>,
    /// Instances in all at most. `performance.streaming_max_items` holds besides.
    pub max_items: Option<u64>,
    /// Where they come from.
    pub source: StreamSource,
}

impl Client {
    /// The instances that match, as AWS gives them, a page at a time. The order and
    /// the limit of the query do not count. Nothing is asked before the first page
    /// is; all pages together may take until the client's deadline.
    ///
    /// ```no_run
    /// use std::ops::ControlFlow;
    ///
    /// use aws_ssm_proto::Client;
    /// use aws_ssm_proto::client::{StreamOptions, StreamSource};
    /// use aws_ssm_proto::domain::{Caller, Column, Error, ListQuery};
    ///
    /// async fn count_spot(client: &Client, caller: &Caller) -> Result<usize, Error> {
    ///     let query = ListQuery {
    ///         columns: vec![Column::Id, Column::Lifecycle],
    ///         ..ListQuery::default()
    ///     };
    ///     let options = StreamOptions {
    ///         page_size: Some(500),
    ///         source: StreamSource::Aws,
    ///         ..StreamOptions::default()
    ///     };
    ///     let mut count = 0;
    ///     client
    ///         .instance_stream(caller, &query, &options)
    ///         .for_each(|page| {
    ///             count += page.rows().filter(|row| row.lifecycle == Some("spot")).count();
    ///             ControlFlow::Continue(())
    ///         })
    ///         .await?;
    ///     Ok(count)
    /// }
    /// ```
    #[must_use]
    pub fn instance_stream(
        &self,
        caller: &Caller,
        query: &ListQuery,
        options: &StreamOptions,
    ) -> InstanceStream<'_> {
        let query = ListQuery {
            sort: Sort::Unsorted,
            limit: options.max_items,
            ..query.clone()
        };
        let mut request = ListInstancesRequest::new(caller, &query);
        if options.source == StreamSource::Aws {
            request.straight = Some(StraightFromAws {
                page_size: options.page_size.map_or(0, u32::from),
            });
        }
        InstanceStream {
            client: self,
            request: Some(request).filter(|_| options.max_items != Some(0)),
            pages: None,
            size: options.page_size.map_or(usize::MAX, usize::from),
            ready: VecDeque::new(),
        }
    }
}

/// See [`Client::instance_stream`]. Dropping it ends what is done for it.
#[derive(Debug)]
pub struct InstanceStream<'c> {
    client: &'c Client,
    /// Until it is sent.
    request: Option<ListInstancesRequest>,
    pages: Option<InstancePages>,
    /// Rows on a page.
    size: usize,
    /// Parts of the message that came last.
    ready: VecDeque<Page>,
}

impl InstanceStream<'_> {
    /// The next page; `None` after the last, which has the summary and may have no
    /// rows.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn next(&mut self) -> Result<Option<InstancePage>, Error> {
        if let Some(request) = self.request.take() {
            self.pages = Some(self.client.open_list(request).await?);
        }
        if self.ready.is_empty()
            && let Some(pages) = &mut self.pages
            && let Some(page) = pages.next_page().await?
        {
            self.ready.extend(page.split(self.size));
        }
        Ok(self.ready.pop_front().map(InstancePage::new))
    }

    /// Hands every page that has rows to `take`, until that breaks off. The answer
    /// is what the daemon says at the end, `None` if it did not come to that.
    ///
    /// # Errors
    ///
    /// As [`InstanceStream::next`].
    pub async fn for_each(
        mut self,
        mut take: impl FnMut(&InstancePage) -> ControlFlow<()>,
    ) -> Result<Option<ListSummary>, Error> {
        while let Some(page) = self.next().await? {
            if page.rows().next().is_some() && take(&page).is_break() {
                break;
            }
            if page.summary.is_some() {
                return Ok(page.summary);
            }
        }
        Ok(None)
    }
}

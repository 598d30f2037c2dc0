//! The typed client of the daemon: domain types in, domain types out.
//!
//! The command line is written against it, and so can any other Rust program be.
//! Every call ends by the client's deadline, whatever the daemon does, or a moment
//! after it.

mod challenge;
mod configuration;
mod diagnosis;
mod interfaces;
mod progress;
mod stream;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::{Instant, timeout_at};
use tonic::{Request, Response, Status, Streaming};

use crate::domain::{
    CacheEntry, Caller, Candidate, Column, Completable, DaemonStatus, Error, ErrorKind, Freshness,
    Hello, Identity, InstanceRef, ListQuery, ListSummary, Region, RegionSummary, ResolvedTargets,
    Stats,
};
use crate::transport::{Channel, Driver};
use crate::wire::challenges_client::ChallengesClient;
use crate::wire::configuration_client::ConfigurationClient;
use crate::wire::control_client::ControlClient;
use crate::wire::inventory_client::InventoryClient;
use crate::wire::{self, Page, row};
use crate::{hello, status};

pub use challenge::Turns;
pub use configuration::Checked;
pub use interfaces::InterfacePages;
pub use progress::LoadProgress;
pub use stream::{InstanceStream, StreamOptions, StreamSource};

/// How long a call may take when nobody says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The daemon is told the deadline, and says by then what it was waiting for; on a
/// busy machine its words take a little longer to get here.
const GRACE: Duration = Duration::from_millis(500);

/// A page holds at most a few hundred KiB of rows; this refuses nonsense.
const MAX_MESSAGE: usize = 64 << 20;

/// One connection to the daemon.
#[derive(Debug)]
pub struct Client {
    channel: Channel,
    _driver: Driver,
    deadline: Instant,
}

impl Client {
    /// Speaks to the daemon at the other end of `socket`. All calls of this client
    /// together may take until `deadline`.
    ///
    /// # Errors
    ///
    /// The peer is no daemon, or says nothing before the deadline.
    pub async fn over(socket: UnixStream, deadline: Instant) -> Result<Self, Error> {
        let opening = timeout_at(deadline, Channel::open(socket)).await;
        let (channel, driver) = opening.map_err(|_| silent())?.map_err(|error| {
            Error::new(
                ErrorKind::Daemon,
                "the daemon's socket gave no usable answer",
            )
            .why(error.to_string())
            .hint("run `aws-ssm daemon restart`")
        })?;
        Ok(Self {
            channel,
            _driver: driver,
            deadline,
        })
    }

    /// Gives the calls that follow until `deadline`.
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Asks which daemon this is.
    ///
    /// # Errors
    ///
    /// As every call: what the daemon reports, or that it did not answer in time.
    pub async fn hello(&self) -> Result<Hello, Error> {
        let request = self.request(wire::HelloRequest {});
        let answer = self.call(self.control().hello(request)).await?;
        Ok(answer.into())
    }

    /// Lists instances, a page at a time.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]; errors after the first page come with the pages.
    pub async fn list_instances(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<InstancePages, Error> {
        self.open_list(wire::ListInstancesRequest::new(caller, query))
            .await
    }

    async fn open_list(&self, request: wire::ListInstancesRequest) -> Result<InstancePages, Error> {
        let request = self.request(request);
        let stream = self.call(self.inventory().list_instances(request)).await?;
        Ok(InstancePages {
            stream,
            deadline: self.deadline,
            first: None,
        })
    }

    /// Finds the one instance that each target names.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]; a target that names none or several is an error that
    /// lists the candidates.
    pub async fn resolve(
        &self,
        caller: &Caller,
        targets: &[String],
        columns: &[Column],
        freshness: Freshness,
    ) -> Result<ResolvedTargets, Error> {
        let question = resolution(caller, targets, columns, freshness);
        self.resolve_targets(question).await
    }

    /// The same, with their network interfaces.
    ///
    /// # Errors
    ///
    /// As [`Client::resolve`]. Interfaces that cannot be had are no error.
    pub async fn describe(
        &self,
        caller: &Caller,
        targets: &[String],
        columns: &[Column],
        freshness: Freshness,
    ) -> Result<ResolvedTargets, Error> {
        let question = wire::ResolveTargetsRequest {
            with_interfaces: true,
            ..resolution(caller, targets, columns, freshness)
        };
        self.resolve_targets(question).await
    }

    async fn resolve_targets(
        &self,
        question: wire::ResolveTargetsRequest,
    ) -> Result<ResolvedTargets, Error> {
        let request = self.request(question);
        let answer = self.call(self.inventory().resolve_targets(request)).await?;
        Ok(answer.into())
    }

    /// The regions of the caller's account.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn regions(
        &self,
        caller: &Caller,
        freshness: Freshness,
    ) -> Result<Vec<Region>, Error> {
        let request = self.request(wire::ListRegionsRequest {
            caller: Some(caller.into()),
            freshness: Some(freshness.into()),
        });
        let answer = self.call(self.inventory().list_regions(request)).await?;
        Ok(answer.regions.into_iter().map(Into::into).collect())
    }

    /// Whose credentials the caller's settings lead to.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn whoami(&self, caller: &Caller) -> Result<Identity, Error> {
        let request = self.request(wire::WhoAmIRequest {
            caller: Some(caller.into()),
        });
        let answer = self.call(self.inventory().who_am_i(request)).await?;
        Ok(answer.into())
    }

    /// How a word that is being typed can go on, as far as the daemon knows without
    /// asking anybody.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]. A caller who is not known yet gets nothing, which is no
    /// error.
    pub async fn complete(
        &self,
        caller: &Caller,
        what: &Completable,
        beginning: &str,
    ) -> Result<Vec<Candidate>, Error> {
        let request = self.request(wire::CompleteRequest::new(caller, what, beginning));
        let answer = self.call(self.inventory().complete(request)).await?;
        Ok(answer.candidates.into_iter().map(Into::into).collect())
    }

    /// The daemon's state.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn status(&self) -> Result<DaemonStatus, Error> {
        let request = self.request(wire::StatusRequest {});
        let answer = self.call(self.control().status(request)).await?;
        Ok(answer.into())
    }

    /// The daemon's counters, since it started.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use aws_ssm_proto::Client;
    /// use aws_ssm_proto::endpoint::Endpoint;
    /// use aws_ssm_proto::launch::connect_only;
    /// use tokio::time::Instant;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let deadline = Instant::now() + Duration::from_secs(5);
    /// let endpoint = Endpoint::from_process_environment()?;
    /// let Some(socket) = connect_only(&endpoint, deadline).await? else {
    ///     return Ok(()); // no daemon runs
    /// };
    /// let client = Client::over(socket, deadline).await?;
    /// let summary = client.metrics().await?.summary();
    /// // Before the first call there are no rates.
    /// if let (Some(success), Some(hits)) = (summary.success_rate, summary.cache_hit_rate) {
    ///     println!("success rate: {:.2}%", success * 100.0);
    ///     println!("cache hit rate: {:.2}%", hits * 100.0);
    ///     println!("average call to AWS: {:?}", summary.avg_duration);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn metrics(&self) -> Result<Stats, Error> {
        let request = self.request(wire::StatsRequest {});
        let answer = self.call(self.control().stats(request)).await?;
        Ok(answer.into())
    }

    /// What the cache holds.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn cache(&self) -> Result<Vec<CacheEntry>, Error> {
        self.cache_of(&[]).await
    }

    /// What the cache holds of these regions: names, globs such as `us-*`, or `all`.
    ///
    /// # Errors
    ///
    /// `Usage` for what can be no region; else as [`Client::hello`].
    pub async fn cache_of(&self, regions: &[String]) -> Result<Vec<CacheEntry>, Error> {
        let request = self.request(wire::ShowCacheRequest {
            regions: regions.to_vec(),
        });
        let answer = self.call(self.control().show_cache(request)).await?;
        Ok(answer.entries.into_iter().map(Into::into).collect())
    }

    /// Loads the caller's regions again, and returns when that is done.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn refresh_cache(&self, caller: &Caller) -> Result<Vec<RegionSummary>, Error> {
        let request = self.request(wire::RefreshCacheRequest {
            caller: Some(caller.into()),
        });
        let answer = self.call(self.control().refresh_cache(request)).await?;
        Ok(answer.regions.into_iter().map(Into::into).collect())
    }

    /// Drops the caller's entries, or with `None` everybody's; returns how many.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn clear_cache(&self, caller: Option<&Caller>) -> Result<u64, Error> {
        let request = wire::ClearCacheRequest {
            caller: caller.map(Into::into),
            all: caller.is_none(),
            in_regions: false,
        };
        self.clear(request).await
    }

    /// Drops the caller's entries of the regions that he names; returns how many.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn clear_cache_in_regions(&self, caller: &Caller) -> Result<u64, Error> {
        let request = wire::ClearCacheRequest {
            caller: Some(caller.into()),
            all: false,
            in_regions: true,
        };
        self.clear(request).await
    }

    async fn clear(&self, request: wire::ClearCacheRequest) -> Result<u64, Error> {
        let request = self.request(request);
        let answer = self.call(self.control().clear_cache(request)).await?;
        Ok(answer.entries)
    }

    /// Asks the daemon to end, after what is in flight or at once; returns its
    /// process id. Its lock is free when it is gone.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`].
    pub async fn shutdown(&self, now: bool) -> Result<u32, Error> {
        let request = self.request(wire::ShutdownRequest { now });
        let answer = self.call(self.control().shutdown(request)).await?;
        Ok(answer.pid)
    }

    fn control(&self) -> ControlClient<Channel> {
        ControlClient::with_origin(self.channel.clone(), self.channel.origin())
            .max_decoding_message_size(MAX_MESSAGE)
    }

    fn challenges(&self) -> ChallengesClient<Channel> {
        ChallengesClient::with_origin(self.channel.clone(), self.channel.origin())
            .max_decoding_message_size(MAX_MESSAGE)
    }

    fn configuration(&self) -> ConfigurationClient<Channel> {
        ConfigurationClient::with_origin(self.channel.clone(), self.channel.origin())
            .max_decoding_message_size(MAX_MESSAGE)
    }

    fn inventory(&self) -> InventoryClient<Channel> {
        InventoryClient::with_origin(self.channel.clone(), self.channel.origin())
            .max_decoding_message_size(MAX_MESSAGE)
    }

    /// The daemon is told the time it has, so that it can say itself what it was
    /// waiting for.
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.deadline.saturating_duration_since(Instant::now()));
        hello::announce(request.metadata_mut());
        request
    }

    async fn call<T>(
        &self,
        answer: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Error> {
        let answer = timeout_at(self.deadline + GRACE, answer).await;
        let answer = answer.map_err(|_| silent())?.map_err(|status| {
            hello::explain(&status).unwrap_or_else(|| status::to_error(&status))
        })?;
        Ok(answer.into_inner())
    }
}

fn resolution(
    caller: &Caller,
    targets: &[String],
    columns: &[Column],
    freshness: Freshness,
) -> wire::ResolveTargetsRequest {
    wire::ResolveTargetsRequest {
        caller: Some(caller.into()),
        targets: targets.to_vec(),
        freshness: Some(freshness.into()),
        columns: columns.iter().map(ToString::to_string).collect(),
        with_interfaces: false,
    }
}

fn silent() -> Error {
    Error::new(ErrorKind::Daemon, "the daemon did not answer in time")
        .why("it accepted the connection and then said nothing")
        .hint("allow more time with --timeout, or run `aws-ssm daemon restart`")
}

/// The pages of a list, as they come.
pub struct InstancePages {
    stream: Streaming<Page>,
    deadline: Instant,
    /// One that was waited for already.
    first: Option<Page>,
}

impl InstancePages {
    /// The next page; `None` after the last. Dropping this cancels the rest.
    ///
    /// # Errors
    ///
    /// What the daemon reports, or that it did not go on in time.
    pub async fn next(&mut self) -> Result<Option<InstancePage>, Error> {
        Ok(self.next_page().await?.map(InstancePage::new))
    }

    async fn next_page(&mut self) -> Result<Option<Page>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let page = timeout_at(self.deadline + GRACE, self.stream.message()).await;
        page.map_err(|_| silent())?
            .map_err(|status| status::to_error(&status))
    }
}

impl fmt::Debug for InstancePages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePages").finish_non_exhaustive()
    }
}

/// Some of the rows of a list.
#[derive(Debug)]
pub struct InstancePage {
    page: Page,
    /// Only with the last page.
    pub summary: Option<ListSummary>,
}

impl InstancePage {
    fn new(page: Page) -> Self {
        Self {
            summary: page.summary.clone().map(Into::into),
            page,
        }
    }

    /// The rows, read where they lie.
    pub fn rows(&self) -> impl Iterator<Item = InstanceRef<'_>> {
        self.page.encoded_rows().filter_map(row::read)
    }
}

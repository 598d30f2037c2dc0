//! Asking for network interfaces.

use std::fmt;

use tokio::time::{Instant, timeout_at};
use tonic::Streaming;

use super::{Client, GRACE, silent};
use crate::domain::{Caller, Error, InstanceInterfaces, InterfacesQuery, InterfacesSummary};
use crate::{status, wire};

impl Client {
    /// The network interfaces of instances, a page at a time.
    ///
    /// # Errors
    ///
    /// As [`Client::resolve`] if the query has targets, else as [`Client::hello`].
    pub async fn interfaces(
        &self,
        caller: &Caller,
        query: &InterfacesQuery,
    ) -> Result<InterfacePages, Error> {
        let request = self.request(wire::ListInterfacesRequest::new(caller, query));
        let stream = self.call(self.inventory().list_interfaces(request)).await?;
        Ok(InterfacePages {
            stream,
            deadline: self.deadline,
        })
    }
}

/// The pages of an answer, as they come.
pub struct InterfacePages {
    stream: Streaming<wire::ListInterfacesResponse>,
    deadline: Instant,
}

impl InterfacePages {
    /// The next instances, and with the last of them the summary; `None` after that.
    /// Dropping this cancels the rest.
    ///
    /// # Errors
    ///
    /// What the daemon reports, or that it did not go on in time.
    pub async fn next(
        &mut self,
    ) -> Result<Option<(Vec<InstanceInterfaces>, Option<InterfacesSummary>)>, Error> {
        let page = timeout_at(self.deadline + GRACE, self.stream.message()).await;
        let page = page.map_err(|_| silent())?;
        let page = page.map_err(|status| status::to_error(&status))?;
        Ok(page.map(|page| {
            let instances = page.instances.into_iter().map(Into::into);
            (instances.collect(), page.summary.map(Into::into))
        }))
    }
}

impl fmt::Debug for InterfacePages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterfacePages").finish_non_exhaustive()
    }
}

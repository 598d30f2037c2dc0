//! Lists that somebody waits for, and is told how far they are.

use super::{Client, InstancePages};
use crate::domain::{Caller, Error, ListQuery};
use crate::wire;

/// How far the loads have come that an answer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadProgress {
    /// Instances, in all regions.
    pub rows: u64,
    /// Pages of AWS that these came in.
    pub pages: u64,
}

impl Client {
    /// As [`Client::list_instances`], but waits until the first page is there. Meanwhile
    /// `told` hears how far it is, some times a second; never if the answer comes soon.
    ///
    /// # Errors
    ///
    /// As [`Client::list_instances`].
    pub async fn list_instances_attended(
        &self,
        caller: &Caller,
        query: &ListQuery,
        mut told: impl FnMut(LoadProgress),
    ) -> Result<InstancePages, Error> {
        let request = wire::ListInstancesRequest {
            progress: true,
            ..wire::ListInstancesRequest::new(caller, query)
        };
        let mut pages = self.open_list(request).await?;
        while let Some(page) = pages.next_page().await? {
            let Some(wire::LoadProgress { rows, pages: of }) = page.progress else {
                pages.first = Some(page);
                break;
            };
            told(LoadProgress { rows, pages: of });
        }
        Ok(pages)
    }
}

//! The daemon itself.

use std::sync::Arc;

use aws_ssm_proto::domain::{Caller, Error, Freshness};
use aws_ssm_proto::wire;
use aws_ssm_proto::wire::control_server;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::call::Method;
use super::regions::{Scope, failed_region};
use crate::daemon::Daemon;
use crate::identity::{check_words, means};

#[derive(Debug)]
pub(super) struct ControlService {
    hello: Method,
    status: Method,
    stats: Method,
    show_cache: Method,
    refresh_cache: Method,
    clear_cache: Method,
    shutdown: Method,
}

impl ControlService {
    pub(super) fn new(daemon: &Arc<Daemon>) -> Self {
        let method = |name| Method::new(daemon, name);
        Self {
            // Which version it is can be told with any settings.
            hello: Method::always(daemon, "Hello"),
            status: method("Status"),
            stats: method("Stats"),
            show_cache: method("ShowCache"),
            refresh_cache: method("RefreshCache"),
            clear_cache: method("ClearCache"),
            shutdown: method("Shutdown"),
        }
    }
}

#[tonic::async_trait]
impl control_server::Control for ControlService {
    async fn hello(
        &self,
        request: Request<wire::HelloRequest>,
    ) -> Result<Response<wire::HelloResponse>, Status> {
        let method = &self.hello;
        let work = |_, _| async { Ok((&method.daemon.hello()).into()) };
        method.serve(request, work).await
    }

    async fn status(
        &self,
        request: Request<wire::StatusRequest>,
    ) -> Result<Response<wire::StatusResponse>, Status> {
        let method = &self.status;
        let work = |_, _| async { Ok((&method.daemon.status()).into()) };
        method.serve(request, work).await
    }

    async fn stats(
        &self,
        request: Request<wire::StatsRequest>,
    ) -> Result<Response<wire::StatsResponse>, Status> {
        let method = &self.stats;
        let work = |_, _| async { Ok(method.daemon.stats().into()) };
        method.serve(request, work).await
    }

    async fn show_cache(
        &self,
        request: Request<wire::ShowCacheRequest>,
    ) -> Result<Response<wire::ShowCacheResponse>, Status> {
        let method = &self.show_cache;
        let work = |wire::ShowCacheRequest { regions }, _| async move {
            check_words(&regions)?;
            let mut entries = method.daemon.inventory.describe();
            entries.retain(|entry| regions.is_empty() || means(&regions, &entry.region));
            let entries = entries.into_iter();
            Ok(wire::ShowCacheResponse {
                entries: entries.map(Into::into).collect(),
            })
        };
        method.serve(request, work).await
    }

    async fn refresh_cache(
        &self,
        request: Request<wire::RefreshCacheRequest>,
    ) -> Result<Response<wire::RefreshCacheResponse>, Status> {
        let method = &self.refresh_cache;
        let work = |question: wire::RefreshCacheRequest, deadline| async move {
            let caller = question.caller.unwrap_or_default().into();
            refresh(&method.daemon, &caller, deadline).await
        };
        method.serve(request, work).await
    }

    async fn clear_cache(
        &self,
        request: Request<wire::ClearCacheRequest>,
    ) -> Result<Response<wire::ClearCacheResponse>, Status> {
        let method = &self.clear_cache;
        let work = |question: wire::ClearCacheRequest, deadline| async move {
            let daemon = &method.daemon;
            let entries = if question.all {
                daemon.inventory.clear(None, deadline).await?
            } else {
                let caller = question.caller.unwrap_or_default().into();
                let admission = daemon.identities.admit(&caller, deadline).await?;
                if question.in_regions {
                    let asked = Freshness::Configured;
                    let Scope { identity, regions } =
                        Scope::of(daemon, admission, asked, deadline).await?;
                    let inventory = &daemon.inventory;
                    inventory.clear_in(&identity, &regions, deadline).await?
                } else {
                    let identity = Some(&admission.identity);
                    daemon.inventory.clear(identity, deadline).await?
                }
            };
            Ok(wire::ClearCacheResponse { entries })
        };
        method.serve(request, work).await
    }

    async fn shutdown(
        &self,
        request: Request<wire::ShutdownRequest>,
    ) -> Result<Response<wire::ShutdownResponse>, Status> {
        let method = &self.shutdown;
        let work = |question: wire::ShutdownRequest, _| async move {
            method.daemon.end(question.now);
            Ok(wire::ShutdownResponse {
                pid: std::process::id(),
            })
        };
        method.serve(request, work).await
    }
}

async fn refresh(
    daemon: &Daemon,
    caller: &Caller,
    deadline: Instant,
) -> Result<wire::RefreshCacheResponse, Error> {
    let scope = Scope::admit(daemon, caller, Freshness::Fresh, deadline).await?;
    let identity = &scope.identity;
    let reload = |region| async move {
        let reload = daemon.inventory.reload(identity, region, deadline);
        reload
            .await
            .unwrap_or_else(|error| failed_region(region, error))
    };
    let regions = scope.each(reload).await;
    Ok(wire::RefreshCacheResponse {
        regions: regions.iter().map(Into::into).collect(),
    })
}

//! The settings: shown, checked, read again. All of it is answered also when they are
//! wrong. Files are read on a thread that may wait for them.

use std::path::Path;
use std::sync::Arc;

use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::wire::check_config_request::What;
use aws_ssm_proto::wire::{self, configuration_server};
use tokio::time::{Instant, timeout_at};
use tonic::{Request, Response, Status};

use super::call::Method;
use crate::daemon::Daemon;

#[derive(Debug)]
pub(super) struct ConfigurationService {
    show: Method,
    check: Method,
    locate: Method,
    init: Method,
    reload: Method,
}

impl ConfigurationService {
    pub(super) fn new(daemon: &Arc<Daemon>) -> Self {
        let method = |name| Method::always(daemon, name);
        Self {
            show: Method::new(daemon, "ShowConfig"),
            check: method("CheckConfig"),
            locate: method("LocateConfig"),
            init: method("InitConfig"),
            reload: Method::new(daemon, "ReloadConfig"),
        }
    }
}

#[tonic::async_trait]
impl configuration_server::Configuration for ConfigurationService {
    async fn show_config(
        &self,
        request: Request<wire::ShowConfigRequest>,
    ) -> Result<Response<wire::ShowConfigResponse>, Status> {
        let method = &self.show;
        let work = |_, _| async {
            let settings = method.daemon.describe_settings().into_iter();
            Ok(wire::ShowConfigResponse {
                settings: settings.map(Into::into).collect(),
            })
        };
        method.serve(request, work).await
    }

    async fn check_config(
        &self,
        request: Request<wire::CheckConfigRequest>,
    ) -> Result<Response<wire::CheckConfigResponse>, Status> {
        let method = &self.check;
        let work = |question: wire::CheckConfigRequest, deadline| async move {
            let origin = method.daemon.origin();
            let check = move || match question.what {
                None => origin.load(),
                Some(What::File(path)) => origin.load_file(Path::new(&path)),
                Some(What::Text(text)) => origin.load_text(Path::new("-"), &text),
            };
            let loaded = aside(deadline, check).await?;
            Ok(loaded.check().into())
        };
        method.serve(request, work).await
    }

    async fn locate_config(
        &self,
        request: Request<wire::LocateConfigRequest>,
    ) -> Result<Response<wire::LocateConfigResponse>, Status> {
        let method = &self.locate;
        let work = |_, deadline| async move {
            let origin = method.daemon.origin();
            let places = aside(deadline, move || origin.places()).await?;
            Ok(wire::LocateConfigResponse {
                files: places.into_iter().map(Into::into).collect(),
            })
        };
        method.serve(request, work).await
    }

    async fn init_config(
        &self,
        request: Request<wire::InitConfigRequest>,
    ) -> Result<Response<wire::InitConfigResponse>, Status> {
        let method = &self.init;
        let work = |question: wire::InitConfigRequest, deadline| async move {
            let origin = method.daemon.origin();
            let template = aside(deadline, move || origin.init(question.write)).await??;
            Ok(template.into())
        };
        method.serve(request, work).await
    }

    async fn reload_config(
        &self,
        request: Request<wire::ReloadConfigRequest>,
    ) -> Result<Response<wire::ReloadConfigResponse>, Status> {
        let method = &self.reload;
        let work = |_, deadline| async move {
            let daemon = Arc::clone(&method.daemon);
            let reload = aside(deadline, move || daemon.reload()).await??;
            Ok(reload.into())
        };
        method.serve(request, work).await
    }
}

/// Does what may wait for a disk where nobody waits for it.
async fn aside<T: Send + 'static>(
    deadline: Instant,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let done = timeout_at(deadline, tokio::task::spawn_blocking(work)).await;
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
        Err(_) => Err(
            Error::new(ErrorKind::Config, "the settings were not read in time")
                .why("the disk with the configuration file does not answer")
                .hint("allow more time with --timeout, or name a file elsewhere with --config"),
        ),
    }
}

//! What does not work, and why. It is answered also when the settings are wrong.

use std::sync::Arc;

use aws_ssm_proto::wire::{self, diagnosis_server};
use tonic::{Request, Response, Status};

use super::call::Method;
use crate::daemon::Daemon;

#[derive(Debug)]
pub(super) struct DiagnosisService {
    diagnose_aws: Method,
}

impl DiagnosisService {
    pub(super) fn new(daemon: &Arc<Daemon>) -> Self {
        Self {
            diagnose_aws: Method::always(daemon, "DiagnoseAws"),
        }
    }
}

#[tonic::async_trait]
impl diagnosis_server::Diagnosis for DiagnosisService {
    async fn diagnose_aws(
        &self,
        request: Request<wire::DiagnoseAwsRequest>,
    ) -> Result<Response<wire::DiagnoseAwsResponse>, Status> {
        let method = &self.diagnose_aws;
        let work = |question: wire::DiagnoseAwsRequest, deadline| async move {
            let caller = question.caller.unwrap_or_default().into();
            Ok(method.daemon.diagnose(&caller, deadline).await.into())
        };
        method.serve(request, work).await
    }
}

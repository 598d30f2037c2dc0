//! From a request's path to the service that answers it.
//!
//! gRPC paths are `/package.Service/Method`, so no pattern language is needed.

use std::convert::Infallible;
use std::future::ready;
use std::task::{Context, Poll};

use aws_ssm_proto::wire::challenges_server::ChallengesServer;
use aws_ssm_proto::wire::configuration_server::ConfigurationServer;
use aws_ssm_proto::wire::control_server::ControlServer;
use aws_ssm_proto::wire::diagnosis_server::DiagnosisServer;
use aws_ssm_proto::wire::inventory_server::InventoryServer;
use http::{Request, Response};
use tonic::body::Body;
use tonic::codegen::BoxFuture;
use tonic::server::NamedService;
use tonic::{Code, Status};
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};
use tower::Service;

use super::challenges::ChallengesService;
use super::configuration::ConfigurationService;
use super::control::ControlService;
use super::diagnosis::DiagnosisService;
use super::inventory::InventoryService;

/// Every service; cheap to clone, as each connection has its own.
#[derive(Clone, Debug)]
pub struct Router<H, R> {
    pub(super) challenges: ChallengesServer<ChallengesService>,
    pub(super) configuration: ConfigurationServer<ConfigurationService>,
    pub(super) control: ControlServer<ControlService>,
    pub(super) diagnosis: DiagnosisServer<DiagnosisService>,
    pub(super) inventory: InventoryServer<InventoryService>,
    pub(super) health: H,
    pub(super) reflection: R,
}

impl<H, R> Service<Request<Body>> for Router<HealthServer<H>, ServerReflectionServer<R>>
where
    H: Health,
    R: ServerReflection,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _ctx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().strip_prefix('/');
        let service = path.and_then(|path| path.split_once('/'));
        match service.map_or("", |(service, _)| service) {
            InventoryServer::<InventoryService>::NAME => self.inventory.call(request),
            ControlServer::<ControlService>::NAME => self.control.call(request),
            ConfigurationServer::<ConfigurationService>::NAME => self.configuration.call(request),
            DiagnosisServer::<DiagnosisService>::NAME => self.diagnosis.call(request),
            ChallengesServer::<ChallengesService>::NAME => self.challenges.call(request),
            HealthServer::<H>::NAME => self.health.call(request),
            ServerReflectionServer::<R>::NAME => self.reflection.call(request),
            unknown => {
                let status = Status::new(Code::Unimplemented, format!("no service {unknown:?}"));
                Box::pin(ready(Ok(status.into_http())))
            }
        }
    }
}

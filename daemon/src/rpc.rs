//! The services on the socket: wire types in, wire types out, nothing else.
//!
//! A handler converts, asks the parts that know, and converts back. What is the
//! same for every call (versions, deadline, counting, a panic that must not reach
//! another call) is in [`call`].

mod call;
mod challenges;
mod completion;
mod configuration;
mod control;
mod diagnosis;
mod interfaces;
mod inventory;
mod progress;
mod question;
mod regions;
mod router;
mod straight;
mod stream;
mod targets;

use std::sync::Arc;

use aws_ssm_proto::wire;
use aws_ssm_proto::wire::challenges_server::ChallengesServer;
use aws_ssm_proto::wire::configuration_server::ConfigurationServer;
use aws_ssm_proto::wire::control_server::ControlServer;
use aws_ssm_proto::wire::diagnosis_server::DiagnosisServer;
use aws_ssm_proto::wire::inventory_server::InventoryServer;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};

use crate::daemon::Daemon;
use challenges::ChallengesService;
use configuration::ConfigurationService;
use control::ControlService;
use diagnosis::DiagnosisService;
use inventory::InventoryService;
use router::Router;

/// A question is small; a caller may carry 64 KiB of settings.
const MAX_QUESTION: usize = 256 << 10;

/// An answer is a set of keys at most; the longest session tokens have a few KiB.
const LARGEST_ANSWER: usize = 64 << 10;

/// A configuration file may be asked about before it is written; one of more than
/// 1 MiB is a mistake that is to be told.
const LARGEST_FILE: usize = 2 << 20;

/// Every service the daemon offers, gRPC health and reflection included.
///
/// # Errors
///
/// The embedded descriptors are no descriptors; that is a mistake in the build.
pub async fn services(
    daemon: &Arc<Daemon>,
) -> Result<
    Router<HealthServer<impl Health>, ServerReflectionServer<impl ServerReflection>>,
    tonic_reflection::server::Error,
> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_serving::<ChallengesServer<ChallengesService>>()
        .await;
    reporter
        .set_serving::<ConfigurationServer<ConfigurationService>>()
        .await;
    reporter
        .set_serving::<ControlServer<ControlService>>()
        .await;
    reporter
        .set_serving::<DiagnosisServer<DiagnosisService>>()
        .await;
    reporter
        .set_serving::<InventoryServer<InventoryService>>()
        .await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(wire::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    Ok(Router {
        challenges: ChallengesServer::new(ChallengesService::new(daemon))
            .max_decoding_message_size(LARGEST_ANSWER),
        configuration: ConfigurationServer::new(ConfigurationService::new(daemon))
            .max_decoding_message_size(LARGEST_FILE),
        control: ControlServer::new(ControlService::new(daemon))
            .max_decoding_message_size(MAX_QUESTION),
        diagnosis: DiagnosisServer::new(DiagnosisService::new(daemon))
            .max_decoding_message_size(MAX_QUESTION),
        inventory: InventoryServer::new(InventoryService::new(daemon))
            .max_decoding_message_size(MAX_QUESTION),
        health,
        reflection,
    })
}

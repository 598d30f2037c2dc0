//! The generated messages and services, and the one message that is not generated.
//!
//! Only this crate and the daemon's `rpc` module may name these types; everybody
//! else uses [`crate::domain`].

mod page;
pub mod row;

pub use page::Page;

#[allow(
    missing_docs,
    missing_debug_implementations,
    clippy::all,
    clippy::unwrap_used
)]
mod generated {
    tonic::include_proto!("aws_ssm.v1");
}
pub use generated::*;

/// The encoded `FileDescriptorSet` of the package, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/aws_ssm.bin"));

impl std::fmt::Debug for AnswerChallengeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerChallengeRequest")
            .field("challenge_id", &self.challenge_id)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for CredentialProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialProcess")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ProcessCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessCredentials").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller")
            .field("profile", &self.profile)
            .field("regions", &self.regions)
            .finish_non_exhaustive()
    }
}

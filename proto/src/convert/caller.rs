//! Callers and errors.

use zeroize::Zeroizing;

use crate::domain::{CALLER_VARIABLES, Caller, Error, ErrorKind};
use crate::wire;

impl From<&Caller> for wire::Caller {
    fn from(caller: &Caller) -> Self {
        let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
        Self {
            profile: caller.profile.clone(),
            regions: caller.regions.clone(),
            endpoint_url: caller.endpoint_url.clone(),
            role_arn: caller.role_arn.clone(),
            environment: caller
                .environment
                .iter()
                .map(|(name, value)| (name.clone(), value.to_string()))
                .collect(),
            config_file: path(&caller.config_file),
            credentials_file: path(&caller.credentials_file),
            home: path(&caller.home),
            environment_digest: caller.environment_digest.map(Into::into),
        }
    }
}

impl From<wire::Caller> for Caller {
    /// Variables that no client has a reason to send are dropped here, so that
    /// nothing behind this line can come to depend on them.
    fn from(caller: wire::Caller) -> Self {
        Self {
            profile: caller.profile,
            regions: caller.regions,
            endpoint_url: caller.endpoint_url,
            role_arn: caller.role_arn,
            environment: caller
                .environment
                .into_iter()
                .map(|(name, value)| (name, Zeroizing::new(value)))
                .filter(|(name, value)| {
                    CALLER_VARIABLES.contains(&name.as_str()) && !value.is_empty()
                })
                .collect(),
            config_file: caller.config_file.into(),
            credentials_file: caller.credentials_file.into(),
            home: caller.home.into(),
            environment_digest: caller
                .environment_digest
                .and_then(|digest| digest.try_into().ok()),
        }
    }
}

impl From<&Error> for wire::ErrorDetail {
    fn from(error: &Error) -> Self {
        let kind = match error.kind {
            ErrorKind::Usage => wire::ErrorKind::Usage,
            ErrorKind::Config => wire::ErrorKind::Config,
            ErrorKind::NotFound => wire::ErrorKind::NotFound,
            ErrorKind::Ambiguous => wire::ErrorKind::Ambiguous,
            ErrorKind::Credentials => wire::ErrorKind::Credentials,
            ErrorKind::Permission => wire::ErrorKind::Permission,
            ErrorKind::Unavailable => wire::ErrorKind::Unavailable,
            ErrorKind::Daemon => wire::ErrorKind::Daemon,
            ErrorKind::Internal => wire::ErrorKind::Internal,
        };
        Self {
            kind: kind.into(),
            what: error.what.clone(),
            why: error.why.clone(),
            hint: error.hint.clone(),
            candidates: error.candidates.clone(),
            challenge: error.challenge.as_deref().map(Into::into),
            nodes: error.nodes().iter().map(Into::into).collect(),
        }
    }
}

impl From<wire::ErrorDetail> for Error {
    fn from(detail: wire::ErrorDetail) -> Self {
        let kind = match detail.kind() {
            wire::ErrorKind::Usage => ErrorKind::Usage,
            wire::ErrorKind::Config => ErrorKind::Config,
            wire::ErrorKind::NotFound => ErrorKind::NotFound,
            wire::ErrorKind::Ambiguous => ErrorKind::Ambiguous,
            wire::ErrorKind::Credentials => ErrorKind::Credentials,
            wire::ErrorKind::Permission => ErrorKind::Permission,
            wire::ErrorKind::Unavailable => ErrorKind::Unavailable,
            wire::ErrorKind::Daemon => ErrorKind::Daemon,
            wire::ErrorKind::Internal | wire::ErrorKind::Unspecified => ErrorKind::Internal,
        };
        let nodes: Vec<_> = detail.nodes.into_iter().map(Into::into).collect();
        let error = Self {
            kind,
            what: detail.what,
            why: detail.why,
            hint: detail.hint,
            candidates: detail.candidates,
            challenge: detail
                .challenge
                .and_then(wire::Challenge::known)
                .map(Box::new),
            may_mean: None,
        };
        error.may_mean(nodes)
    }
}

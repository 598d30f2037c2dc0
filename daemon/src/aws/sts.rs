//! Calls to STS: who credentials belong to, and credentials for a role.
//!
//! Unlike the clients of the pool these are made for each call: whose
//! credentials are at work is not known before the answer.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use aws_sdk_sts::{Client, config, types};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::error::sdk::from_sdk;
use super::skew::Skew;
use super::user_agent::PlainUserAgent;
use super::{ApiError, Connector, Operation, Route, Service};
use crate::resilience::{Attempts, CallTarget, Resilience};

/// Where STS is, and in whose name it is asked.
#[derive(Clone, Debug)]
pub struct StsTarget {
    /// Breaker, limiter and retries are apart for each of these. Its identity
    /// is the credential key while nobody knows whose credentials they are.
    pub call: CallTarget,
    /// Instead of the region's own endpoint.
    pub endpoint: Option<String>,
    /// How it is reached.
    pub route: Route,
}

/// Whose credentials they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The account's number.
    pub account: String,
    /// The principal's ARN, with the session name of a role.
    pub arn: String,
    /// The principal's unique id.
    pub user_id: String,
}

/// What [`Sts::assume_role`] asks for.
#[derive(Clone)]
pub struct AssumeRole {
    /// The role's ARN.
    pub role_arn: String,
    /// Appears in the principal's ARN.
    pub session_name: String,
    /// The secret that some trust policies demand.
    pub external_id: Option<Zeroizing<String>>,
    /// How long the credentials last; the role's own default when absent.
    pub duration: Option<Duration>,
    /// A person's second factor.
    pub mfa: Option<Mfa>,
}

impl fmt::Debug for AssumeRole {
    /// Without the external id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRole")
            .field("role_arn", &self.role_arn)
            .field("session_name", &self.session_name)
            .field("duration", &self.duration)
            .field("mfa", &self.mfa)
            .finish_non_exhaustive()
    }
}

/// The serial number of an MFA device and the code it shows now.
#[derive(Clone)]
pub struct Mfa {
    /// Serial number or ARN of the device.
    pub serial_number: String,
    /// The code it shows.
    pub code: Zeroizing<String>,
}

impl fmt::Debug for Mfa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mfa")
            .field("serial_number", &self.serial_number)
            .finish_non_exhaustive()
    }
}

/// What [`Sts::assume_role_with_web_identity`] asks for.
#[derive(Clone)]
pub struct AssumeRoleWithWebIdentity {
    /// The role's ARN.
    pub role_arn: String,
    /// Appears in the principal's ARN.
    pub session_name: String,
    /// The identity provider's token.
    pub token: Zeroizing<String>,
    /// How long the credentials last; the role's own default when absent.
    pub duration: Option<Duration>,
}

impl fmt::Debug for AssumeRoleWithWebIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRoleWithWebIdentity")
            .field("role_arn", &self.role_arn)
            .field("session_name", &self.session_name)
            .finish_non_exhaustive()
    }
}

/// The STS client.
#[derive(Clone, Debug)]
pub struct Sts {
    connector: Connector,
    resilience: Arc<Resilience>,
}

impl Sts {
    /// Calls go over the connector's connections, through `resilience`.
    #[must_use]
    pub fn new(connector: Connector, resilience: Arc<Resilience>) -> Self {
        Self {
            connector,
            resilience,
        }
    }

    /// Asks whose credentials these are. Needs no permission.
    ///
    /// # Errors
    /// As every AWS call: see [`ErrorClass`](super::ErrorClass).
    pub async fn get_caller_identity(
        &self,
        target: &StsTarget,
        credentials: SharedCredentialsProvider,
        deadline: Instant,
    ) -> Result<CallerIdentity, ApiError> {
        let operation = Operation::GetCallerIdentity;
        let client = self.client(target, Some(credentials));
        let region = target.call.region();
        let send = |attempts: Attempts| async move {
            let sent = client
                .get_caller_identity()
                .customize()
                .interceptor(attempts.probe::<GetCallerIdentityError>())
                .send()
                .await;
            sent.map_err(|error| from_sdk(operation, region, attempts.endpoint(), &error))
        };
        let answer = self
            .resilience
            .call(&target.call, operation, deadline, send)
            .await?;
        match (answer.account, answer.arn, answer.user_id) {
            (Some(account), Some(arn), Some(user_id)) => Ok(CallerIdentity {
                account,
                arn,
                user_id,
            }),
            _ => Err(ApiError::incomplete(
                operation,
                region,
                "an account and a principal",
            )),
        }
    }

    /// Asks for credentials of a role, in the name of other credentials.
    ///
    /// # Errors
    /// As every AWS call: see [`ErrorClass`](super::ErrorClass).
    pub async fn assume_role(
        &self,
        target: &StsTarget,
        credentials: SharedCredentialsProvider,
        request: &AssumeRole,
        deadline: Instant,
    ) -> Result<Credentials, ApiError> {
        let operation = Operation::AssumeRole;
        let client = self.client(target, Some(credentials));
        let region = target.call.region();
        let send = |attempts: Attempts| async move {
            let mfa = request.mfa.as_ref();
            let sent = client
                .assume_role()
                .role_arn(&request.role_arn)
                .role_session_name(&request.session_name)
                .set_external_id(request.external_id.as_deref().cloned())
                .set_duration_seconds(request.duration.map(seconds))
                .set_serial_number(mfa.map(|mfa| mfa.serial_number.clone()))
                .set_token_code(mfa.map(|mfa| mfa.code.to_string()))
                .customize()
                .interceptor(attempts.probe::<AssumeRoleError>())
                .send()
                .await;
            let given = sent.map(|answer| convert(answer.credentials?, "AssumeRole", &attempts));
            given.map_err(|error| from_sdk(operation, region, attempts.endpoint(), &error))
        };
        let given = self
            .resilience
            .call(&target.call, operation, deadline, send)
            .await?;
        given.ok_or_else(|| ApiError::incomplete(operation, region, "credentials"))
    }

    /// Asks for credentials of a role with a token of an identity provider.
    /// The request is not signed.
    ///
    /// # Errors
    /// As every AWS call: see [`ErrorClass`](super::ErrorClass).
    pub async fn assume_role_with_web_identity(
        &self,
        target: &StsTarget,
        request: &AssumeRoleWithWebIdentity,
        deadline: Instant,
    ) -> Result<Credentials, ApiError> {
        let operation = Operation::AssumeRoleWithWebIdentity;
        let client = self.client(target, None);
        let region = target.call.region();
        let send = |attempts: Attempts| async move {
            let sent = client
                .assume_role_with_web_identity()
                .role_arn(&request.role_arn)
                .role_session_name(&request.session_name)
                .web_identity_token(request.token.as_str())
                .set_duration_seconds(request.duration.map(seconds))
                .customize()
                .interceptor(attempts.probe::<AssumeRoleWithWebIdentityError>())
                .send()
                .await;
            let given = sent
                .map(|answer| convert(answer.credentials?, "AssumeRoleWithWebIdentity", &attempts));
            given.map_err(|error| from_sdk(operation, region, attempts.endpoint(), &error))
        };
        let given = self
            .resilience
            .call(&target.call, operation, deadline, send)
            .await?;
        given.ok_or_else(|| ApiError::incomplete(operation, region, "credentials"))
    }

    fn client(&self, target: &StsTarget, credentials: Option<SharedCredentialsProvider>) -> Client {
        let sdk = self.connector.sdk_config(
            target.call.region(),
            target.endpoint.as_deref(),
            &target.route,
            credentials,
        );
        let config = config::Builder::from(&sdk)
            .retry_partition(self.resilience.retry_partition(&target.call, Service::Sts))
            .retry_classifier(Skew)
            .interceptor(Skew)
            .interceptor(PlainUserAgent)
            .build();
        Client::from_conf(config)
    }
}

/// STS counts in whole seconds and accepts at most 12 hours.
fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

fn convert(
    given: types::Credentials,
    source: &'static str,
    attempts: &Attempts,
) -> Option<Credentials> {
    let expires_at = SystemTime::try_from(given.expiration).ok()?;
    let expires_at = attempts.by_our_clock(expires_at);
    Some(Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        Some(expires_at),
        source,
    ))
}

#[cfg(test)]
mod tests;

//! Calls to IAM Identity Center: credentials of a role for the holder of a token, and
//! a new token for the holder of one that ends.
//!
//! Neither is signed: the token is the proof. Tokens are never logged.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sso::operation::get_role_credentials::GetRoleCredentialsError;
use aws_sdk_ssooidc::operation::create_token::CreateTokenError;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::error::sdk::from_sdk;
use super::sts::StsTarget;
use super::user_agent::PlainUserAgent;
use super::{ApiError, Connector, Operation, Service};
use crate::resilience::{Attempts, Resilience};

/// The role that somebody who has signed in wants.
#[derive(Clone, Copy, Debug)]
pub struct RoleRequest<'a> {
    /// The account's number.
    pub account_id: &'a str,
    /// The permission set's name.
    pub role_name: &'a str,
}

/// What a new token is asked for with; secret, therefore without `Debug`.
#[allow(missing_debug_implementations)]
pub struct Renewal {
    /// The registration of the program that signed in.
    pub client_id: String,
    /// Proves the registration.
    pub client_secret: Zeroizing<String>,
    /// Good for one more token.
    pub refresh_token: Zeroizing<String>,
}

/// A token as the sign-in gives it; secret, therefore without `Debug`.
#[allow(missing_debug_implementations)]
pub struct NewToken {
    /// The token itself.
    pub access_token: Zeroizing<String>,
    /// Good for the next one; the one used is as good as before if absent.
    pub refresh_token: Option<Zeroizing<String>>,
    /// How long it serves.
    pub lives: Duration,
}

/// The clients of portal and sign-in.
#[derive(Clone, Debug)]
pub struct Sso {
    connector: Connector,
    resilience: Arc<Resilience>,
}

impl Sso {
    /// Calls go over the connector's connections, through `resilience`.
    #[must_use]
    pub fn new(connector: Connector, resilience: Arc<Resilience>) -> Self {
        Self {
            connector,
            resilience,
        }
    }

    /// Asks for a role's credentials.
    ///
    /// # Errors
    /// As every AWS call: see [`ErrorClass`](super::ErrorClass). A token that does not hold is
    /// [`Expired`](super::ErrorClass::Expired).
    pub async fn role_credentials(
        &self,
        target: &StsTarget,
        role: RoleRequest<'_>,
        token: &str,
        deadline: Instant,
    ) -> Result<Credentials, ApiError> {
        let operation = Operation::GetRoleCredentials;
        let region = target.call.region();
        let sdk =
            self.connector
                .sdk_config(region, target.endpoint.as_deref(), &target.route, None);
        let partition = self.resilience.retry_partition(&target.call, Service::Sso);
        let config = aws_sdk_sso::config::Builder::from(&sdk)
            .retry_partition(partition)
            .interceptor(PlainUserAgent)
            .build();
        let client = aws_sdk_sso::Client::from_conf(config);
        let send = |attempts: Attempts| async move {
            let sent = client
                .get_role_credentials()
                .account_id(role.account_id)
                .role_name(role.role_name)
                .access_token(token)
                .customize()
                .interceptor(attempts.probe::<GetRoleCredentialsError>())
                .send()
                .await;
            let given = sent.map(|answer| convert(answer.role_credentials?, &attempts));
            given.map_err(|error| from_sdk(operation, region, attempts.endpoint(), &error))
        };
        let given = self
            .resilience
            .call(&target.call, operation, deadline, send)
            .await?;
        given.ok_or_else(|| ApiError::incomplete(operation, region, "credentials"))
    }

    /// Asks for a new token.
    ///
    /// # Errors
    /// As every AWS call: see [`ErrorClass`](super::ErrorClass).
    pub async fn create_token(
        &self,
        target: &StsTarget,
        renewal: &Renewal,
        deadline: Instant,
    ) -> Result<NewToken, ApiError> {
        let operation = Operation::CreateToken;
        let region = target.call.region();
        let sdk =
            self.connector
                .sdk_config(region, target.endpoint.as_deref(), &target.route, None);
        let partition = self
            .resilience
            .retry_partition(&target.call, Service::SsoOidc);
        let config = aws_sdk_ssooidc::config::Builder::from(&sdk)
            .retry_partition(partition)
            .interceptor(PlainUserAgent)
            .build();
        let client = aws_sdk_ssooidc::Client::from_conf(config);
        let send = |attempts: Attempts| async move {
            let sent = client
                .create_token()
                .client_id(&renewal.client_id)
                .client_secret(renewal.client_secret.as_str())
                .grant_type("refresh_token")
                .refresh_token(renewal.refresh_token.as_str())
                .customize()
                .interceptor(attempts.probe::<CreateTokenError>())
                .send()
                .await;
            sent.map_err(|error| from_sdk(operation, region, attempts.endpoint(), &error))
        };
        let answer = self
            .resilience
            .call(&target.call, operation, deadline, send)
            .await?;
        let lives = u64::try_from(answer.expires_in).unwrap_or_default();
        let access_token = answer.access_token.filter(|token| !token.is_empty());
        let access_token =
            access_token.ok_or_else(|| ApiError::incomplete(operation, region, "a token"))?;
        Ok(NewToken {
            access_token: access_token.into(),
            refresh_token: answer.refresh_token.map(Zeroizing::new),
            lives: Duration::from_secs(lives),
        })
    }
}

/// The portal counts in milliseconds since 1970.
fn convert(given: aws_sdk_sso::types::RoleCredentials, attempts: &Attempts) -> Option<Credentials> {
    let ends = Duration::from_millis(u64::try_from(given.expiration).ok()?);
    let ends = attempts.by_our_clock(SystemTime::UNIX_EPOCH + ends);
    Some(Credentials::new(
        given.access_key_id?,
        given.secret_access_key?,
        Some(given.session_token?),
        Some(ends),
        "GetRoleCredentials",
    ))
}

//! What all AWS clients have in common: connections, time limits, attempts.
//!
//! Invariant: a configuration is made only of what is passed in. `aws-config`'s
//! loaders are not used because they consult the environment of the process.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use aws_types::region::Region;
use tokio::time::Instant;

use super::idle::IdleMap;
use super::network::Network;
use super::route::Route;
use crate::resilience::ResilienceConfig;

/// How long a connection may take to open: the SDK's own default.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);
/// How many networks connections are kept for: those of a few dozen different
/// settings.
const MAX_NETWORKS: usize = 32;
/// How long they are kept unused.
const NETWORK_IDLE: Duration = Duration::from_secs(60 * 60);

/// Makes the configuration of AWS clients; cloning shares the connections.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Over the network of callers who say nothing of theirs.
    http: SharedHttpClient,
    /// The same for all clones.
    others: Arc<IdleMap<Network, SharedHttpClient>>,
    /// The same for all clones.
    bounds: Arc<ArcSwap<Bounds>>,
}

/// What bounds a call.
#[derive(Debug)]
struct Bounds {
    timeouts: TimeoutConfig,
    retry: RetryConfig,
}

impl Bounds {
    fn new(config: &ResilienceConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(config.attempt_timeout)
            .operation_timeout(config.operation_timeout)
            .build();
        Self {
            timeouts,
            retry: RetryConfig::standard().with_max_attempts(config.max_attempts),
        }
    }
}

impl Connector {
    /// A connector without any connection yet. Cheap: no file is read.
    #[must_use]
    pub fn new(config: &ResilienceConfig) -> Self {
        Self {
            http: super::http::shared_client(CONNECT_TIMEOUT, Network::default()),
            others: Arc::new(IdleMap::new(MAX_NETWORKS, NETWORK_IDLE)),
            bounds: Arc::new(ArcSwap::from_pointee(Bounds::new(config))),
        }
    }

    /// Bounds calls so in every configuration that is made from now on.
    pub fn retune(&self, config: &ResilienceConfig) {
        self.bounds.store(Arc::new(Bounds::new(config)));
    }

    /// Over this client instead of the network.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn over(config: &ResilienceConfig, http: SharedHttpClient) -> Self {
        Self {
            http,
            ..Self::new(config)
        }
    }

    /// A configuration for clients of one region. Without credentials requests
    /// go unsigned. The provider is asked for each attempt and keeps credentials
    /// itself: a second copy, in the client, would outlive their refusal.
    #[must_use]
    pub fn sdk_config(
        &self,
        region: &str,
        endpoint: Option<&str>,
        route: &Route,
        credentials: Option<SharedCredentialsProvider>,
    ) -> SdkConfig {
        let bounds = self.bounds.load();
        let mut builder = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .app_name(AppName::new("aws-ssm").expect("letters and a hyphen are allowed"))
            .http_client(self.http(&route.network))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .timeout_config(bounds.timeouts.clone())
            .retry_config(bounds.retry.clone())
            .region(Region::new(region.to_owned()));
        builder.set_identity_cache(Some(IdentityCache::no_cache()));
        builder.set_use_fips(Some(route.variant.fips));
        builder.set_use_dual_stack(Some(route.variant.dual_stack));
        builder.set_endpoint_url(endpoint.map(str::to_owned));
        builder.set_credentials_provider(credentials);
        builder.build()
    }

    /// The connections of a network.
    fn http(&self, network: &Network) -> SharedHttpClient {
        if network.is_plain() {
            return self.http.clone();
        }
        let make = || super::http::shared_client(CONNECT_TIMEOUT, network.clone());
        self.others
            .get_or_build(network.clone(), Instant::now(), make)
    }
}

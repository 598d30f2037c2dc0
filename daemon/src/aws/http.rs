//! The HTTP client of a network, which all its callers share.
//!
//! Invariants: requests over plain HTTP never touch certificates; root certificates
//! are loaded once, off the event loop, by the first request over TLS; proxy
//! variables of the process are not read; the password of a proxy is never shown.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::OnceCell;

use super::network::{CaBundle, Network, Proxy, read_trusted};

/// An HTTP client for all callers of a network.
pub(super) fn shared_client(connect_timeout: Duration, network: Network) -> SharedHttpClient {
    SharedHttpClient::new(OneConnector(connector(connect_timeout, network)))
}

/// A connector for what is on this machine or beside it, where no proxy belongs.
pub(crate) fn direct_connector(connect_timeout: Duration) -> SharedHttpConnector {
    connector(connect_timeout, Network::default())
}

fn connector(connect_timeout: Duration, network: Network) -> SharedHttpConnector {
    SharedHttpConnector::new(ByRequest {
        direct: Lanes::default(),
        proxied: Lanes::default(),
        network,
        connect_timeout,
    })
}

/// Hands every client the same connector. The SDK's own client would keep one
/// for each pair of timeouts, and build another, certificates included, each
/// time a client is made.
struct OneConnector(SharedHttpConnector);

impl HttpClient for OneConnector {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.clone()
    }
}

impl fmt::Debug for OneConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneConnector")
    }
}

/// Sends each request the way that its address asks for.
struct ByRequest {
    network: Network,
    connect_timeout: Duration,
    direct: Lanes,
    proxied: Lanes,
}

/// Connectors that are made when they are first needed.
#[derive(Default)]
struct Lanes {
    plain: Lane,
    tls: Lane,
}

type Lane = Arc<OnceCell<SharedHttpConnector>>;

impl fmt::Debug for ByRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByRequest")
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}

impl HttpConnector for ByRequest {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(proxy) = self.proxy(request.uri()) else {
            return self.send(&self.direct, None, request);
        };
        let (shown, sent) = (
            proxy.to_string(),
            self.send(&self.proxied, Some(proxy), request),
        );
        HttpConnectorFuture::new(async move {
            let answer = sent.await;
            answer.map_err(|error| ProxyFailure::of(shown, error))
        })
    }
}

impl ByRequest {
    fn proxy(&self, uri: &str) -> Option<&Proxy> {
        if self.network.is_plain() {
            return None;
        }
        self.network.proxy(&uri.parse().ok()?)
    }

    fn send(
        &self,
        lanes: &Lanes,
        proxy: Option<&Proxy>,
        request: HttpRequest,
    ) -> HttpConnectorFuture {
        let is_tls = is_tls(request.uri());
        let lane = if is_tls { &lanes.tls } else { &lanes.plain };
        if let Some(connector) = lane.get() {
            return connector.call(request);
        }
        let recipe = Recipe {
            connect_timeout: self.connect_timeout,
            proxy: proxy.cloned(),
            is_tls,
            trusted: self.network.trusted().cloned(),
        };
        let lane = Arc::clone(lane);
        HttpConnectorFuture::new(async move {
            let connector = lane.get_or_try_init(|| recipe.make());
            connector.await?.call(request).await
        })
    }
}

fn is_tls(uri: &str) -> bool {
    uri.starts_with("https:")
}

/// What a connector is made of.
struct Recipe {
    connect_timeout: Duration,
    proxy: Option<Proxy>,
    is_tls: bool,
    trusted: Option<CaBundle>,
}

impl Recipe {
    async fn make(self) -> Result<SharedHttpConnector, ConnectorError> {
        let proxy = self.proxy.as_ref().map(Proxy::url);
        if !self.is_tls && !proxy.is_some_and(is_tls) {
            return Ok(SharedHttpConnector::new(self.builder()?.build_http()));
        }
        // Reading the certificates takes up to 300 ms on some systems.
        match tokio::task::spawn_blocking(move || self.make_tls()).await {
            Ok(made) => made,
            Err(error) => Err(ConnectorError::other(
                format!("cannot load this machine's root certificates: {error}").into(),
                None,
            )),
        }
    }

    fn make_tls(self) -> Result<SharedHttpConnector, ConnectorError> {
        let mut context = TlsContext::builder();
        if let Some(bundle) = &self.trusted {
            let certificates =
                read_trusted(bundle).map_err(|error| ConnectorError::user(error.into()))?;
            let store = TrustStore::empty().with_pem_certificate(certificates);
            context = context.with_trust_store(store);
        }
        let context = context
            .build()
            .map_err(|error| ConnectorError::other(error.into(), None))?;
        let connector = self
            .builder()?
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(context)
            .build();
        Ok(SharedHttpConnector::new(connector))
    }

    fn builder(&self) -> Result<ConnectorBuilder, ConnectorError> {
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(self.connect_timeout)
            .build();
        let mut builder = Connector::builder()
            .connector_settings(settings)
            .sleep_impl(TokioSleep::new());
        if let Some(proxy) = &self.proxy {
            let config = match self.is_tls {
                true => ProxyConfig::https(proxy.url()),
                false => ProxyConfig::http(proxy.url()),
            };
            let config = config.map_err(|error| ConnectorError::user(error.into()))?;
            builder.set_proxy_config(Some(config));
        }
        Ok(builder)
    }
}

/// A failure on the way through a proxy.
#[derive(Debug)]
pub(super) struct ProxyFailure {
    /// Its address, without a password.
    pub(super) proxy: String,
    source: ConnectorError,
}

impl ProxyFailure {
    fn of(proxy: String, source: ConnectorError) -> ConnectorError {
        let make: fn(_) -> ConnectorError = match &source {
            error if error.is_timeout() => ConnectorError::timeout,
            error if error.is_user() => ConnectorError::user,
            error if error.is_io() => ConnectorError::io,
            _ => |error| ConnectorError::other(error, None),
        };
        make(Box::new(Self { proxy, source }))
    }
}

impl fmt::Display for ProxyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "through the proxy {}", self.proxy)
    }
}

impl Error for ProxyFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

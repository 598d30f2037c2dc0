//! The one HTTP client of the process.
//!
//! Invariants: requests over plain HTTP never touch certificates; the
//! machine's root certificates are loaded once, off the event loop, by the
//! first request over TLS; proxy variables of the process are not read.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::OnceCell;

/// An HTTP client whose connections everybody shares.
pub(super) fn shared_client(connect_timeout: Duration) -> SharedHttpClient {
    let plain = builder(connect_timeout).build_http();
    SharedHttpClient::new(OneConnector(SharedHttpConnector::new(ByScheme {
        plain: SharedHttpConnector::new(plain),
        tls: Arc::new(OnceCell::new()),
        connect_timeout,
    })))
}

fn builder(connect_timeout: Duration) -> ConnectorBuilder {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(connect_timeout)
        .build();
    Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
}

/// Hands every client the same connector. The SDK's own client would keep one
/// for each pair of timeouts, and build another, certificates included, each
/// time a client is made.
#[derive(Debug)]
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

#[derive(Debug)]
struct ByScheme {
    plain: SharedHttpConnector,
    tls: Arc<OnceCell<SharedHttpConnector>>,
    connect_timeout: Duration,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !request.uri().starts_with("https:") {
            return self.plain.call(request);
        }
        if let Some(connector) = self.tls.get() {
            return connector.call(request);
        }
        let (cell, connect_timeout) = (Arc::clone(&self.tls), self.connect_timeout);
        HttpConnectorFuture::new(async move {
            let connector = cell.get_or_try_init(|| tls_connector(connect_timeout));
            connector.await?.call(request).await
        })
    }
}

async fn tls_connector(connect_timeout: Duration) -> Result<SharedHttpConnector, ConnectorError> {
    let build = move || {
        builder(connect_timeout)
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
            .build()
    };
    // Reading the certificates takes up to 300 ms on some systems.
    match tokio::task::spawn_blocking(build).await {
        Ok(connector) => Ok(SharedHttpConnector::new(connector)),
        Err(error) => Err(ConnectorError::other(
            format!("cannot load this machine's root certificates: {error}").into(),
            None,
        )),
    }
}

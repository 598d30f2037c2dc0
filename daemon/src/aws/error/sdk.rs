//! From the SDK's errors to ours, for every operation alike.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::interceptors::context;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use aws_ssm_proto::domain;

use super::{ApiError, ConnectionFault, Detail, ErrorClass, codes};
use crate::aws::Operation;
use crate::aws::http::ProxyFailure;

/// Longer texts of AWS are cut: an error is three lines.
const MAX_MESSAGE: usize = 400;

/// What the SDK knows of a failure, whichever of its types it came in.
struct Evidence<'a> {
    /// The service's own words, when it spoke.
    spoken: Option<&'a ErrorMetadata>,
    status: Option<u16>,
    timed_out: bool,
    /// There is no whole answer.
    unanswered: bool,
    cause: &'a (dyn Error + 'static),
}

/// Reads the error that a call ended with.
pub(crate) fn from_sdk<E>(
    operation: Operation,
    region: &str,
    endpoint: Option<String>,
    error: &SdkError<E, HttpResponse>,
) -> ApiError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let connector = match error {
        SdkError::DispatchFailure(failure) => failure.as_connector_error(),
        _ => None,
    };
    let evidence = Evidence {
        spoken: error.as_service_error().map(ProvideErrorMetadata::meta),
        status: error.raw_response().map(|answer| answer.status().as_u16()),
        timed_out: matches!(error, SdkError::TimeoutError(_))
            || connector.is_some_and(ConnectorError::is_timeout),
        unanswered: matches!(
            error,
            SdkError::ConstructionFailure(_)
                | SdkError::DispatchFailure(_)
                | SdkError::ResponseError(_)
        ),
        cause: error.source().unwrap_or(error),
    };
    judge(operation, region, endpoint, &evidence)
}

/// Reads the error of one attempt of an operation that fails with `E`.
pub(crate) fn from_attempt<E>(
    operation: Operation,
    region: &str,
    endpoint: Option<String>,
    error: &OrchestratorError<context::Error>,
    status: Option<u16>,
) -> ApiError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let spoken = error
        .as_operation_error()
        .and_then(|error| error.downcast_ref::<E>());
    let cause: &(dyn Error + 'static) = match spoken {
        Some(spoken) => spoken,
        None => error.source().unwrap_or(error),
    };
    let evidence = Evidence {
        spoken: spoken.map(ProvideErrorMetadata::meta),
        status,
        timed_out: error.is_timeout_error()
            || error
                .as_connector_error()
                .is_some_and(ConnectorError::is_timeout),
        unanswered: spoken.is_none(),
        cause,
    };
    judge(operation, region, endpoint, &evidence)
}

fn judge(
    operation: Operation,
    region: &str,
    endpoint: Option<String>,
    evidence: &Evidence<'_>,
) -> ApiError {
    if let Some(provider) = provider_failure(operation, region, evidence.cause) {
        return provider;
    }
    let mut error = ApiError::new(ErrorClass::Invalid, operation, region, "");
    error.endpoint = endpoint;
    if let Some(code) = evidence.spoken.and_then(ErrorMetadata::code) {
        error.class = codes::class(code, evidence.status);
        error.code = Some(code.to_owned());
        let words = evidence.spoken.and_then(ErrorMetadata::message);
        error.message = service_message(words.unwrap_or_default());
    } else if evidence.timed_out {
        error.class = ErrorClass::Timeout;
        error.message = timeout_message(evidence.cause);
        if let Some(proxy) = proxy(evidence.cause) {
            error.message = format!("{}, through the proxy {proxy}", error.message);
        }
    } else if let Some((class, status)) = codes::by_status(evidence.status).zip(evidence.status) {
        error.class = class;
        error.message = format!("HTTP status {status}");
    } else if evidence.unanswered && error.endpoint.is_none() {
        // It failed before there was anything to send and anywhere to send it.
        error.message = one_line(&innermost(evidence.cause));
    } else if evidence.unanswered {
        connection_failure(&mut error, evidence.cause);
    } else {
        error.class = ErrorClass::Nonsense;
        let status = evidence.status.unwrap_or_default();
        let text = one_line(&innermost(evidence.cause));
        error.message = format!("HTTP status {status}, and a body that cannot be read: {text}");
    }
    error
}

/// The failure of whoever was to provide credentials, in its own words.
fn provider_failure(
    operation: Operation,
    region: &str,
    cause: &(dyn Error + 'static),
) -> Option<ApiError> {
    if let Some(error) = chain(cause).find_map(|link| link.downcast_ref::<ApiError>()) {
        return Some(error.clone());
    }
    if let Some(said) = chain(cause).find_map(|link| link.downcast_ref::<domain::Error>()) {
        let class = match said.kind {
            domain::ErrorKind::Unavailable => ErrorClass::Unavailable,
            domain::ErrorKind::Permission => ErrorClass::Denied,
            _ => ErrorClass::BadCredentials,
        };
        let error = ApiError::new(class, operation, region, said.to_string());
        return Some(error.detail(Detail::Said(Box::new(said.clone()))));
    }
    let failure = chain(cause).find_map(|link| link.downcast_ref::<CredentialsError>())?;
    let message = one_line(&innermost(failure));
    let class = ErrorClass::BadCredentials;
    Some(ApiError::new(class, operation, region, message))
}

fn connection_failure(error: &mut ApiError, cause: &(dyn Error + 'static)) {
    error.message = one_line(&innermost(cause));
    let mut links = chain(cause).filter_map(|link| link.downcast_ref::<hyper::Error>());
    if links.any(hyper::Error::is_parse) {
        error.class = ErrorClass::Nonsense;
        error.message = format!("it does not speak HTTP: {}", error.message);
        return;
    }
    error.class = ErrorClass::Unavailable;
    let fault = fault(cause);
    error.detail = Detail::Connection(fault);
    if fault != ConnectionFault::Tls
        && let Some(proxy) = proxy(cause)
    {
        error.message = format!("the proxy {proxy}: {}", error.message);
        error.detail = Detail::Connection(ConnectionFault::Proxy);
    }
}

/// The proxy on whose way it failed.
fn proxy<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a str> {
    let failure = chain(cause).find_map(|link| link.downcast_ref::<ProxyFailure>())?;
    Some(&failure.proxy)
}

fn fault(cause: &(dyn Error + 'static)) -> ConnectionFault {
    let refused = |link: &(dyn Error + 'static)| {
        link.downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
    };
    // These two have no public type.
    let says = |text: &str| chain(cause).any(|link| link.to_string().starts_with(text));
    if chain(cause).any(refused) {
        ConnectionFault::Refused
    } else if says("dns error") {
        ConnectionFault::UnknownName
    } else if says("TLS handshake failed") {
        ConnectionFault::Tls
    } else {
        ConnectionFault::Broken
    }
}

/// An error and what caused it, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&link| {
        // The source of an I/O error is its payload's source, not its payload.
        match link
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::get_ref)
        {
            Some(Some(payload)) => Some(payload as &(dyn Error + 'static)),
            _ => link.source(),
        }
    })
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn timeout_message(cause: &(dyn Error + 'static)) -> String {
    let after = chain(cause).find_map(|link| {
        let text = link.to_string();
        let after = text.split("occurred after ").nth(1)?;
        Some((text.contains("connect"), after.to_owned()))
    });
    match after {
        Some((true, after)) => format!("no connection within {after}"),
        Some((false, after)) => format!("no answer within {after}"),
        None => "no answer in time".to_owned(),
    }
}

/// EC2 appends kilobytes that only `sts:DecodeAuthorizationMessage` can read.
fn service_message(text: &str) -> String {
    let readable = text.split("Encoded authorization failure message").next();
    one_line(readable.unwrap_or(text))
}

fn one_line(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_MESSAGE) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_broken_texts_become_one_short_line() {
        assert_eq!(one_line("a\n  b\tc"), "a b c");
        let long = one_line(&"ä".repeat(1000));
        assert_eq!(long.chars().count(), MAX_MESSAGE + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn the_payload_of_an_io_error_is_part_of_the_chain() {
        let inner = domain::Error::new(domain::ErrorKind::Credentials, "inside");
        let outer = std::io::Error::other(inner);
        assert!(chain(&outer).any(|link| link.is::<domain::Error>()));
    }
}

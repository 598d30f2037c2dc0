//! What a question over HTTP gets.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;

use crate::metrics;

/// The counters, or a refusal in one line. `needs_host`: the question must be for
/// this machine by name. A page in the user's own browser can have any name point
/// here, and would read what it is not meant to.
pub(super) fn answer<B>(
    question: &Request<B>,
    needs_host: bool,
    text: impl Fn() -> Option<String>,
) -> Response<Full<Bytes>> {
    if needs_host && !is_for_this_machine(question) {
        return refusal(StatusCode::FORBIDDEN, "ask for this machine by its address");
    }
    if question.uri().path() != "/metrics" {
        return refusal(StatusCode::NOT_FOUND, "there is only /metrics");
    }
    if question.method() != Method::GET {
        let mut refusal = refusal(StatusCode::METHOD_NOT_ALLOWED, "there is only GET");
        refusal
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET"));
        return refusal;
    }
    match text() {
        Some(text) => response(StatusCode::OK, metrics::CONTENT_TYPE, text),
        None => refusal(StatusCode::SERVICE_UNAVAILABLE, "the daemon is ending"),
    }
}

fn is_for_this_machine<B>(question: &Request<B>) -> bool {
    let host = question.headers().get(HOST);
    let host = host.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.is_some_and(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']');
        let address = name.parse::<IpAddr>();
        name == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

fn refusal(status: StatusCode, why: &str) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", format!("{why}\n"))
}

fn response(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, path: &str, host: Option<&str>) -> u16 {
        let mut question = Request::builder().method(method).uri(path);
        if let Some(host) = host {
            question = question.header("host", host);
        }
        let question = question.body(()).unwrap();
        answer(&question, true, || Some("x 1\n".to_owned()))
            .status()
            .as_u16()
    }

    #[test]
    fn only_get_of_metrics_is_answered() {
        let here = Some("127.0.0.1:9464");
        assert_eq!(status("GET", "/metrics", here), 200);
        assert_eq!(status("GET", "/metrics?x=1", here), 200);
        assert_eq!(status("GET", "/", here), 404);
        assert_eq!(status("POST", "/metrics", here), 405);
        assert_eq!(status("HEAD", "/metrics", here), 405);
    }

    #[test]
    fn a_name_that_was_pointed_here_is_refused() {
        for host in ["localhost:9464", "127.0.0.1", "[::1]:9464", "127.8.8.8"] {
            assert_eq!(status("GET", "/metrics", Some(host)), 200, "{host}");
        }
        for host in [
            "evil.example:9464",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "",
        ] {
            assert_eq!(status("GET", "/metrics", Some(host)), 403, "{host}");
        }
        assert_eq!(status("GET", "/metrics", None), 403);
    }

    #[test]
    fn an_ending_daemon_says_so() {
        let question = Request::builder().uri("/metrics").body(()).unwrap();
        let answer = answer(&question, false, || None);
        assert_eq!(answer.status(), 503);
    }
}

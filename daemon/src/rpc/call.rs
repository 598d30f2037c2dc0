//! What is the same for every call.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use aws_ssm_proto::client::DEFAULT_TIMEOUT;
use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::hello::{self, Decision};
use aws_ssm_proto::status;
use futures_util::FutureExt;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use crate::daemon::Daemon;
use crate::metrics::RpcMethod;

/// Left for the answer's way back: the caller should hear what was waited for, not
/// merely that time is up.
const RETURN_TIME: Duration = Duration::from_millis(50);

/// One method: its counters, and the daemon it asks.
#[derive(Clone, Debug)]
pub(super) struct Method {
    pub(super) daemon: Arc<Daemon>,
    counters: Arc<RpcMethod>,
    /// Answered also when the settings are wrong.
    always: bool,
}

impl Method {
    pub(super) fn new(daemon: &Arc<Daemon>, name: &'static str) -> Self {
        Self {
            daemon: Arc::clone(daemon),
            counters: daemon.metrics.rpc(name),
            always: false,
        }
    }

    /// One that is answered also when the settings are wrong.
    pub(super) fn always(daemon: &Arc<Daemon>, name: &'static str) -> Self {
        Self {
            always: true,
            ..Self::new(daemon, name)
        }
    }

    /// Answers one call: checks the caller's version, hands `work` the question and
    /// its deadline, contains its panic, counts it.
    pub(super) async fn serve<Q, A, Work>(
        &self,
        request: Request<Q>,
        work: impl FnOnce(Q, Instant) -> Work,
    ) -> Result<Response<A>, Status>
    where
        Work: Future<Output = Result<A, Error>>,
    {
        let began = Instant::now();
        let _call = self.daemon.life.call();
        let answer = self.answer(request, work).await;
        self.counters.record(began.elapsed(), answer.is_ok());
        match answer {
            Ok(answer) => {
                let mut response = Response::new(answer);
                hello::announce(response.metadata_mut());
                Ok(response)
            }
            Err(error) => {
                let mut status = status::from_error(&error);
                hello::announce(status.metadata_mut());
                Err(status)
            }
        }
    }

    async fn answer<Q, A, Work>(
        &self,
        request: Request<Q>,
        work: impl FnOnce(Q, Instant) -> Work,
    ) -> Result<A, Error>
    where
        Work: Future<Output = Result<A, Error>>,
    {
        if hello::admit(request.metadata())? == Decision::UseAndRetire {
            self.daemon.life.retire();
        }
        if let Some(error) = self.daemon.broken().filter(|_| !self.always) {
            return Err(error.clone());
        }
        let deadline = Instant::now() + time_allowed(request.metadata());
        let work = AssertUnwindSafe(work(request.into_inner(), deadline));
        work.catch_unwind().await.unwrap_or_else(|_| Err(bug()))
    }
}

/// How long a handler may take, by the standard `grpc-timeout` header.
fn time_allowed(metadata: &MetadataMap) -> Duration {
    let header = metadata.get("grpc-timeout");
    let allowed = header
        .and_then(|value| value.to_str().ok())
        .and_then(parse_timeout)
        .unwrap_or(DEFAULT_TIMEOUT);
    allowed.saturating_sub(RETURN_TIME.min(allowed / 10))
}

/// Digits and a unit, as gRPC's specification of the protocol over HTTP/2 has it.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: u64 = digits.parse().ok()?;
    let allowed = match unit {
        "H" => Duration::from_secs(count.checked_mul(3600)?),
        "M" => Duration::from_secs(count.checked_mul(60)?),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    };
    // A longer wait than anybody means must not overflow the clock.
    Some(allowed.min(Duration::from_secs(24 * 3600)))
}

/// The panic itself is in the log, by the panic hook.
fn bug() -> Error {
    Error::new(ErrorKind::Internal, "the daemon failed on this request")
        .why("this is a bug; its log has the details")
        .hint("`aws-ssm daemon status` names the log")
}

#[cfg(test)]
mod tests {
    use aws_ssm_proto::endpoint::{Endpoint, EndpointSettings};
    use tokio::runtime::Handle;
    use tonic::Code;

    use super::*;
    use crate::config::Config;
    use crate::daemon::Facts;
    use crate::lifecycle::Life;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        assert_eq!(parse_timeout("500m"), Some(Duration::from_millis(500)));
        assert_eq!(parse_timeout("2S"), Some(Duration::from_secs(2)));
        assert_eq!(parse_timeout("60000000u"), Some(Duration::from_secs(60)));
        assert_eq!(
            parse_timeout("99999999H"),
            Some(Duration::from_secs(86_400))
        );
        assert_eq!(parse_timeout("5"), None);
        assert_eq!(parse_timeout(""), None);
        assert_eq!(parse_timeout("é"), None);
    }

    #[tokio::test]
    async fn a_request_that_panics_is_an_internal_error_of_its_caller_and_of_nobody_else() {
        let home = tempfile::tempdir().expect("a directory");
        let endpoint = Endpoint::resolve(&EndpointSettings {
            aws_ssm_home: Some(home.path().into()),
            home: home.path().into(),
            run_user: None,
            hostname: String::new(),
        });
        let config = home.path().join("config.yaml");
        std::fs::write(&config, "cache:\n  persist: false\n").expect("a file");
        let config = Config::load(Some(&config), &[], |_| None).expect("a configuration");
        let (facts, life) = (Facts::for_one(&endpoint), Life::new(None));
        let daemon = Daemon::start(config.into(), facts, life, &Handle::current());
        let method = Method::new(&daemon, "Test");
        let ask = async |number: u32| {
            let work = |number, _| async move {
                assert_ne!(number, 2, "as ordered");
                Ok(number)
            };
            let answer = method.serve(Request::new(number), work).await;
            answer
                .map(Response::into_inner)
                .map_err(|status| status.code())
        };
        let answers = tokio::join!(ask(1), ask(2), ask(3));
        assert_eq!(answers, (Ok(1), Err(Code::Internal), Ok(3)));
        assert_eq!(ask(4).await, Ok(4));
        let counted = daemon.stats().rpc;
        let counted = counted.iter().find(|counted| counted.method == "Test");
        let counted = counted.expect("it was called");
        assert_eq!((counted.calls, counted.failures), (4, 1));
        daemon.shut_down().await;
    }
}

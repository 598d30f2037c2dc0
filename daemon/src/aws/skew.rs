//! A machine whose clock is wrong, as EC2 puts it.
//!
//! The SDK reads AWS's time off every answer and signs by it from then on. It tries
//! a refused request again only on codes that it takes for a wrong time, and EC2's
//! is not among them: credentials that have ended get the same one. The times tell
//! the two apart.

use std::time::{Duration, SystemTime};

use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// EC2's code, as it stands in the answer.
const REFUSED: &[u8] = b"<Code>RequestExpired</Code>";
/// With less than this, requests are not refused for their time: what the SDK
/// itself goes by.
const NOTABLE: Duration = Duration::from_secs(4 * 60);

/// Has a request tried again that was refused for its time.
#[derive(Debug)]
pub(super) struct SkewClassifier {
    clock: SharedTimeSource,
}

impl SkewClassifier {
    /// Judges by this clock, the one that requests are signed by.
    pub(super) fn new(clock: SharedTimeSource) -> Self {
        Self { clock }
    }

    fn is_refused_for_its_time(&self, answer: &HttpResponse) -> bool {
        let body = answer.body().bytes().unwrap_or_default();
        let skew = answered_at(answer).map(|theirs| apart(theirs, self.clock.now()));
        skew.is_some_and(|skew| skew > NOTABLE)
            && body.windows(REFUSED.len()).any(|text| text == REFUSED)
    }
}

impl ClassifyRetry for SkewClassifier {
    fn classify_retry(&self, ctx: &InterceptorContext) -> RetryAction {
        match ctx.response() {
            Some(answer) if self.is_refused_for_its_time(answer) => RetryAction::server_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "SkewClassifier"
    }
}

/// AWS's time when it answered.
fn answered_at(answer: &HttpResponse) -> Option<SystemTime> {
    let date = answer.headers().get("date")?;
    let date = DateTime::from_str(date, Format::HttpDate).ok()?;
    SystemTime::try_from(date).ok()
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    let ahead = one.duration_since(other);
    ahead.unwrap_or_else(|behind| behind.duration())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_async::time::StaticTimeSource;
    use aws_smithy_types::body::SdkBody;

    /// 12:00:00 UTC on 31 January 2026.
    const NOON: u64 = 1_769_860_800;

    fn retried(date: Option<&'static str>, body: &'static str) -> bool {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(NOON);
        let clock = SharedTimeSource::new(StaticTimeSource::new(noon));
        let mut answer = HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body));
        if let Some(date) = date {
            answer.headers_mut().insert("date", date);
        }
        SkewClassifier::new(clock).is_refused_for_its_time(&answer)
    }

    #[test]
    fn only_a_refusal_whose_time_is_far_from_ours_is_tried_again() {
        let expired = "<Response><Errors><Error><Code>RequestExpired</Code></Error></Errors>";
        assert!(retried(Some("Sat, 31 Jan 2026 13:00:00 GMT"), expired));
        assert!(retried(Some("Sat, 31 Jan 2026 11:00:00 GMT"), expired));
        // The credentials have ended.
        assert!(!retried(Some("Sat, 31 Jan 2026 12:00:07 GMT"), expired));
        assert!(!retried(None, expired));
        assert!(!retried(Some("noonish"), expired));
        let denied = "<Response><Errors><Error><Code>Denied</Code></Error></Errors>";
        assert!(!retried(Some("Sat, 31 Jan 2026 13:00:00 GMT"), denied));
    }
}

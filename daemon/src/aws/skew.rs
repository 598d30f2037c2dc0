//! A machine whose clock is wrong, or has just been set.
//!
//! The SDK reads AWS's time off every answer and signs by it from then on. It tries a
//! refused request again only if this machine's clock is wrong at that moment, and only
//! on some codes: not after a clock was set right, and not on the code of EC2, which
//! credentials that have ended get as well. Here the time that the request was signed
//! with is held against the time of its answer, and the end of credentials, which AWS
//! tells by its own clock, is told by this machine's.

use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    InterceptorContext,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::date_time::Format;

/// With less than this, requests are not refused for their time: what the SDK
/// itself goes by.
const NOTABLE: Duration = Duration::from_secs(4 * 60);

/// Has a request tried again that was refused for its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Skew;

/// When a request was signed, by its own word.
#[derive(Clone, Copy, Debug)]
struct SignedAt(SystemTime);

impl Storable for SignedAt {
    type Storer = StoreReplace<Self>;
}

/// On an answer whose request was signed with another time than AWS has.
#[derive(Clone, Copy, Debug)]
struct OutOfTime;

impl Intercept for Skew {
    fn name(&self) -> &'static str {
        "Skew"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.request().headers().get("x-amz-date");
        if let Some(time) = date.and_then(signed_at) {
            cfg.interceptor_state().store_put(SignedAt(time));
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response_mut();
        if let Some(SignedAt(signed)) = cfg.load::<SignedAt>()
            && is_out_of_time(*signed, answer)
        {
            answer.add_extension(OutOfTime);
        }
        Ok(())
    }
}

impl ClassifyRetry for Skew {
    /// A refusal has no other cause that could be seen before this one is mended.
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(answer) if answer.extension::<OutOfTime>().is_some() => {
                RetryAction::server_error()
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "Skew"
    }
}

/// Whether this is a refusal, and AWS's time then was far from the one of the request.
fn is_out_of_time(signed: SystemTime, answer: &HttpResponse) -> bool {
    let is_refusal = (400..500).contains(&answer.status().as_u16());
    is_refusal && answered_at(answer).is_some_and(|theirs| apart(theirs, signed) > NOTABLE)
}

/// Of the form of Signature Version 4, `20260131T120000Z`.
fn signed_at(text: &str) -> Option<SystemTime> {
    let (date, time) = text.split_once('T')?;
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..)?);
    let (hour, minute, rest) = (time.get(..2)?, time.get(2..4)?, time.get(4..)?);
    let time = format!("{year}-{month}-{day}T{hour}:{minute}:{rest}");
    let time = DateTime::from_str(&time, Format::DateTime).ok()?;
    SystemTime::try_from(time).ok()
}

/// AWS's time when it answered.
pub(crate) fn answered_at(answer: &HttpResponse) -> Option<SystemTime> {
    let date = answer.headers().get("date")?;
    let date = DateTime::from_str(date, Format::HttpDate).ok()?;
    SystemTime::try_from(date).ok()
}

/// A moment of AWS's clock by ours, which showed `ours` when theirs showed `theirs`. As
/// it is where the two agree but for what a request may be off.
pub(crate) fn by_our_clock(
    moment: SystemTime,
    (theirs, ours): (SystemTime, SystemTime),
) -> SystemTime {
    if apart(theirs, ours) <= NOTABLE {
        return moment;
    }
    match moment.duration_since(theirs) {
        Ok(left) => ours + left,
        Err(past) => ours - past.duration(),
    }
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    let ahead = one.duration_since(other);
    ahead.unwrap_or_else(|behind| behind.duration())
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn is_retried(status: u16, date: Option<&'static str>) -> bool {
        let signed = signed_at("20260131T120000Z").expect("a time");
        let status = status.try_into().expect("a status");
        let mut answer = HttpResponse::new(status, SdkBody::empty());
        if let Some(date) = date {
            answer.headers_mut().insert("date", date);
        }
        is_out_of_time(signed, &answer)
    }

    #[test]
    fn only_a_refusal_whose_time_is_far_from_its_request_is_tried_again() {
        for status in [400, 401, 403] {
            assert!(is_retried(status, Some("Sat, 31 Jan 2026 13:00:00 GMT")));
            assert!(is_retried(status, Some("Sat, 31 Jan 2026 11:00:00 GMT")));
            // It has another reason, such as credentials that have ended.
            assert!(!is_retried(status, Some("Sat, 31 Jan 2026 12:00:07 GMT")));
            assert!(!is_retried(status, None));
            assert!(!is_retried(status, Some("noonish")));
        }
        assert!(!is_retried(200, Some("Sat, 31 Jan 2026 13:00:00 GMT")));
    }

    #[test]
    fn a_moment_of_aws_is_as_far_off_by_our_clock() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let hour = 3600;
        for (theirs, ours) in [(10 * hour, 9 * hour), (10 * hour, 11 * hour)] {
            let met = (at(theirs), at(ours));
            assert_eq!(by_our_clock(at(theirs + hour), met), at(ours + hour));
            assert_eq!(by_our_clock(at(theirs - 5), met), at(ours - 5));
        }
        // Half a minute is no other clock, but the way of an answer.
        let met = (at(10 * hour), at(10 * hour + 30));
        assert_eq!(by_our_clock(at(11 * hour), met), at(11 * hour));
    }

    #[test]
    fn a_request_says_when_it_was_signed() {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_860_800);
        assert_eq!(signed_at("20260131T120000Z"), Some(noon));
        assert_eq!(signed_at("2026-01-31T12:00:00Z"), None);
        assert_eq!(signed_at(""), None);
    }
}

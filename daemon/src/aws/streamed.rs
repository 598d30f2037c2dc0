//! Answers that are read while they arrive.
//!
//! The SDK collects an answer, reads all of it into its own types, and hands those
//! on: of a page of 1,000 instances that took 100 ms and ten times the memory of
//! what is kept. Here the bytes go through a [`Projection`] as they come, and the
//! SDK is shown an empty answer in their place. Signing, endpoints, retries, time
//! limits and refusals stay the SDK's: an answer that breaks off fails the attempt,
//! and one that is no success is left alone.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use bytes::Bytes;
use http_body::{Body, Frame};

use super::{ApiError, ErrorClass};

/// Why an answer cannot be read, in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl Unreadable {
    /// Because of this.
    #[must_use]
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Makes something of an answer, piece by piece.
pub trait Projection: Send + Sync + Unpin + 'static {
    /// What it makes.
    type Output: Send + 'static;

    /// Reads the next bytes.
    ///
    /// # Errors
    ///
    /// They are not what the service would say.
    fn read(&mut self, piece: &[u8]) -> Result<(), Unreadable>;

    /// The answer is all there.
    ///
    /// # Errors
    ///
    /// It is not, or holds less than it must.
    fn end(self) -> Result<Self::Output, Unreadable>;
}

/// Bytes of an answer whose body the SDK did not see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received(Arc<AtomicUsize>);

impl Received {
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Storable for Received {
    type Storer = StoreReplace<Self>;
}

type Outcome<T> = Arc<Mutex<Option<Result<T, Unreadable>>>>;

/// Reads the answer of one call; clones read the same one.
pub(super) struct Streamed<P: Projection> {
    begin: Arc<dyn Fn() -> P + Send + Sync>,
    /// What an answer that is read looks like to the SDK.
    empty: &'static str,
    outcome: Outcome<P::Output>,
}

impl<P: Projection> Streamed<P> {
    /// Every attempt's answer is read by what `begin` makes.
    pub(super) fn new(empty: &'static str, begin: impl Fn() -> P + Send + Sync + 'static) -> Self {
        Self {
            begin: Arc::new(begin),
            empty,
            outcome: Arc::default(),
        }
    }

    /// What was made of the answer of a call that succeeded.
    pub(super) fn output(&self) -> Option<P::Output> {
        lock(&self.outcome).take().and_then(Result::ok)
    }

    /// Says why the answer could not be read, if that is what failed.
    pub(super) fn explain(&self, mut error: ApiError) -> ApiError {
        if let (ErrorClass::Nonsense, Some(Err(reason))) = (error.class, &*lock(&self.outcome)) {
            error.message = format!("the body cannot be read: {reason}");
        }
        error
    }
}

impl<P: Projection> Clone for Streamed<P> {
    fn clone(&self) -> Self {
        Self {
            begin: Arc::clone(&self.begin),
            empty: self.empty,
            outcome: Arc::clone(&self.outcome),
        }
    }
}

impl<P: Projection> fmt::Debug for Streamed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").finish_non_exhaustive()
    }
}

impl<P: Projection> Intercept for Streamed<P> {
    fn name(&self) -> &'static str {
        "Streamed"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        *lock(&self.outcome) = None;
        if !response.status().is_success() {
            // Of an earlier attempt.
            cfg.interceptor_state().unset::<Received>();
            return Ok(());
        }
        let received = Received::default();
        cfg.interceptor_state().store_put(received.clone());
        let body = std::mem::replace(response.body_mut(), SdkBody::taken());
        *response.body_mut() = SdkBody::from_body_1_x(ReadBody {
            body,
            stage: Stage::Reading((self.begin)()),
            empty: self.empty,
            outcome: Arc::clone(&self.outcome),
            received,
        });
        Ok(())
    }
}

/// A body that is read as it is polled, and then says what the SDK is to see.
struct ReadBody<P: Projection> {
    body: SdkBody,
    stage: Stage<P>,
    empty: &'static str,
    outcome: Outcome<P::Output>,
    received: Received,
}

enum Stage<P> {
    Reading(P),
    /// The SDK has been told how it went.
    Told,
}

impl<P: Projection> ReadBody<P> {
    /// Reads the next bytes, or with `None` the end. The answer is what the SDK
    /// is to see, once that is known.
    fn take(&mut self, piece: Option<&Bytes>) -> Option<Bytes> {
        let Stage::Reading(mut projection) = std::mem::replace(&mut self.stage, Stage::Told) else {
            return None;
        };
        let outcome = match piece {
            Some(piece) => {
                self.received.0.fetch_add(piece.len(), Ordering::Relaxed);
                let Err(reason) = projection.read(piece) else {
                    self.stage = Stage::Reading(projection);
                    return None;
                };
                Err(reason)
            }
            None => projection.end(),
        };
        let seen = match &outcome {
            Ok(_) => self.empty,
            // Whatever the SDK would not take for an answer either.
            Err(_) => "unreadable",
        };
        *lock(&self.outcome) = Some(outcome);
        Some(Bytes::from_static(seen.as_bytes()))
    }
}

impl<P: Projection> Body for ReadBody<P> {
    type Data = Bytes;
    type Error = aws_smithy_types::body::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        while let Stage::Reading(_) = self.stage {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()?;
            let seen = match &frame {
                Some(frame) => match frame.data_ref() {
                    Some(piece) => self.take(Some(piece)),
                    None => continue,
                },
                None => self.take(None),
            };
            if let Some(seen) = seen {
                return Poll::Ready(Some(Ok(Frame::data(seen))));
            }
        }
        Poll::Ready(None)
    }
}

/// A panic elsewhere leaves the value whole: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A call on a store, without the types of its result: how a policy that is run as a value reaches the
//! stores of `resil-stores`, which this crate does not know.
//!
//! A store that implements [`CallStore`] begins a call with the values of the user in boxes. The boxes are
//! opened again where the types are known.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::any_codec::{CodecFns, InAnyCodec, StoredCodec};
use super::codec::{Recordable, RecordableError};
use super::key::{PreparedFingerprint, PreparedKey};
use super::policy::IdempotentPolicy;
use super::site::SiteOf;
use crate::call::{CallState, Outcome};
use crate::error::Refusal;

/// A value or an error of the user, in a box.
pub type AnyValue = Box<dyn Any + Send>;

/// The outcome of a call whose types are not known.
pub type AnyOutcome = Outcome<AnyValue, AnyValue, Refusal>;

/// A store with its settings, that calls with a key can be made on: the `Shared` of `resil-stores`.
pub trait CallStore: Any + Send + Sync {
    /// Begins a call. Nothing is claimed before it is polled.
    fn begin<'a>(&self, call: KeyedBegin<'a, '_>) -> Box<dyn StoredRun + 'a>;
}

impl fmt::Debug for dyn CallStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallStore").finish_non_exhaustive()
    }
}

/// What a call on a store begins with.
#[derive(Debug)]
pub struct KeyedBegin<'a, 's> {
    /// The site, which gives the scope of the key.
    pub site: SiteOf<'s>,
    /// The settings.
    pub policy: &'a IdempotentPolicy,
    /// The key.
    pub key: PreparedKey,
    /// What has to be equal when the key comes again.
    pub fingerprint: Option<PreparedFingerprint>,
    /// The codec of the result.
    pub codec: StoredCodec<AnyValue, AnyValue>,
    /// The state of the call.
    pub state: &'a CallState,
}

/// A call on a store: it claims the key, runs what is inside, and records the outcome.
pub trait StoredRun: Send {
    /// Polls the claim, and then `inside` under it. When this is ready, `inside` has been cut.
    fn poll(&mut self, inside: &mut dyn Inside, cx: &mut Context<'_>) -> Poll<AnyOutcome>;
}

/// The layers and the body under a claim.
pub trait Inside {
    /// Polls them.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<AnyOutcome>;

    /// Drops them where they stand.
    fn cut(&mut self);
}

/// Returns the codec of `T` in a box, and of no errors.
pub(crate) fn any_values<T: Recordable + Send + 'static>() -> StoredCodec<AnyValue, AnyValue> {
    StoredCodec {
        ok: || CodecFns {
            encode: |value, codec, limit| {
                (T::fns::<InAnyCodec>().encode)(seen::<T>(value), codec, limit)
            },
            decode: |bytes, codec| {
                let value = (T::fns::<InAnyCodec>().decode)(bytes, codec)?;
                Some(Box::new(value))
            },
        },
        err: None,
    }
}

/// Returns the codec of [`any_values`], and of errors of type `E` too.
pub(crate) fn any_values_and_errors<T, E>() -> StoredCodec<AnyValue, AnyValue>
where
    T: Recordable + Send + 'static,
    E: RecordableError + Send + 'static,
{
    StoredCodec {
        err: Some(|| CodecFns {
            encode: |error, codec, limit| {
                (E::fns::<InAnyCodec>().encode)(seen::<E>(error), codec, limit)
            },
            decode: |bytes, codec| {
                let error = (E::fns::<InAnyCodec>().decode)(bytes, codec)?;
                Some(Box::new(error))
            },
        }),
        ..any_values::<T>()
    }
}

/// Returns what is in a box of this call.
fn seen<V: 'static>(any: &AnyValue) -> &V {
    match any.downcast_ref() {
        Some(value) => value,
        None => unreachable!("the boxes of a call hold its own types"),
    }
}

/// Takes out what is in a box of this call.
fn opened<V: 'static>(any: AnyValue) -> V {
    match any.downcast() {
        Ok(value) => *value,
        Err(_) => unreachable!("the boxes of a call hold its own types"),
    }
}

pin_project! {
    /// A call on a store, with the types of its result.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct OnStore<'a, F> {
        // The first field, so that it is dropped before the claim: when the claim is abandoned, no body may
        // still be there.
        #[pin]
        inside: Option<F>,
        run: Box<dyn StoredRun + 'a>,
    }
}

/// Makes the call on `store`.
pub(crate) fn on_store<'a, F>(
    store: &Arc<dyn CallStore>,
    call: KeyedBegin<'a, '_>,
    inside: F,
) -> OnStore<'a, F> {
    OnStore {
        inside: Some(inside),
        run: store.begin(call),
    }
}

impl<F, T, E> Future for OnStore<'_, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
    T: Send + 'static,
    E: Send + 'static,
{
    type Output = Outcome<T, E, Refusal>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut inside = Boxing(this.inside);
        Poll::Ready(match ready!(this.run.poll(&mut inside, cx)) {
            Ok(value) => Ok(opened(value)),
            Err(failure) => Err(failure.map(opened)),
        })
    }
}

/// Puts the outcome of a future into boxes.
struct Boxing<'p, F>(Pin<&'p mut Option<F>>);

impl<F, T, E> Inside for Boxing<'_, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
    T: Send + 'static,
    E: Send + 'static,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<AnyOutcome> {
        let Some(inside) = self.0.as_mut().as_pin_mut() else {
            unreachable!("an idempotent call was polled again after it had answered")
        };
        Poll::Ready(match ready!(inside.poll(cx)) {
            Ok(value) => Ok(Box::new(value)),
            Err(failure) => Err(failure.map(|error| -> AnyValue { Box::new(error) })),
        })
    }

    fn cut(&mut self) {
        self.0.set(None);
    }
}

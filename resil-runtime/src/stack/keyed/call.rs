//! One call with a key, and what it says beside the key.

use std::fmt::{self, Display};
#[cfg(feature = "store")]
use std::sync::Arc;

use super::run::{Asked, Under, run};
use super::weigh::{ErrorsForgotten, ErrorsStored, ForgetsOk, Matching, OksRecorded, StoresErrors};
use crate::error::Error;
#[cfg(feature = "store")]
use crate::idempotency::call_store::CallStore;
use crate::idempotency::key::PreparedFingerprint;
use crate::idempotency::{CallKey, KeyPart, Recordable};

/// One call with a key that says more than its key: made by
/// [`IdempotentPolicy::keyed`](crate::idempotency::IdempotentPolicy::keyed) and by
/// [`KeyedStack::keyed`](super::KeyedStack::keyed).
///
/// ```
/// use resil_runtime::idempotency::IdempotentPolicy;
///
/// # #[derive(serde::Serialize)]
/// # struct Order { id: u32, cents: u64 }
/// # async fn pay(order: &Order) -> Result<String, resil_runtime::Error> { Ok(order.id.to_string()) }
/// const ONCE: IdempotentPolicy = IdempotentPolicy::new().name("charge");
///
/// # async fn charge(order: &Order) -> Result<String, resil_runtime::Error> {
/// // As `#[idempotent(key = order.id, fingerprint = order)]`.
/// ONCE.keyed(order.id).fingerprint(order).run(|| pay(order)).await
/// # }
/// ```
#[must_use = "it does nothing until it is run"]
pub struct KeyedRun<S, O = OksRecorded, R = ErrorsForgotten> {
    source: S,
    asked: Asked,
    oks: O,
    errors: R,
}

impl<S, O, R> fmt::Debug for KeyedRun<S, O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRun").finish_non_exhaustive()
    }
}

impl<S> KeyedRun<S> {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "users write `(user, order.id)`"
    )]
    pub(super) fn new(source: S, key: impl CallKey) -> Self {
        Self {
            source,
            asked: Asked {
                key: key.prepare(),
                fingerprint: None,
                #[cfg(feature = "store")]
                store: None,
            },
            oks: OksRecorded(()),
            errors: ErrorsForgotten(()),
        }
    }
}

impl<S, O, R> KeyedRun<S, O, R> {
    /// Sets the value that has to be equal when the key comes again, as `fingerprint = value` of the attribute
    /// does. With another one the call gets
    /// [`KeyReused`](crate::idempotency::IdempotencyError::KeyReused), and nothing runs. Default none.
    pub fn fingerprint<V: KeyPart + ?Sized>(mut self, value: &V) -> Self {
        self.asked.fingerprint = Some(PreparedFingerprint::of(value));
        self
    }

    /// Sets the store of this call, as `store = EXPR` of the attribute does: a `Shared`. Default the one that
    /// the policy names, or else the one of the process.
    #[cfg(feature = "store")]
    pub fn on(mut self, store: &(impl CallStore + Clone)) -> Self {
        self.asked.store = Some(Arc::new(store.clone()));
        self
    }

    /// Sets which values are not recorded and free the key, as `forget_ok(PATTERN)` of the attribute does.
    /// Default none.
    pub fn forget_ok<T, F: Fn(&T) -> bool>(self, forgets: F) -> KeyedRun<S, Matching<F>, R> {
        self.weighed(|_, errors| (Matching(forgets), errors))
    }

    /// Records and replays all errors, as `errors = store` of the attribute does. They are then
    /// `Serialize + DeserializeOwned`. By default an error frees the key.
    pub fn store_errors(self) -> KeyedRun<S, O, ErrorsStored> {
        self.weighed(|oks, _| (oks, ErrorsStored(())))
    }

    /// Records and replays the errors for which `stores` returns `true`, as `errors = store(PATTERN)` of the
    /// attribute does.
    pub fn store_errors_if<E, F: Fn(&E) -> bool>(self, stores: F) -> KeyedRun<S, O, Matching<F>> {
        self.weighed(|oks, _| (oks, Matching(stores)))
    }

    fn weighed<O2, R2>(self, weighed: impl FnOnce(O, R) -> (O2, R2)) -> KeyedRun<S, O2, R2> {
        let (oks, errors) = weighed(self.oks, self.errors);
        KeyedRun {
            source: self.source,
            asked: self.asked,
            oks,
            errors,
        }
    }

    /// Claims the key and calls `closure`, or replays what was recorded.
    pub(super) fn start<F, Fut, T, E>(self, closure: F) -> impl Future<Output = Result<T, E>>
    where
        S: Under,
        O: ForgetsOk<T>,
        R: StoresErrors<E>,
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        T: Recordable + Send + 'static,
        E: From<Error> + Display + Send + 'static,
    {
        run(self.source, self.asked, (self.oks, self.errors), closure)
    }
}

//! `run` of [`IdempotentPolicy`] by itself.

use std::fmt::Display;
use std::panic::Location;

use super::call::KeyedRun;
use super::run::Under;
use super::value::KeyedStack;
use super::weigh::{ForgetsOk, StoresErrors};
use crate::error::Error;
use crate::idempotency::{CallKey, IdempotentPolicy, Recordable};
use crate::stack::checks;
use crate::stack::layer::Layer;
use crate::stack::outline::{NONE, Shape};
use crate::stack::place::state_of;
use crate::stack::state::State;
use crate::stack::value::Stack;

impl IdempotentPolicy {
    /// Sets the scope of the keys, where this policy is run as a value. All attributes and policies that give
    /// one name share its keys. Default the place in the source at which `run` is called, or the name of the
    /// [`Stack`].
    ///
    /// On a store that outlives the process a call without a name is refused with
    /// [`Unnamed`](crate::idempotency::IdempotencyError::Unnamed). An attribute has `name = ".."` for it.
    ///
    /// # Panics
    ///
    /// If `name` is not 1 to 128 of `A-Z a-z 0-9 _ . : -`. In a `const` that is an error at compile time.
    pub const fn name(mut self, name: &'static str) -> Self {
        if let Some(fault) = checks::name(name) {
            fault.panic();
        }
        self.name = Some(name);
        self
    }

    /// Calls `closure` once for each `key`, however often this is called, and returns the outcome: that of the
    /// closure, or the one that was recorded.
    ///
    /// The key is a reference to a value, or a tuple of several: see [`CallKey`]. It is encoded at once;
    /// nothing is claimed before the first poll. [`keyed`](Self::keyed) begins a call that says more: a
    /// fingerprint, a store, and which outcomes are recorded.
    ///
    /// ```
    /// use resil_runtime::idempotency::IdempotentPolicy;
    ///
    /// # async fn pay(order: u32) -> Result<String, resil_runtime::Error> { Ok(order.to_string()) }
    /// const ONCE: IdempotentPolicy = IdempotentPolicy::new();
    ///
    /// # async fn charge(order: u32) -> Result<String, resil_runtime::Error> {
    /// ONCE.run(&order, || pay(order)).await
    /// # }
    /// ```
    ///
    /// Without a [`name`](Self::name) the keys belong to the place in the source at which `run` is called;
    /// events and errors show it as `src/pay.rs:12:5`. The closure may hold other policies that are run as
    /// values. Their refusals and cut attempts are then the closure's own errors, which free the key. In a
    /// [`KeyedStack`], made by [`around`](Self::around), they are what they are under the attributes.
    ///
    /// # Errors
    ///
    /// The error of the closure, untouched; one that was recorded; or `E::from(resil::Error)` with an
    /// [`IdempotencyError`](crate::idempotency::IdempotencyError).
    ///
    /// # Cancellation
    ///
    /// Dropped, the call gives its claim back: it is released before the closure was called, and abandoned
    /// later, as that of an annotated function is.
    ///
    /// # Panics
    ///
    /// If it has to wait outside a tokio runtime with the time driver. A panic of the closure goes through, and
    /// abandons the claim.
    #[track_caller]
    pub fn run<K, F, Fut, T, E>(
        &self,
        key: K,
        closure: F,
    ) -> impl Future<Output = Result<T, E>> + use<K, F, Fut, T, E>
    where
        K: CallKey,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        T: Recordable + Send + 'static,
        E: From<Error> + Display + Send + 'static,
    {
        self.keyed(key).run(closure)
    }

    /// Begins a call that says more than its key.
    #[track_caller]
    pub fn keyed(&self, key: impl CallKey) -> KeyedRun<Alone> {
        KeyedRun::new(Alone::new(*self, Location::caller()), key)
    }

    /// Puts this policy around all layers of `stack`, as the outermost: the usual place.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resil_runtime::Stack;
    /// use resil_runtime::idempotency::IdempotentPolicy;
    /// use resil_runtime::retry::RetryPolicy;
    /// use resil_runtime::stack::KeyedStack;
    ///
    /// # async fn charge_once(order: u32) -> Result<String, resil_runtime::Error> { Ok(order.to_string()) }
    /// const ONCE: IdempotentPolicy = IdempotentPolicy::new();
    ///
    /// static PAY: KeyedStack = ONCE.around(
    ///     Stack::new("pay").retry(RetryPolicy::new()).timeout(Duration::from_secs(1)),
    /// );
    ///
    /// # async fn charge(order: u32) -> Result<String, resil_runtime::Error> {
    /// PAY.run(&order, || charge_once(order)).await
    /// # }
    /// ```
    pub const fn around(self, stack: Stack) -> KeyedStack {
        KeyedStack::new(self, stack)
    }
}

impl<O, R> KeyedRun<Alone, O, R> {
    /// Calls `closure` once for the key, as [`IdempotentPolicy::run`] does.
    pub fn run<F, Fut, T, E>(
        self,
        closure: F,
    ) -> impl Future<Output = Result<T, E>> + use<O, R, F, Fut, T, E>
    where
        O: ForgetsOk<T>,
        R: StoresErrors<E>,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        T: Recordable + Send + 'static,
        E: From<Error> + Display + Send + 'static,
    {
        let mut closure = Some(closure);
        self.start(move || match closure.take() {
            Some(closure) => closure(),
            None => unreachable!("nothing under the claim runs it again"),
        })
    }
}

/// An [`IdempotentPolicy`] by itself, and the place in the source at which it is run.
#[derive(Debug)]
pub struct Alone {
    policy: IdempotentPolicy,
    shape: Shape<[Layer; 0]>,
    place: &'static Location<'static>,
}

impl Alone {
    fn new(policy: IdempotentPolicy, place: &'static Location<'static>) -> Self {
        Self {
            policy,
            shape: Shape::empty(NONE),
            place,
        }
    }
}

impl Under for Alone {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn state(&self) -> &'static State {
        state_of(self.place)
    }

    fn policy(&self) -> &IdempotentPolicy {
        &self.policy
    }

    fn name(&self) -> Option<&'static str> {
        None
    }
}

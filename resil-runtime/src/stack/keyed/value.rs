//! A stack under a claim.

use std::fmt::Display;

use super::call::KeyedRun;
use super::run::Under;
use super::weigh::{ForgetsOk, StoresErrors};
use crate::error::Error;
use crate::idempotency::{CallKey, IdempotentPolicy, Recordable};
use crate::stack::layer::Layer;
use crate::stack::outline::Shape;
use crate::stack::state::State;
use crate::stack::value::Stack;

/// A [`Stack`] with an [`IdempotentPolicy`] around all of its layers, made by
/// [`IdempotentPolicy::around`]: what `#[idempotent]` is above the other attributes. Each call has a key.
///
/// One claim is held around all attempts, and a replay touches no layer below. If a timeout of the stack has cut
/// an attempt and the call ends with an error, the claim is abandoned. If the stack refuses the call before the
/// closure ran, the claim is released.
///
/// The keys belong to the name of the stack, unless the policy [has one](IdempotentPolicy::name): attributes
/// with `name = "pay"` share those of `Stack::new("pay")`. Past
/// [`MAX_BY_HAND`](crate::registry::MAX_BY_HAND) names, the stacks that share one state share their keys too.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct KeyedStack {
    policy: IdempotentPolicy,
    stack: Stack,
}

impl KeyedStack {
    pub(super) const fn new(policy: IdempotentPolicy, stack: Stack) -> Self {
        Self { policy, stack }
    }

    /// Returns the name.
    pub const fn name(&self) -> &'static str {
        self.stack.name()
    }

    /// Returns the layers under the claim, outermost first.
    pub fn layers(&self) -> &[Layer] {
        self.stack.layers()
    }

    /// Returns the policy around them.
    pub const fn policy(&self) -> IdempotentPolicy {
        self.policy
    }

    /// Calls `closure` under the layers, once for each `key`, and returns the outcome: that of the layers, or
    /// the one that was recorded.
    ///
    /// What is said of [`Stack::run`] holds for the closure, and of [`IdempotentPolicy::run`] for the key,
    /// errors and cancellation.
    pub fn run<K, F, Fut, T, E>(
        &self,
        key: K,
        closure: F,
    ) -> impl Future<Output = Result<T, E>> + use<'_, K, F, Fut, T, E>
    where
        K: CallKey,
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        T: Recordable + Send + 'static,
        E: From<Error> + Display + Send + 'static,
    {
        self.keyed(key).run(closure)
    }

    /// Begins a call that says more than its key.
    pub fn keyed(&self, key: impl CallKey) -> KeyedRun<&Self> {
        KeyedRun::new(self, key)
    }
}

impl<'s, O, R> KeyedRun<&'s KeyedStack, O, R> {
    /// Calls `closure` under the layers, once for the key, as [`KeyedStack::run`] does.
    pub fn run<F, Fut, T, E>(
        self,
        closure: F,
    ) -> impl Future<Output = Result<T, E>> + use<'s, O, R, F, Fut, T, E>
    where
        O: ForgetsOk<T>,
        R: StoresErrors<E>,
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        T: Recordable + Send + 'static,
        E: From<Error> + Display + Send + 'static,
    {
        self.start(closure)
    }
}

impl Under for &KeyedStack {
    fn shape(&self) -> &Shape {
        self.stack.shape()
    }

    fn state(&self) -> &'static State {
        self.stack.state()
    }

    fn policy(&self) -> &IdempotentPolicy {
        &self.policy
    }

    fn name(&self) -> Option<&'static str> {
        Some(self.stack.name())
    }
}

//! `run` of a policy by itself.

use std::fmt::Display;
use std::panic::Location;

use super::layer::Layer;
use super::outline::Shape;
use super::place::state_of;
use super::run::{Source, run, run_mut};
use super::state::State;
use crate::bulkhead::BulkheadPolicy;
use crate::call::FromResil;
use crate::circuit::CircuitPolicy;
use crate::error::{Error, Refusal};
use crate::rate_limit::RateLimitPolicy;
use crate::retry::RetryPolicy;
use crate::timeout::TimeoutPolicy;

/// Writes `run` and `run_mut` of a policy that can refuse a call.
macro_rules! run_alone {
    ($($policy:ident: $layer:ident, $state:literal;)*) => {$(
        impl $policy {
            /// Calls `closure` under this policy alone, and returns the outcome.
            ///
            #[doc = $state]
            /// For a state with a name, write a [`Stack`](crate::Stack) of this one policy. Its
            /// [`run`](crate::Stack::run) says the rest about closures and errors.
            #[track_caller]
            pub fn run<F, Fut, T, E>(
                &self,
                closure: F,
            ) -> impl Future<Output = Result<T, E>> + use<F, Fut, T, E>
            where
                F: FnMut() -> Fut,
                Fut: Future<Output = Result<T, E>>,
                E: From<Error> + Display + 'static,
            {
                run(One::new(Layer::$layer(*self)), closure)
            }

            /// Calls `closure` as [`run`](Self::run) does, where its future borrows from the closure.
            #[track_caller]
            pub fn run_mut<F, T, E>(
                &self,
                closure: F,
            ) -> impl Future<Output = Result<T, E>> + use<F, T, E>
            where
                F: AsyncFnMut() -> Result<T, E>,
                E: From<Error> + Display + 'static,
            {
                run_mut(One::new(Layer::$layer(*self)), closure)
            }
        }
    )*};
}

run_alone! {
    CircuitPolicy: Circuit,
        "The breaker belongs to the place in the source at which `run` is called, and is listed as \
         `src/pay.rs:12:5`.";
    TimeoutPolicy: Timeout, "Events show it by the place in the source, `src/pay.rs:12:5`.";
    BulkheadPolicy: Bulkhead,
        "The bulkhead belongs to the place in the source at which `run` is called, and is listed as \
         `src/pay.rs:12:5`.";
    RateLimitPolicy: RateLimit,
        "The rate limit belongs to the place in the source at which `run` is called, and is listed as \
         `src/pay.rs:12:5`.";
}

impl RetryPolicy {
    /// Calls `closure` under this policy alone, and returns the outcome.
    ///
    /// The budget belongs to the place in the source at which `run` is called; events show it as
    /// `src/pay.rs:12:5`. For a state with a name, write a [`Stack`](crate::Stack) of this one policy. Its
    /// [`run`](crate::Stack::run) says the rest about closures and errors. A retry refuses nothing, so the
    /// error needs no `From<resil::Error>`.
    ///
    /// ```
    /// use resil_runtime::retry::RetryPolicy;
    ///
    /// const STANDARD: RetryPolicy = RetryPolicy::new().max(4);
    ///
    /// # async fn get(url: &str) -> std::io::Result<String> { Ok(url.to_owned()) }
    /// # async fn example(url: &str) -> std::io::Result<String> {
    /// STANDARD.run(|| get(url)).await
    /// # }
    /// ```
    #[track_caller]
    pub fn run<F, Fut, T, E>(
        &self,
        closure: F,
    ) -> impl Future<Output = Result<T, E>> + use<F, Fut, T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Display + 'static,
    {
        run(Harmless(One::new(Layer::Retry(*self))), closure)
    }

    /// Calls `closure` as [`run`](Self::run) does, where its future borrows from the closure.
    #[track_caller]
    pub fn run_mut<F, T, E>(&self, closure: F) -> impl Future<Output = Result<T, E>> + use<F, T, E>
    where
        F: AsyncFnMut() -> Result<T, E>,
        E: Display + 'static,
    {
        run_mut(Harmless(One::new(Layer::Retry(*self))), closure)
    }
}

/// One policy, and the place in the source at which it is run.
struct One {
    shape: Shape<[Layer; 1]>,
    place: &'static Location<'static>,
}

impl One {
    #[track_caller]
    fn new(policy: Layer) -> Self {
        let mut shape = Shape::empty(policy);
        shape.push(policy);
        Self {
            shape,
            place: Location::caller(),
        }
    }

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn state(&self) -> &'static State {
        state_of(self.place)
    }
}

impl<E: From<Error>> Source<E> for One {
    fn shape(&self) -> &Shape {
        self.shape()
    }

    fn state(&self) -> &'static State {
        self.state()
    }

    fn refuse(refusal: Refusal) -> E {
        E::from_resil(refusal)
    }
}

/// A policy that refuses nothing.
struct Harmless(One);

impl<E> Source<E> for Harmless {
    const CAN_REFUSE: bool = false;

    fn shape(&self) -> &Shape {
        self.0.shape()
    }

    fn state(&self) -> &'static State {
        self.0.state()
    }

    fn refuse(_: Refusal) -> E {
        unreachable!("a retry refuses nothing")
    }
}

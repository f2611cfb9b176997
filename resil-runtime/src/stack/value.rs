//! A stack of policies as a value.

use std::fmt::{self, Display};
use std::sync::OnceLock;
use std::time::Duration;

use super::checks;
use super::fault::{Fault, StackError};
use super::layer::{Layer, MAX_LAYERS};
use super::outline::{NONE, Shape};
use super::run::{Source, run, run_mut};
use super::state::State;
use crate::bulkhead::BulkheadPolicy;
use crate::call::FromResil;
use crate::circuit::CircuitPolicy;
use crate::error::{Error, Refusal};
#[cfg(feature = "hedge")]
use crate::hedge::HedgePolicy;
use crate::rate_limit::RateLimitPolicy;
use crate::retry::RetryPolicy;
use crate::timeout::TimeoutPolicy;

/// A stack of policies as a value, for code that can't be annotated, or that doesn't know its upstreams
/// when it is compiled.
///
/// The layers stand in written order, the outermost first, as attributes do. What each one does is what
/// its attribute does: both run over one implementation.
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::Stack;
/// use resil_runtime::circuit::CircuitPolicy;
/// use resil_runtime::retry::RetryPolicy;
///
/// const CIRCUIT: CircuitPolicy = CircuitPolicy::new().failures(5);
/// const STANDARD: RetryPolicy = RetryPolicy::new().max(4);
///
/// static PAY: Stack = Stack::new("pay")
///     .circuit(CIRCUIT)
///     .retry(STANDARD)
///     .timeout(Duration::from_secs(1));
///
/// # async fn charge_once(order: &u32) -> Result<u32, resil_runtime::Error> { Ok(*order) }
/// # async fn charge(order: u32) -> Result<u32, resil_runtime::Error> {
/// let receipt = PAY.run(|| charge_once(&order)).await?;
/// # Ok(receipt)
/// # }
/// ```
///
/// # State
///
/// All state belongs to the name. The breaker, the bulkhead and the rate limit are those of that name,
/// which attributes with `name = "pay"` share, and [`breaker`](crate::breaker()) and its like return. The
/// retry budget is shared by all stacks of the name. So a second stack with the same name, a clone, or one
/// that is built again from a new configuration goes on where the first one was; if it has other settings
/// for what is in use, that is a [conflict](crate::registry::Registry::conflicts), and the first ones
/// stay in use.
///
/// Write a `static` where you can: it looks its state up once. A `const` is a new value wherever it is
/// named, and looks it up in each call, under a short lock. Past
/// [`MAX_BY_HAND`](crate::registry::MAX_BY_HAND) names, new ones share one state.
///
/// # Checks
///
/// The methods that add a layer check it against those before it by the rules of the attributes, and
/// panic where a rule is broken: in a `static` or a `const` the compiler reports it. [`try_new`] returns an
/// error, with the numbers, for a stack that is put together at run time.
///
/// ```compile_fail
/// use std::time::Duration;
/// use resil_runtime::Stack;
///
/// // "this `timeout` never fires: the one around it ends no later"
/// static ORDER: Stack = Stack::new("order")
///     .timeout(Duration::from_secs(1))
///     .timeout(Duration::from_secs(2));
/// # fn main() {}
/// ```
///
/// There are at most 8 layers, at most 4 of them timeouts; the third and the fourth timeout cost an
/// allocation a call.
///
/// # What the error decides
///
/// As under attributes without patterns: transient and throttled errors are retried and count as failures,
/// permanent ones don't, and an error without a class is retried and counts. The class is found by the
/// type of the error at run time: it is known for [`Error`] and `std::io::Error`, for types with
/// `#[derive(Classify)]` and those that [`register`](crate::classify::register()) was called for, for what
/// a `Box<dyn Error>` holds, and behind the features of their names for the errors of other crates,
/// `anyhow` and `eyre` among them. Call `register` for a written `impl Classify`: by itself it is not
/// found here.
///
/// [`try_new`]: Self::try_new
#[must_use]
pub struct Stack {
    name: &'static str,
    pub(super) shape: Shape<[Layer; MAX_LAYERS]>,
    state: OnceLock<&'static State>,
}

impl Stack {
    /// Creates a stack without layers, which runs what it is given.
    ///
    /// # Panics
    ///
    /// If `name` is not 1 to 128 of `A-Z a-z 0-9 _ . : -`. In a `const` or a `static` that is an error at
    /// compile time, and so are all panics of the methods below.
    pub const fn new(name: &'static str) -> Self {
        if let Some(fault) = checks::name(name) {
            fault.panic();
        }
        Self {
            name,
            shape: Shape::empty(NONE),
            state: OnceLock::new(),
        }
    }

    /// Creates a stack of these layers, outermost first, with a name that is known at run time.
    ///
    /// # Errors
    ///
    /// Says which rule a layer breaks, in the words of the attributes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resil_runtime::{Stack, TimeoutPolicy, stack::Layer};
    ///
    /// let limit = |secs| Layer::from(TimeoutPolicy::new(Duration::from_secs(secs)));
    /// let error = Stack::try_new("search", [limit(1), limit(2)]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "this `timeout` of `2s` never fires: the one around it ends at `1s`\n\
    ///      help: write less than `1s`, or move it above the other"
    /// );
    /// ```
    pub fn try_new(
        name: &str,
        layers: impl IntoIterator<Item = Layer>,
    ) -> Result<Self, StackError> {
        if let Some(fault) = checks::name(name) {
            return Err(StackError::new(fault));
        }
        let state = State::named(name);
        let mut stack = Self {
            // That of the state, which is kept; another one past the bound on names.
            name: state.site.function(),
            shape: Shape::empty(NONE),
            state: OnceLock::from(state),
        };
        for layer in layers {
            if let Some(fault) = stack.add(layer) {
                return Err(StackError::new(fault));
            }
        }
        Ok(stack)
    }

    /// Adds a circuit breaker, that of the stack's name, inside the layers so far.
    pub const fn circuit(self, policy: CircuitPolicy) -> Self {
        self.with(Layer::Circuit(policy))
    }

    /// Adds a retry inside the layers so far.
    pub const fn retry(self, policy: RetryPolicy) -> Self {
        self.with(Layer::Retry(policy))
    }

    /// Adds a timeout inside the layers so far. It may stand several times: above a retry it bounds the
    /// whole call, below it each attempt.
    pub const fn timeout(self, limit: Duration) -> Self {
        self.with(Layer::Timeout(TimeoutPolicy::new(limit)))
    }

    /// Adds a bulkhead, that of the stack's name, inside the layers so far.
    pub const fn bulkhead(self, policy: BulkheadPolicy) -> Self {
        self.with(Layer::Bulkhead(policy))
    }

    /// Adds a rate limit, that of the stack's name, inside the layers so far. Each call weighs 1.
    pub const fn rate_limit(self, policy: RateLimitPolicy) -> Self {
        self.with(Layer::RateLimit(policy))
    }

    /// Adds a hedge inside the layers so far: its copies each go through the layers inside it.
    #[cfg(feature = "hedge")]
    pub const fn hedge(self, policy: HedgePolicy) -> Self {
        self.with(Layer::Hedge(policy))
    }

    const fn with(mut self, layer: Layer) -> Self {
        if let Some(fault) = self.add(layer) {
            fault.panic();
        }
        self
    }

    /// Adds a layer, or returns the rule that it breaks.
    const fn add(&mut self, layer: Layer) -> Option<Fault> {
        let (around, _) = self.shape.places.split_at(self.shape.len);
        let fault = checks::layer(around, &layer);
        if fault.is_none() {
            self.shape.push(layer);
        }
        fault
    }

    /// Returns the name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the layers, outermost first.
    pub fn layers(&self) -> &[Layer] {
        let shape: &Shape = &self.shape;
        shape.layers()
    }

    /// Calls `closure` under the layers, and returns the outcome.
    ///
    /// The closure returns a future that may borrow from outside, though not from the closure itself
    /// ([`run_mut`](Self::run_mut) is for that). It is called for each attempt, on a thread that polls
    /// the call, and never before the first poll. The future of the call is `Send` where the closure and
    /// its futures are.
    ///
    /// # Errors
    ///
    /// The error of the last attempt, untouched, or a refusal of a layer as `E::from(resil::Error)`.
    ///
    /// # Cancellation
    ///
    /// Dropped, the call gives back what its layers hold, as that of an annotated function does.
    ///
    /// # Panics
    ///
    /// If it has to wait (a timeout, a pause, a queue) outside a tokio runtime with the time driver. A
    /// panic of the closure goes through, and counts as a failure of the circuit.
    pub fn run<F, Fut, T, E>(&self, closure: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<Error> + Display + 'static,
    {
        run(self, closure)
    }

    /// Calls `closure` under the layers, as [`run`](Self::run) does, where its future borrows from the
    /// closure: an async closure that changes what it has captured.
    ///
    /// # Panics
    ///
    /// If a hedge is among the layers: its copies can't all borrow from one closure.
    ///
    /// ```
    /// # use resil_runtime::{Error, Stack, retry::RetryPolicy};
    /// # async fn send(number: u32) -> Result<(), Error> { Ok(()) }
    /// # async fn example() -> Result<(), Error> {
    /// static MAIL: Stack = Stack::new("mail").retry(RetryPolicy::new());
    ///
    /// let mut attempts = 0;
    /// MAIL.run_mut(async || {
    ///     attempts += 1;
    ///     send(attempts).await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_mut<F, T, E>(&self, closure: F) -> impl Future<Output = Result<T, E>>
    where
        F: AsyncFnMut() -> Result<T, E>,
        E: From<Error> + Display + 'static,
    {
        run_mut(self, closure)
    }

    /// Returns the layers with their outline.
    #[cfg(feature = "idempotent")]
    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Returns the layers of this stack that `is_kept` keeps, under the name and over the state of this one.
    #[cfg(feature = "edge")]
    pub(super) fn of(&self, is_kept: impl FnMut(&&Layer) -> bool) -> Self {
        let mut stack = Self {
            shape: Shape::empty(NONE),
            ..self.clone()
        };
        for layer in self.layers().iter().filter(is_kept) {
            stack.shape.push(*layer);
        }
        stack
    }

    #[inline(always)]
    pub(super) fn state(&self) -> &'static State {
        match self.state.get() {
            Some(state) => state,
            None => self.find_state(),
        }
    }

    #[cold]
    #[inline(never)]
    fn find_state(&self) -> &'static State {
        self.state.get_or_init(|| State::named(self.name))
    }
}

impl<E: From<Error>> Source<E> for &Stack {
    #[inline(always)]
    fn shape(&self) -> &Shape {
        &self.shape
    }

    #[inline(always)]
    fn state(&self) -> &'static State {
        Stack::state(self)
    }

    fn refuse(refusal: Refusal) -> E {
        E::from_resil(refusal)
    }
}

/// The clone has the same name, and so the same state.
impl Clone for Stack {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            ..*self
        }
    }
}

impl PartialEq for Stack {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.layers()) == (other.name, other.layers())
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("name", &self.name)
            .field("layers", &self.layers())
            .finish_non_exhaustive()
    }
}

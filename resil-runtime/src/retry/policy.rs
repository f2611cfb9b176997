//! The settings of a retry: the const builder that `#[retry(..)]` expands to.

use std::time::Duration;

/// The growth of the delay from one retry to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Strategy {
    /// Every delay is `base`.
    Constant,
    /// The delay before retry `n` is `base · n`.
    Linear,
    /// The delay before retry `n` is `base · factorⁿ⁻¹`.
    Exponential,
    /// The delay before retry `n` is `base · fib(n)`, where fib = 1, 1, 2, 3, 5, ..
    Fibonacci,
    /// The delays of this list; the last one repeats. `base`, `factor` and `cap` have no effect.
    Delays(&'static [Duration]),
}

/// How a delay `d` is spread at random, so that calls that failed together do not all come back at
/// the same moment. `U(a, b)` is a random number between `a` and `b`. Source: "Exponential Backoff
/// And Jitter", AWS Architecture Blog, 2015.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Jitter {
    /// The delay is `d`.
    None,
    /// The delay is `U(0, d)`.
    Full,
    /// The delay is `d/2 + U(0, d/2)`.
    Equal,
    /// The delay is `U(base, 3 · previous delay)`. It has no effect on delays that are given: those of
    /// [`Strategy::Delays`], or of a [`Backoff`](super::Backoff).
    Decorrelated,
    /// The delay is `d · (1 ± ratio)`. The ratio is clamped to 0 to 1; a value that is not finite
    /// means 0.
    Ratio(f64),
}

/// The settings of a retry budget: a bound on the retries of one function, or of all functions that
/// name the budget, as a whole.
///
/// The budget is a token bucket, as in the standard retry mode of the AWS SDKs. A retry takes
/// `cost` tokens, a success after retries gives the last cost back, and a success at the first
/// attempt gives one token back. An empty bucket means no retry: while most calls fail, retries
/// only add to the load. Besides, [`refill`](Self::refill) tokens a second come back with time, so
/// that a bucket that is rarely used does not stay empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetPolicy {
    pub(crate) capacity: u32,
    pub(crate) cost: u32,
    pub(crate) refill: u32,
}

impl BudgetPolicy {
    /// 500 tokens, of which a retry takes 5: the numbers of the AWS SDKs. One token a second comes
    /// back.
    pub const DEFAULT: Self = Self::new(500, 5);

    /// Creates the settings of a bucket of `capacity` tokens, of which a retry takes `cost`. One
    /// token a second comes back. If `cost` is above `capacity`, no retry is ever paid for.
    pub const fn new(capacity: u32, cost: u32) -> Self {
        Self {
            capacity,
            cost,
            refill: 1,
        }
    }

    /// Sets how many tokens come back per second, up to the capacity; 0 means none. Default: 1.
    ///
    /// The clock is read when a retry is about to be paid for, and at no other time. With one token
    /// a second, an empty default bucket pays for a retry every five seconds, and is full again
    /// after little more than eight minutes without one.
    #[must_use]
    pub const fn refill(mut self, tokens: u32) -> Self {
        self.refill = tokens;
        self
    }
}

/// The settings of a retry.
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::retry::{Jitter, RetryPolicy};
///
/// const POLICY: RetryPolicy = RetryPolicy::new()
///     .max(5)
///     .base(Duration::from_millis(50))
///     .jitter(Jitter::Equal);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct RetryPolicy {
    pub(crate) strategy: Strategy,
    pub(crate) max: Option<u32>,
    /// Whether `max` was written out.
    pub(crate) max_is_given: bool,
    pub(crate) base: Duration,
    pub(crate) factor: f64,
    pub(crate) cap: Duration,
    pub(crate) jitter: Option<Jitter>,
    pub(crate) within: Option<Duration>,
    pub(crate) budget: Option<BudgetPolicy>,
    /// Whether the numbers of `budget` were written out. Defaults leave the numbers of a named
    /// budget to the functions that write some.
    pub(crate) budget_is_given: bool,
    pub(crate) nested_outer: bool,
    /// The budget that the attribute has, once settings from outside stand in the place of its own.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) as_written: Option<BudgetAsWritten>,
}

/// The budget of a retry as the attribute has it, if it has one.
#[cfg(all(feature = "control", not(loom)))]
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BudgetAsWritten(pub(crate) Option<BudgetPolicy>);

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// The default settings, for generated code: compiled once, and not for each annotated function.
pub const DEFAULT_RETRY: &RetryPolicy = &RetryPolicy::new();

impl RetryPolicy {
    /// Creates the default settings: three attempts in all, exponential back-off from 100 ms by 2
    /// up to 20 s, full jitter, and a budget of 500 tokens.
    pub const fn new() -> Self {
        Self {
            strategy: Strategy::Exponential,
            max: Some(3),
            max_is_given: false,
            base: Duration::from_millis(100),
            factor: 2.0,
            cap: Duration::from_secs(20),
            jitter: None,
            within: None,
            budget: Some(BudgetPolicy::DEFAULT),
            budget_is_given: false,
            nested_outer: false,
            #[cfg(all(feature = "control", not(loom)))]
            as_written: None,
        }
    }

    /// The settings of a retry that is switched off: one attempt, and no event of it.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) const OFF: Self = Self {
        // No builder sets it.
        max: Some(0),
        budget: None,
        within: None,
        ..Self::new()
    };

    /// Returns the budget as the attribute has it, whatever is set from outside.
    #[cfg(any(feature = "catalog", feature = "metrics"))]
    pub(super) fn budget_as_written(&self) -> Option<BudgetPolicy> {
        #[cfg(all(feature = "control", not(loom)))]
        if let Some(BudgetAsWritten(written)) = self.as_written {
            return written;
        }
        self.budget
    }

    /// Returns whether the retry is switched off.
    pub(super) const fn is_off(&self) -> bool {
        cfg!(feature = "control") && matches!(self.max, Some(0))
    }

    /// Sets how the delay grows. Default: exponential.
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets how many attempts are made in all, the first one included; 0 is replaced by 1. Default:
    /// 3.
    pub const fn max(mut self, attempts: u32) -> Self {
        self.max = Some(if attempts == 0 { 1 } else { attempts });
        self.max_is_given = true;
        self
    }

    /// Removes the bound on the number of attempts. Time (`within`, a deadline) and the budget
    /// still bound them.
    pub const fn unlimited(mut self) -> Self {
        self.max = None;
        self.max_is_given = true;
        self
    }

    /// Sets the first delay. Default: 100 ms.
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the factor of the exponential strategy; a value below 1, or NaN, is replaced by 1.
    /// Default: 2.
    pub const fn factor(mut self, factor: f64) -> Self {
        self.factor = if factor >= 1.0 { factor } else { 1.0 };
        self
    }

    /// Sets the longest delay, jitter included. Default: 20 s.
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Sets how delays are spread. Default: full jitter, and none for [`Strategy::Delays`].
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = Some(jitter);
        self
    }

    /// Bounds the time of all attempts and delays together. It is checked before each delay, and
    /// does not interrupt an attempt that is running. Default: no bound.
    pub const fn within(mut self, within: Duration) -> Self {
        self.within = Some(within);
        self
    }

    /// Sets the retry budget. Default: [`BudgetPolicy::DEFAULT`].
    pub const fn budget(mut self, budget: BudgetPolicy) -> Self {
        self.budget = Some(budget);
        self.budget_is_given = true;
        self
    }

    /// Sets [`BudgetPolicy::DEFAULT`] unless there is a budget. Generated code calls it for a named
    /// budget beside a `policy`.
    #[doc(hidden)]
    pub const fn with_budget(mut self) -> Self {
        if self.budget.is_none() {
            self.budget = Some(BudgetPolicy::DEFAULT);
            self.budget_is_given = false;
        }
        self
    }

    /// Removes the budget: only `max` and time then bound the retries while everything fails.
    pub const fn no_budget(mut self) -> Self {
        self.budget = None;
        self
    }

    /// Leaves retrying to the outer function if this one is called within an attempt of another
    /// function's retry. Default: both retry.
    pub const fn nested_outer(mut self) -> Self {
        self.nested_outer = true;
        self
    }
}

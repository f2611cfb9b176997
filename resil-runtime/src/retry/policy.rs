//! The settings of a retry: a const builder, what `#[retry(..)]` expands to.

use std::time::Duration;

/// How the delay grows from one retry to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Strategy {
    /// `base`, always.
    Constant,
    /// `base · n`.
    Linear,
    /// `base · factorⁿ⁻¹`.
    Exponential,
    /// `base · fib(n)`, fib = 1, 1, 2, 3, 5, ..
    Fibonacci,
    /// These delays; the last one repeats. `base`, `factor` and `cap` have no part in it.
    Delays(&'static [Duration]),
}

/// How a delay `d` is spread at random, so that those who failed together do not come back
/// together. Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Jitter {
    /// `d` itself.
    None,
    /// U(0, d).
    Full,
    /// d/2 + U(0, d/2).
    Equal,
    /// U(base, 3 · previous delay).
    Decorrelated,
    /// d · (1 ± ratio).
    Ratio(f64),
}

/// What bounds the retries of a site, or of all sites that share a name, as a whole.
///
/// A token bucket as the AWS SDKs' standard retry mode has it: a retry takes `cost` tokens, a
/// success after retries gives the last cost back, a success at first try gives one. An empty
/// bucket means no retry: while most calls fail, retries only add to the load. Beside that, time
/// gives [`refill`](Self::refill) tokens a second, so that a bucket that is rarely used does not stay
/// empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetPolicy {
    pub(crate) capacity: u32,
    pub(crate) cost: u32,
    pub(crate) refill: u32,
}

impl BudgetPolicy {
    /// 500 tokens, a retry costs 5: the figures of the AWS SDKs; and one token a second comes back.
    pub const DEFAULT: Self = Self::new(500, 5);

    /// A bucket of `capacity` tokens of which a retry takes `cost`, and time gives back one a second.
    pub const fn new(capacity: u32, cost: u32) -> Self {
        Self {
            capacity,
            cost,
            refill: 1,
        }
    }

    /// Sets how many tokens time gives back a second, up to the capacity; 0: none. Default: 1.
    ///
    /// The clock is read when a retry is about to be paid for, and at no other time. On one token a
    /// second, an empty default bucket pays for a retry every five seconds, and is full again after
    /// little more than eight minutes without one.
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
    pub(crate) base: Duration,
    pub(crate) factor: f64,
    pub(crate) cap: Duration,
    pub(crate) jitter: Option<Jitter>,
    pub(crate) within: Option<Duration>,
    pub(crate) budget: Option<BudgetPolicy>,
    /// The numbers of `budget` were given: to a named budget, those of the default are none.
    pub(crate) budget_is_given: bool,
    pub(crate) nested_outer: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryPolicy {
    /// Three runs in all, exponential from 100 ms by 2 up to 20 s, full jitter, a budget of 500.
    pub const fn new() -> Self {
        Self {
            strategy: Strategy::Exponential,
            max: Some(3),
            base: Duration::from_millis(100),
            factor: 2.0,
            cap: Duration::from_secs(20),
            jitter: None,
            within: None,
            budget: Some(BudgetPolicy::DEFAULT),
            budget_is_given: false,
            nested_outer: false,
        }
    }

    /// How the delay grows. Default: exponential.
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// How often the body may run in all, the first run included; 0 is taken as 1. Default: 3.
    pub const fn max(mut self, runs: u32) -> Self {
        self.max = Some(if runs == 0 { 1 } else { runs });
        self
    }

    /// No bound on the number of runs: time (`within`, a deadline) and the budget bound them.
    pub const fn unlimited(mut self) -> Self {
        self.max = None;
        self
    }

    /// The first delay. Default: 100 ms.
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The growth of the exponential strategy; below 1 (or NaN) is taken as 1. Default: 2.
    pub const fn factor(mut self, factor: f64) -> Self {
        self.factor = if factor >= 1.0 { factor } else { 1.0 };
        self
    }

    /// No delay is longer, jitter included. Default: 20 s.
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// How delays are spread. Default: full, and none for [`Strategy::Delays`].
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = Some(jitter);
        self
    }

    /// All attempts and delays together; looked at before each delay. Default: no bound.
    pub const fn within(mut self, within: Duration) -> Self {
        self.within = Some(within);
        self
    }

    /// The token bucket of the site. Default: [`BudgetPolicy::DEFAULT`].
    pub const fn budget(mut self, budget: BudgetPolicy) -> Self {
        self.budget = Some(budget);
        self.budget_is_given = true;
        self
    }

    /// The budget that it has, or [`BudgetPolicy::DEFAULT`] where it has none: what a named budget
    /// beside a `policy` asks for.
    #[doc(hidden)]
    pub const fn with_budget(mut self) -> Self {
        if self.budget.is_none() {
            self.budget = Some(BudgetPolicy::DEFAULT);
            self.budget_is_given = false;
        }
        self
    }

    /// No budget: nothing but `max` and time bounds the retries of a storm.
    pub const fn no_budget(mut self) -> Self {
        self.budget = None;
        self
    }

    /// Under another function's retry, leave retrying to that one. Default: both retry.
    pub const fn nested_outer(mut self) -> Self {
        self.nested_outer = true;
        self
    }
}

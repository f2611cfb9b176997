//! The options of `#[retry]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
pub(crate) use resil_language::tables::retry::SPEC;

use super::budget::Budget;
use crate::parse::{Const, Pattern};

/// The runtime's defaults: LANGUAGE.md, section 3.
pub(super) const DEFAULT_MAX: u32 = 3;
pub(super) const DEFAULT_BASE: Duration = Duration::from_millis(100);
pub(super) const DEFAULT_FACTOR: f64 = 2.0;
pub(super) const DEFAULT_CAP: Duration = Duration::from_secs(20);

#[expect(
    clippy::struct_field_names,
    reason = "`retry_after` is what the option is called"
)]
pub(crate) struct Retry {
    pub(crate) span: Span,
    pub(crate) strategy: Strategy,
    pub(crate) max: Option<Max>,
    pub(crate) base: Option<Const<Duration>>,
    pub(crate) factor: Option<Const<f64>>,
    pub(crate) cap: Option<Const<Duration>>,
    pub(crate) jitter: Option<Jitter>,
    pub(crate) delays: Option<Vec<Const<Duration>>>,
    pub(crate) backoff: Option<TokenStream>,
    pub(crate) within: Option<Const<Duration>>,
    pub(crate) on: Option<Pattern>,
    pub(crate) unless: Option<Pattern>,
    pub(crate) on_ok: Option<Pattern>,
    pub(crate) retry_after: Option<TokenStream>,
    /// Whether `backoff` or `retry_after` may name an argument of the function.
    pub(super) asks_arguments: bool,
    pub(crate) clone: Vec<Ident>,
    /// The name that the number of the attempt has in the body.
    pub(crate) attempt: Option<Ident>,
    pub(crate) budget: Option<Budget>,
    pub(crate) nested_outer: bool,
    /// The user's `RetryPolicy`, from which the other options depart.
    pub(crate) policy: Option<Const<()>>,
    /// Where the options are written, for the rules between them.
    pub(super) written: Written,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Constant,
    Linear,
    Exponential,
    Fibonacci,
}

impl Strategy {
    pub(super) const ALL: [(&'static str, Self); 4] = [
        ("constant", Self::Constant),
        ("linear", Self::Linear),
        ("exponential", Self::Exponential),
        ("fibonacci", Self::Fibonacci),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Max {
    Count(Const<u32>),
    Unlimited(Span),
}

#[derive(Clone, Debug)]
pub(crate) enum Jitter {
    Full,
    Equal,
    Decorrelated,
    None,
    Ratio(Const<f64>),
}

/// The places of the options that the rules are about. An option with a faulty value counts as
/// written: a rule must not take the default in its place.
#[derive(Default)]
pub(super) struct Written {
    pub(super) strategy: Option<Span>,
    pub(super) max: Option<Span>,
    pub(super) base: Option<Span>,
    pub(super) factor: Option<Span>,
    pub(super) cap: Option<Span>,
    pub(super) jitter: Option<Span>,
    pub(super) delays: Option<Span>,
    pub(super) backoff: Option<Span>,
    pub(super) within: Option<Span>,
    pub(super) budget: Option<Span>,
    /// Whether `policy` is written. Then an option that is not written is not its default, but
    /// unknown.
    pub(super) policy: bool,
}

impl Retry {
    /// Returns the strategy's word, if it is written.
    pub(super) fn written_strategy(&self) -> Option<&'static str> {
        self.written.strategy.map(|_| self.strategy.name())
    }

    /// Returns the number of attempts, if it is known and limited.
    pub(super) fn runs(&self) -> Option<u32> {
        match &self.max {
            Some(Max::Count(count)) => count.literal().copied(),
            Some(Max::Unlimited(_)) => None,
            None if self.written.max.is_some() || self.written.policy => None,
            None => Some(DEFAULT_MAX),
        }
    }

    /// Whether the body may run more than once: not with a literal `max = 1`.
    pub(super) fn runs_again(&self) -> bool {
        !matches!(&self.max, Some(Max::Count(c)) if c.literal() == Some(&1))
    }
}

//! The options of `#[hedge]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
pub(crate) use resil_language::tables::hedge::{PERCENTILE_NAMES, SPEC};

use crate::facts::{Copies, Facts, OnlyAsync};
use crate::parse::{Const, Pattern};

pub(super) const NAME: &str = "hedge";

/// The runtime's default: LANGUAGE.md, section 12.
pub(super) const DEFAULT_MAX: u32 = 2;
pub(super) const MOST_COPIES: u32 = 16;

pub(crate) struct Hedge {
    pub(crate) span: Span,
    /// `None` if the policy has it, or after a fault.
    pub(crate) after: Option<After>,
    pub(crate) max: Option<Const<u32>>,
    pub(crate) budget: Option<Budget>,
    pub(crate) on: Option<Pattern>,
    pub(crate) unless: Option<Pattern>,
    pub(crate) clone: Vec<Ident>,
    /// The user's `HedgePolicy`, from which the other options depart.
    pub(crate) policy: Option<Const<()>>,
    /// Whether `max` is written, and whether `policy` is. An option with a faulty value counts as
    /// written.
    pub(super) max_written: bool,
    pub(super) policy_written: bool,
}

/// The delay before each further copy.
#[derive(Clone, Debug)]
pub(crate) enum After {
    Delay(Const<Duration>),
    Percentile {
        percent: f64,
        /// `p95`, as it is written.
        name: String,
        default: Option<Const<Duration>>,
        tokens: TokenStream,
    },
}

impl After {
    /// Returns the delay as it is written.
    pub(super) fn tokens(&self) -> &TokenStream {
        match self {
            Self::Delay(delay) => delay.tokens(),
            Self::Percentile { tokens, .. } => tokens,
        }
    }

    /// Returns the delay if it is a literal, and no percentile.
    pub(super) fn literal(&self) -> Option<Duration> {
        match self {
            Self::Delay(delay) => delay.literal().copied(),
            Self::Percentile { .. } => None,
        }
    }

    /// Returns the option that says how long the delay is, and its value. A percentile is known once calls
    /// have succeeded, and its `default` before.
    fn known(&self) -> Option<(&'static str, &Const<Duration>)> {
        match self {
            Self::Delay(delay) => Some(("after", delay)),
            Self::Percentile { default, .. } => Some(("default", default.as_ref()?)),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Budget {
    Off,
    Ratio(Const<f64>),
}

impl Hedge {
    /// Returns the number of copies, if it is known.
    pub(super) fn copies(&self) -> Option<u32> {
        match &self.max {
            Some(max) => max.literal().copied(),
            None if self.max_written || self.policy_written => None,
            None => Some(DEFAULT_MAX),
        }
    }
}

/// Returns the facts of a hedge, also of one whose `after` has a fault.
pub(super) fn facts(hedge: &Hedge) -> Facts {
    let after = hedge.after.as_ref().and_then(After::known);
    let copies = Copies {
        max: hedge.copies(),
        max_tokens: hedge
            .max
            .as_ref()
            .map(ToTokens::to_token_stream)
            .unwrap_or_default(),
        after: after.and_then(|(option, delay)| Some((option, *delay.literal()?))),
        after_tokens: after
            .map(|(_, delay)| delay.tokens().clone())
            .unwrap_or_default(),
    };
    Facts {
        copies: Some(copies),
        needs_call_state: true,
        clones: hedge.clone.clone(),
        classifies: hedge.classifies(),
        only_async: Some(OnlyAsync {
            span: hedge.span,
            why: "nothing can interrupt a thread whose copy has lost",
            instead: " with `tokio::task::spawn_blocking(..)` around the code that blocks, or ask \
                      `resil::Deadline::current()` in the body",
        }),
        ..Facts::new(NAME, hedge.span)
    }
}

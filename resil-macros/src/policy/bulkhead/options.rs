//! The options of `#[bulkhead]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
pub(crate) use resil_language::tables::bulkhead::SPEC;
use syn::LitStr;

use super::adaptive::Adaptive;
use crate::parse::Const;

pub(crate) struct Bulkhead {
    pub(crate) span: Span,
    pub(crate) name: Option<LitStr>,
    pub(crate) max: Option<Const<u32>>,
    pub(crate) queue: Option<Const<u32>>,
    pub(crate) wait: Option<Const<Duration>>,
    pub(crate) adaptive: Option<Adaptive>,
    pub(crate) key: Option<TokenStream>,
    pub(crate) max_keys: Option<Const<u32>>,
    /// The user's `BulkheadPolicy`, from which the other options depart.
    pub(crate) policy: Option<Const<()>>,
    pub(super) written: Written,
}

/// The places of the options that the rules are about. An option with a faulty value counts as
/// written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) name: bool,
    pub(super) key: bool,
    /// Whether `policy` is written. Then an option that is not written is not its default, but
    /// unknown.
    pub(super) policy: bool,
    pub(super) max: Option<Span>,
    pub(super) queue: Option<Span>,
    pub(super) wait: Option<Span>,
    pub(super) adaptive: Option<Span>,
    pub(super) max_keys: Option<Span>,
}

impl Bulkhead {
    /// Whether a call may wait for a place, as far as the options tell: the settings may be those of a
    /// policy, or of another function that gives the name.
    pub(super) fn may_wait(&self) -> bool {
        match &self.queue {
            Some(queue) => queue.literal() != Some(&0),
            None => self.policy.is_some() || self.has_name_alone(),
        }
    }

    /// Whether the limit may be learned from the calls.
    pub(super) fn learns(&self) -> bool {
        self.adaptive.is_some()
            || self.max.is_none() && (self.policy.is_some() || self.has_name_alone())
    }

    /// Whether the settings are those of the others that give the name.
    fn has_name_alone(&self) -> bool {
        self.name.is_some() && self.policy.is_none() && self.settings().is_empty()
    }
}

//! The options of `#[rate_limit]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
pub(crate) use resil_language::tables::rate_limit::SPEC;
use syn::LitStr;

use super::on_outage::OnOutage;
use crate::emit::{Setting, SettingCode, not_zero};
use crate::parse::Const;
use crate::policy::store::Store;

pub(crate) struct RateLimit {
    pub(crate) span: Span,
    pub(crate) max: Option<Const<u32>>,
    pub(crate) per: Option<Const<Duration>>,
    pub(crate) burst: Option<Const<u32>>,
    pub(crate) wait: Option<Const<Duration>>,
    pub(crate) cost: Option<Cost>,
    pub(crate) name: Option<LitStr>,
    pub(crate) key: Option<TokenStream>,
    pub(crate) max_keys: Option<Const<u32>>,
    pub(crate) store: Option<Store>,
    pub(crate) on_outage: Option<OnOutage>,
    /// The user's `RateLimitPolicy`, from which the other options depart.
    pub(crate) policy: Option<Const<()>>,
    pub(super) written: Written,
}

/// The weight of a call.
pub(crate) struct Cost {
    /// `None` where it is no literal.
    pub(crate) literal: Option<u32>,
    pub(crate) tokens: TokenStream,
}

/// The places of the options that the rules are about. An option with a faulty value counts as written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) max: Option<Span>,
    pub(super) per: Option<Span>,
    pub(super) burst: Option<Span>,
    pub(super) wait: Option<Span>,
    pub(super) max_keys: Option<Span>,
    pub(super) on_outage: Option<Span>,
    pub(super) store: Option<Span>,
    pub(super) name: bool,
    pub(super) key: bool,
    /// Whether `policy` is written. Then an option that is not written is not its default, but unknown.
    pub(super) policy: bool,
}

impl RateLimit {
    /// Whether a call may wait for its turn, as far as the options tell: the settings may be those of a
    /// policy, or of another function that gives the name.
    pub(super) fn may_wait(&self) -> bool {
        self.wait.is_some() || self.policy.is_some() || self.settings().is_empty()
    }

    /// Returns the settings that are written.
    pub(super) fn settings(&self) -> Vec<Setting<'_>> {
        const ANY: (u32, u32) = (1, u32::MAX);
        [
            Setting::count("max", self.max.as_ref(), ANY, "at least 1"),
            Setting::duration("per", self.per.as_ref(), not_zero),
            Setting::count("burst", self.burst.as_ref(), ANY, "at least 1"),
            Setting::duration("wait", self.wait.as_ref(), not_zero),
            Setting::count("max_keys", self.max_keys.as_ref(), ANY, "at least 1"),
            Setting::other(
                "on_outage",
                self.on_outage.as_ref().map(|word| word as &dyn SettingCode),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

//! The options of `#[circuit]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
pub(crate) use resil_language::tables::circuit::SPEC;
use syn::LitStr;

use crate::parse::{Const, Pattern};

/// The runtime's defaults and bounds: LANGUAGE.md, section 5.
pub(super) const DEFAULT_WINDOW: u32 = 100;
pub(super) const DEFAULT_OPEN_FOR: Duration = Duration::from_secs(30);
pub(super) const MOST_CALLS: u32 = 10_000;
pub(super) const SHORTEST_WINDOW: Duration = Duration::from_millis(100);

pub(crate) struct Circuit {
    pub(crate) span: Span,
    pub(crate) name: Option<LitStr>,
    pub(crate) failures: Option<Const<u32>>,
    pub(crate) failure_rate: Option<Const<f64>>,
    pub(crate) window: Option<Window>,
    pub(crate) min_calls: Option<Const<u32>>,
    pub(crate) slow: Option<Const<Duration>>,
    pub(crate) slow_rate: Option<Const<f64>>,
    pub(crate) open_for: Option<Const<Duration>>,
    pub(crate) open_max: Option<Const<Duration>>,
    pub(crate) probes: Option<Const<u32>>,
    pub(crate) on: Option<Pattern>,
    pub(crate) ignore: Option<Pattern>,
    pub(crate) on_ok: Option<Pattern>,
    pub(crate) key: Option<TokenStream>,
    pub(crate) max_keys: Option<Const<u32>>,
    /// The user's `CircuitPolicy`, from which the other options depart.
    pub(crate) policy: Option<Const<()>>,
    pub(super) written: Written,
}

#[derive(Clone, Debug)]
pub(crate) enum Window {
    Calls(Const<u32>),
    Time(Const<Duration>),
    /// A const of either type. The tokens don't tell which, so it is never a `Literal`.
    Expr(Const<()>),
}

/// The places of the options that the rules are about. An option with a faulty value counts as
/// written.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one option: written or not"
)]
#[derive(Default)]
pub(super) struct Written {
    pub(super) rate: bool,
    pub(super) slow: bool,
    pub(super) key: bool,
    /// Whether `policy` is written. Then an option that is not written is not its default, but
    /// unknown.
    pub(super) policy: bool,
    pub(super) window: Option<Span>,
    pub(super) min_calls: Option<Span>,
    pub(super) slow_rate: Option<Span>,
    pub(super) open_for: Option<Span>,
    pub(super) max_keys: Option<Span>,
}

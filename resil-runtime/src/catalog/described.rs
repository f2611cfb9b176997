//! What generated code tells of an annotated function.

use std::time::Duration;

use crate::bulkhead::site::BulkheadSite;
use crate::call::Site;
use crate::circuit::site::CircuitSite;
#[cfg(feature = "hedge")]
use crate::hedge::site::HedgeSite;
use crate::rate_limit::site::RateLimitSite;
use crate::retry::site::RetrySite;

/// An annotated function, as generated code describes it.
#[derive(Debug)]
pub struct Described {
    /// The site.
    pub site: &'static Site,
    /// The source file.
    pub file: &'static str,
    /// The shared stack that was applied to the function; empty if there is none.
    pub shared_stack: &'static str,
    /// The sentence that says what decides about an error; empty if there is none.
    pub decided: &'static str,
    /// The sentence of the worst case.
    pub worst_case: &'static str,
    /// The attempts of the worst case; 0 if no literals tell it.
    pub attempts: u64,
    /// The times of the worst case, without and with longer delays that the failed side asks for.
    pub times: Option<(Duration, Duration)>,
    /// The layers, outermost first.
    pub layers: &'static [DescribedLayer],
}

/// One layer of an annotated function.
#[derive(Debug)]
pub struct DescribedLayer {
    /// The name of the attribute.
    pub policy: &'static str,
    /// The layer in words.
    pub words: &'static str,
    /// The options that are written, each with its value.
    pub settings: &'static [(&'static str, &'static str)],
    /// The state.
    pub state: DescribedState,
}

/// The static state of a layer.
#[derive(Debug, Clone, Copy)]
pub enum DescribedState {
    /// None that is shown.
    Nothing,
    /// A retry's: its budget.
    Retry(&'static RetrySite),
    /// A circuit's.
    Circuit(&'static CircuitSite),
    /// A bulkhead's.
    Bulkhead(&'static BulkheadSite),
    /// A rate limit's.
    RateLimit(&'static RateLimitSite),
    /// A hedge's: its budget.
    #[cfg(feature = "hedge")]
    Hedge(&'static HedgeSite),
}

/// The entry of an annotated function in the list that is made before `main` runs.
#[derive(Debug)]
pub struct Listed(pub &'static Described);

inventory::collect!(Listed);

/// Returns all annotated functions, in an order that depends on the linker.
pub(super) fn all() -> impl Iterator<Item = &'static Described> {
    inventory::iter::<Listed>.into_iter().map(|listed| listed.0)
}

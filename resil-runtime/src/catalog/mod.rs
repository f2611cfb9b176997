//! The catalog: every annotated function of the program, and every policy that was run as a value, with what
//! it promises and how it stands.
//!
//! Generated code submits a [`Described`](described::Described) for each function before `main` runs. The
//! rest is read when [`catalog()`](catalog()) is called: `collect` goes through the functions and the
//! values, `live` reads the state behind them, `defaults` and `values` fill in what no attribute says.
//! Nothing here knows how a call runs.

mod collect;
mod defaults;
pub(crate) mod described;
mod display;
mod entry;
mod live;
mod mermaid;
mod millis;
#[cfg(all(feature = "control", not(loom)))]
mod steered;
mod values;

pub use self::collect::catalog;
pub use self::entry::{
    Catalog, CatalogCall, CatalogEntry, CatalogKind, CatalogPolicy, CatalogSetting, Origin,
    WorstCase,
};
pub use self::live::{
    LiveBulkhead, LiveCircuit, LiveHedgeBudget, LiveRateLimit, LiveRetryBudget, LiveState,
};

//! What the catalog says of an annotated function, on its way from the docs to the expansion.

use std::time::Duration;

/// What the catalog says of an annotated function.
pub(crate) struct Described {
    /// The shared stack that was applied to it; empty if there is none.
    pub(crate) shared_stack: String,
    /// The sentence about the class of an error; empty if there is none.
    pub(crate) decided: String,
    pub(crate) worst_case: String,
    /// The number of attempts; 0 if no literals tell it.
    pub(crate) attempts: u64,
    pub(crate) times: Option<(Duration, Duration)>,
    /// Outermost first.
    pub(crate) layers: Vec<DescribedLayer>,
}

/// What it says of one layer.
pub(crate) struct DescribedLayer {
    pub(crate) policy: &'static str,
    pub(crate) words: String,
    pub(crate) settings: Vec<(String, String)>,
    /// The kind of its static state.
    pub(crate) live: Option<&'static str>,
}

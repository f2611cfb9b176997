//! The parts of a duration literal, and the faults that its checks find.

/// Why a literal is no duration, and the texts to write instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub what: String,
    pub write: Vec<String>,
}

/// One number with its unit: `30s` in `1m30s`.
pub(super) struct Part<'t> {
    pub(super) number: String,
    pub(super) unit: &'t str,
}

//! The parts of a duration literal, and the faults that its checks find.

/// Why a literal is no duration, and the texts to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) what: String,
    pub(crate) write: Vec<String>,
}

/// One number with its unit: `30s` in `1m30s`.
pub(crate) struct Part<'t> {
    pub(crate) number: String,
    pub(crate) unit: &'t str,
}

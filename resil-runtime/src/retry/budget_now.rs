//! A budget at one moment.

/// A budget at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BudgetNow {
    /// Its name, if it is shared by one.
    pub(crate) name: Option<&'static str>,
    /// The tokens that are left.
    pub(crate) tokens: u32,
    /// The tokens of a full bucket.
    pub(crate) capacity: u32,
}

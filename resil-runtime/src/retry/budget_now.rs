//! A budget at one moment.

/// A budget at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BudgetNow {
    /// Its name, if it is shared by one.
    pub(crate) name: Option<&'static str>,
    /// The tokens of a full bucket; `None` before a retry was to be paid for.
    pub(crate) capacity: Option<u32>,
    /// The tokens that are spent, without those that have come back since.
    pub(crate) spent: u32,
}

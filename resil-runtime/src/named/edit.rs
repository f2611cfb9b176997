//! Other settings in the place of those that a name has adopted.

/// Makes the settings of a state that take the place of those that were adopted, if others are to do so.
pub(crate) type Edit<P> = fn(Called, Option<&P>) -> Option<P>;

/// What a state is called in settings from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called {
    pub(crate) name: &'static str,
    /// The function that it belongs to, which has another name where each `Self` type has a state; the name
    /// itself for one that belongs to no function.
    pub(crate) function: &'static str,
}

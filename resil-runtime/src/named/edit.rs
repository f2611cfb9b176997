//! Other settings in the place of those that a name has adopted.

/// Makes the settings of a state that take the place of those that were adopted. It runs under the lock of the name's
/// edits: no user code may run in it.
pub(crate) type Edit<P> = fn(Called, Option<&P>) -> Edited<P>;

/// The settings of a state, and what is left to do.
pub(crate) struct Edited<P> {
    /// They take the place of those that were adopted; `None` if those hold.
    pub(crate) policy: Option<P>,
    /// It is called once the settings are in force, with no lock held.
    pub(crate) then: Box<dyn FnOnce()>,
}

/// What a state is called in settings from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called {
    pub(crate) name: &'static str,
    /// The function that it belongs to, which has another name where each `Self` type has a state; the name
    /// itself for one that belongs to no function.
    pub(crate) function: &'static str,
}

//! Other settings in the place of those that a name has adopted.

/// Makes the settings of a name that take the place of those that were adopted, if others are to do so.
pub(crate) type Edit<P> = fn(&str, Option<&P>) -> Option<P>;

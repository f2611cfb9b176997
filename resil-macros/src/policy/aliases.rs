//! Names of other libraries that several policies answer alike.

use crate::parse::{Alias, AliasTarget};

/// Names for a value in place of the error, for which there is no attribute.
pub(super) const FALLBACK: Alias = Alias {
    names: &["fallback", "fallback_method", "default", "recover"],
    target: AliasTarget::Advice(
        "write it where the function is called: `match charge(&order).await { Err(e) => .., ok => ok }`",
    ),
};

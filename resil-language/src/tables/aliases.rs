//! Names of other libraries that several policies answer alike.

use crate::table::{Alias, AliasTarget};

/// Names for a value in place of the error: an attribute of its own.
pub const FALLBACK: Alias = Alias {
    names: &["fallback", "fallback_method", "default", "recover"],
    target: AliasTarget::Advice(
        "write `#[fallback(|error| ..)]` above it: it is an attribute of its own",
    ),
};

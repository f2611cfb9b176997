//! The messages about options and values: those of the language, and those about tokens.

use proc_macro2::TokenStream;
pub(crate) use resil_language::messages::*;

use crate::tokens::shown;

/// A `crate = ..` that is no path.
pub(crate) fn no_crate_path(given: &TokenStream) -> String {
    help(
        format!(
            "`crate` takes the path of resil, but `{}` is none",
            shown(given)
        ),
        "write `crate = my_resil`, as the dependency is called here",
    )
}

//! Names of the user's that begin with an underscore.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;

/// Returns the attribute for a `let` that binds `name` or reads it, if the name begins with an underscore:
/// clippy asks at the user's token what such a name is for.
pub(crate) fn underscored(name: &Ident, at: Span) -> Option<TokenStream> {
    name.to_string().starts_with('_').then(|| {
        quote_spanned!(at=> #[allow(
            clippy::no_effect_underscore_binding,
            clippy::used_underscore_binding
        )])
    })
}

/// Returns the same for a `let` with this pattern.
pub(crate) fn underscored_pattern(pattern: &TokenStream, at: Span) -> Option<TokenStream> {
    pattern.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(name) => underscored(&name, at),
        _ => None,
    })
}

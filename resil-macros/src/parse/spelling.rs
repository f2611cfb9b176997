//! Guesses by spelling: constants begin with a capital.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use crate::tokens::open;

/// Whether the tokens are `const { .. }` and nothing else.
pub(crate) fn is_const_block(tokens: &TokenStream) -> bool {
    let mut trees = open(tokens.clone()).into_iter();
    matches!((trees.next(), trees.next(), trees.next()),
        (Some(TokenTree::Ident(word)), Some(TokenTree::Group(block)), None)
            if word == "const" && block.delimiter() == Delimiter::Brace)
}

/// Whether the tokens are `LIMIT` or any path to such a name: constants are written in capitals.
pub(crate) fn is_name_in_capitals(tokens: &TokenStream) -> bool {
    let Ok(path) = syn::parse2::<syn::ExprPath>(open(tokens.clone())) else {
        return false;
    };
    path.path
        .segments
        .last()
        .is_some_and(|last| in_capitals(&last.ident))
}

fn in_capitals(ident: &Ident) -> bool {
    let name = ident.to_string();
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}

/// Whether the name is that of a constant or a unit variant, as far as the spelling tells.
pub(crate) fn is_constant_name(name: &syn::PatIdent) -> bool {
    name.by_ref.is_none()
        && name.mutability.is_none()
        && name.subpat.is_none()
        && name.ident.to_string().starts_with(char::is_uppercase)
}

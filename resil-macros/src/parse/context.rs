//! The context in which an attribute is read: everything besides its own arguments.

use proc_macro2::{Ident, TokenStream, TokenTree};

use super::table::Spec;
use crate::diag::Diag;
use crate::tokens::mentions;

/// The function as far as the values of an attribute may refer to it, and the sink for faults.
pub(crate) struct ParseContext<'a> {
    pub(crate) diag: &'a Diag,
    /// The tables of all attributes, so that an option on the wrong attribute is sent to the right
    /// one.
    pub(crate) attributes: &'a [&'static Spec],
    /// The names that the function's parameters bind.
    pub(crate) params: &'a [Ident],
    /// Whether the function is known: not in a shared stack, where any name may be an argument.
    pub(crate) knows_function: bool,
    /// The function's type and const parameters.
    pub(crate) generics: &'a [Ident],
    /// The error type of the function's `Result`, if its declaration names it.
    pub(crate) error: Option<TokenStream>,
    /// The success type of the function's `Result`, if its declaration names it.
    pub(crate) success: Option<TokenStream>,
    /// The success type is a `Result` too, so a pattern on it may say `Ok` and `Err`.
    pub(crate) ok_is_result: bool,
}

impl ParseContext<'_> {
    /// Whether the word is an argument of the function, or may be one of a function not yet known.
    pub(crate) fn may_be_argument(&self, word: &Ident) -> bool {
        self.params.contains(word) || !self.knows_function
    }

    /// Whether the tokens may name an argument of the function, or `self`: as a word, or in the braces of
    /// a format string.
    pub(crate) fn names_arguments(&self, tokens: &TokenStream) -> bool {
        mentions(tokens, &|tree| match tree {
            TokenTree::Ident(word) => word == "self" || self.params.contains(word),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                text.starts_with(['"', 'r']) && text.contains('{')
            }
            _ => false,
        })
    }
}

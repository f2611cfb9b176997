//! One option as it is written, before its meaning is looked up.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use crate::tokens::{collect, is_equals};

/// One argument of an attribute: `name`, `name = value`, `name(value)`, or a value without a name.
pub(crate) enum Item {
    Named {
        ident: Ident,
        form: Form,
        tokens: TokenStream,
    },
    Nameless(TokenStream),
}

/// How a value is attached to its option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `name`
    Flag,
    /// `name = value`
    Equals,
    /// `name(value)`
    Parens,
}

/// Reads the tokens as an argument in one of these forms.
pub(crate) fn item(tokens: TokenStream) -> Item {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(ident)] => Item::Named {
            ident: ident.clone(),
            form: Form::Flag,
            tokens: TokenStream::new(),
        },
        [TokenTree::Ident(ident), TokenTree::Group(group)]
            if group.delimiter() == Delimiter::Parenthesis =>
        {
            let tokens = group.stream();
            Item::Named {
                ident: ident.clone(),
                form: Form::Parens,
                tokens,
            }
        }
        [TokenTree::Ident(ident), _, value @ ..] if is_equals(&trees, 1) => Item::Named {
            ident: ident.clone(),
            form: Form::Equals,
            tokens: collect(value),
        },
        _ => Item::Nameless(tokens),
    }
}

//! The store of an attribute: NAME or EXPR.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::LitStr;

use crate::diag::help;
use crate::emit::EmitContext;
use crate::parse::{Syntax, Value, syntax_of};
use crate::tokens::{first_span, mixed};

/// A store that is not the default one.
pub(crate) enum Store {
    Named(LitStr),
    Of(TokenStream),
}

impl Store {
    /// Reads the value of `store`.
    pub(super) fn read(value: &Value<'_>) -> Option<Self> {
        match syntax_of(&value.tokens) {
            Syntax::Text(text) if text.value().contains("://") => {
                let message = format!(
                    "`{}` takes the name of a store, and this is an address",
                    value.name
                );
                let instead = format!(
                    "install the store at start, and write `{}`",
                    value.write(value.example)
                );
                value.fault(help(message, instead));
                None
            }
            Syntax::Text(_) => value.name_literal().map(Store::Named),
            _ => value.expr().map(Store::Of),
        }
    }

    pub(super) fn span(&self) -> Span {
        match self {
            Self::Named(name) => name.span(),
            Self::Of(value) => first_span(value),
        }
    }

    /// Writes the choice of the store, a value of the runtime's type `choice`, for a statement on entry.
    pub(super) fn chosen(&self, choice: &str, cx: &EmitContext<'_>) -> TokenStream {
        let (value, at, make) = match self {
            Self::Named(name) => {
                let at = mixed(name.span());
                (quote_spanned!(at=> #name), at, quote_spanned!(at=> named))
            }
            Self::Of(value) => {
                let value = cx.with_self_on_entry(value);
                let at = mixed(first_span(&value));
                (quote_spanned!(at=> &(#value)), at, quote_spanned!(at=> of))
            }
        };
        let choice = cx.private(choice, at);
        quote_spanned!(at=> #choice::#make(#value))
    }
}

//! The code that a layer wraps, and the code that it returns.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};

use crate::tokens::mixed;

/// The code inside a layer: an expression of type `Outcome<T, E, P>`, or a future of one.
pub(crate) enum Inner {
    /// A future.
    Future(TokenStream),
    /// A future of something else, and the call that makes it an outcome: a function, and the
    /// arguments after the first.
    Mapped {
        future: TokenStream,
        map: TokenStream,
        args: TokenStream,
    },
    /// An expression that may contain `.await`.
    Value(TokenStream),
}

impl Inner {
    /// Writes the code as an expression; a future is awaited.
    pub(crate) fn awaited(self, span: Span) -> TokenStream {
        self.awaited_by(span, |future| quote_spanned!(mixed(span)=> #future.await))
    }

    /// Writes the code as an expression; `wait` writes the `.await` of a future.
    pub(crate) fn awaited_by(
        self,
        span: Span,
        wait: impl FnOnce(&TokenStream) -> TokenStream,
    ) -> TokenStream {
        match self {
            Self::Value(tokens) => tokens,
            Self::Future(future) => wait(&future),
            Self::Mapped { future, map, args } => {
                let out = wait(&future);
                quote_spanned!(mixed(span)=> #map(#out, #args))
            }
        }
    }
}

/// The code that a layer expands into.
pub(crate) struct Emitted {
    /// Statements that run on entry, before all layers.
    pub(crate) entry: Entry,
    /// The layer with the code inside it.
    pub(crate) inner: Inner,
}

/// The statements that run before all layers: items, and values that each call computes once.
#[derive(Default)]
pub(crate) struct Entry(TokenStream);

impl Entry {
    pub(crate) fn push(&mut self, statement: TokenStream) {
        self.0.extend(statement);
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.0.clone());
    }
}

/// Writes an `Option` in generated code.
pub(crate) fn option(value: Option<&impl ToTokens>, at: Span) -> TokenStream {
    value.map_or_else(
        || quote_spanned!(at=> ::core::option::Option::None),
        |value| quote_spanned!(at=> ::core::option::Option::Some(#value)),
    )
}

/// Returns the variable that holds the clone of an argument for one attempt.
pub(crate) fn clone_of(name: &Ident) -> Ident {
    format_ident!("__resil_clone_{}", name, span = mixed(name.span()))
}

//! The code that a layer wraps, and the code that it returns.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};

use crate::tokens::mixed;

/// The code inside a layer, or the code of all layers.
pub(crate) enum Inner {
    /// A future, and what makes an outcome of its output.
    Mapped {
        future: TokenStream,
        /// The outcome: an expression over `__resil_r`, the output.
        outcome: TokenStream,
        /// The future is the body: no layer has acted on its output, which has the function's type.
        is_body: bool,
    },
    /// A call that runs the code inside in place: what [`Mapped`](Self::Mapped) is in a function that
    /// is not async.
    Called {
        call: TokenStream,
        outcome: TokenStream,
        is_body: bool,
    },
    /// A future of an `Outcome<T, E, P>`.
    Future(TokenStream),
    /// An expression of type `Outcome<T, E, P>` that may contain `.await`.
    Value(TokenStream),
    /// An expression of the function's return type: the whole stack, whose one layer passes on what the
    /// body returned.
    Returned(TokenStream),
}

impl Inner {
    /// Writes the code as an expression; a future is awaited, a call is made.
    pub(crate) fn awaited(self, span: Span) -> TokenStream {
        let at = mixed(span);
        match self {
            Self::Value(tokens) | Self::Returned(tokens) => tokens,
            Self::Future(tokens) => quote_spanned!(at=> #tokens.await),
            Self::Mapped {
                future, outcome, ..
            } => quote_spanned!(at=> { let __resil_r = #future.await; #outcome }),
            Self::Called { call, outcome, .. } => {
                quote_spanned!(at=> { let __resil_r = #call; #outcome })
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
pub(crate) struct Entry {
    statements: TokenStream,
    /// What each layer has to say of itself, by its index, where settings can be changed from outside.
    layers: BTreeMap<usize, TokenStream>,
    /// What the compiler can judge of each layer, by its index.
    pub(super) judged: BTreeMap<usize, Judged>,
}

/// A policy that the compiler can judge.
pub(super) struct JudgedPolicy {
    /// The variant of the runtime's type `Layer`.
    pub(super) variant: String,
    /// The policy in it: a const expression.
    pub(super) tokens: TokenStream,
    /// The place for a fault of it.
    pub(super) span: Span,
}

/// What the compiler can judge of a layer.
#[derive(Default)]
pub(super) struct Judged {
    /// The policy.
    pub(super) policy: Option<JudgedPolicy>,
    /// Its values that are named constants.
    pub(super) constants: Vec<Span>,
    /// Nothing is judged: a value may depend on a generic, which no item can name, or the layer departs from a
    /// policy of the user's.
    pub(super) is_exempt: bool,
}

impl Entry {
    pub(crate) fn push(&mut self, statement: TokenStream) {
        self.statements.extend(statement);
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.statements.extend(other.statements);
        self.layers.extend(other.layers);
        self.judged.extend(other.judged);
    }

    /// Notes what the layer at that index is, as a value of the runtime's `Written`.
    pub(crate) fn describe(&mut self, layer: usize, written: TokenStream) {
        self.layers.insert(layer, written);
    }

    /// Returns what was noted of the layers, outermost first.
    pub(crate) fn described(&self) -> impl Iterator<Item = &TokenStream> {
        self.layers.values()
    }
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.statements.clone());
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

//! Const values in generated code: where each is evaluated, and the bounds that it is checked against.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;

use super::context::EmitContext;
use super::inner::Entry;
use crate::parse::Const;
use crate::tokens::{Piece, first_span, mixed};

/// The bounds of a const expression: its type, and a condition with the message that names the
/// option.
pub(crate) struct ConstBound {
    /// The option, for the message and the name of the item.
    pub(crate) option: &'static str,
    pub(crate) ty: ConstType,
    /// A `bool` expression over `__resil_v`; empty if any value of the type will do.
    pub(crate) holds: TokenStream,
    /// Completes the message "`option` must be ..".
    pub(crate) must: &'static str,
}

#[derive(Clone, Copy)]
pub(crate) enum ConstType {
    Count,
    Duration,
    Number,
}

/// A value that can be written as Rust.
pub(crate) trait AsRust {
    /// Writes the value, spanned at `span`.
    fn as_rust(&self, span: Span) -> TokenStream;
}

impl AsRust for u32 {
    fn as_rust(&self, span: Span) -> TokenStream {
        let mut literal = Literal::u32_suffixed(*self);
        literal.set_span(span);
        quote_spanned!(span=> #literal)
    }
}

impl AsRust for f64 {
    fn as_rust(&self, span: Span) -> TokenStream {
        let mut literal = Literal::f64_suffixed(*self);
        literal.set_span(span);
        quote_spanned!(span=> #literal)
    }
}

impl AsRust for Duration {
    fn as_rust(&self, span: Span) -> TokenStream {
        let (secs, nanos) = (self.as_secs(), self.subsec_nanos());
        quote_spanned!(span=> ::core::time::Duration::new(#secs, #nanos))
    }
}

impl EmitContext<'_> {
    /// Writes [`constant`](Self::constant) without an item, so that a fault is found only when the
    /// function is built.
    pub(crate) fn inline_constant<T: AsRust>(
        &self,
        value: &Const<T>,
        bound: &ConstBound,
    ) -> TokenStream {
        match value {
            Const::Literal { value, tokens } => value.as_rust(mixed(first_span(tokens))),
            Const::Inline { tokens } | Const::Item { tokens } => {
                bound.checked(&self.with_self(tokens))
            }
        }
    }

    /// Writes the user's `policy = value`, from which the other options depart, with the type `ty`.
    pub(crate) fn base_policy(
        &self,
        value: &Const<()>,
        ty: &Piece,
        policy: &'static str,
        entry: &mut Entry,
    ) -> TokenStream {
        let at = mixed(first_span(value.tokens()));
        let tokens = self.with_self(value.tokens());
        let typed = quote_spanned!(at=> { let __resil_v: #ty = #tokens; __resil_v });
        // What a policy of the user's says is its own.
        entry.is_not_judged(self.layer);
        let Const::Item { .. } = value else {
            return typed;
        };
        let name = Ident::new(&format!("__RESIL_{}_POLICY", policy.to_uppercase()), at);
        entry.push(quote_spanned!(at=> const #name: #ty = #typed;));
        quote_spanned!(at=> #name)
    }

    /// Writes `value` as an expression for an inline const.
    ///
    /// A bare path is checked in a `const` item on entry, which `cargo check` evaluates. A value that may
    /// depend on a generic can be checked only in the inline const, when the function is built.
    pub(crate) fn constant<T: AsRust>(
        &self,
        value: &Const<T>,
        bound: &ConstBound,
        entry: &mut Entry,
    ) -> TokenStream {
        match value {
            Const::Literal { value, tokens } => value.as_rust(mixed(first_span(tokens))),
            Const::Inline { tokens } => {
                entry.is_not_judged(self.layer);
                bound.checked(&self.with_self(tokens))
            }
            Const::Item { tokens } => {
                entry.has_constant(self.layer, first_span(tokens));
                let at = mixed(first_span(tokens));
                // Two layers may have an option of one name.
                let name = format!("__RESIL_{}_{}", bound.option.to_uppercase(), self.layer);
                let name = Ident::new(&name, at);
                let ty = bound.ty.tokens(at);
                entry.push(quote_spanned!(at=> const #name: #ty = #tokens;));
                if let Some(check) = bound.check(at) {
                    // The item is called `_`, as rustc prints the name of an item that it can't
                    // evaluate.
                    entry.push(
                        quote_spanned!(at=> const _: () = { let __resil_v = #name; #check };),
                    );
                }
                quote_spanned!(at=> #name)
            }
        }
    }
}

impl ConstBound {
    /// Writes the expression with its check; the caret of a failing check is at the user's value.
    fn checked(&self, tokens: &TokenStream) -> TokenStream {
        let at = mixed(first_span(tokens));
        let ty = self.ty.tokens(at);
        let check = self.check(at);
        quote_spanned!(at=> { let __resil_v: #ty = #tokens; #check __resil_v })
    }

    fn check(&self, at: Span) -> Option<TokenStream> {
        let Self {
            option,
            holds,
            must,
            ..
        } = self;
        (!holds.is_empty()).then(|| {
            let message = format!("`{option}` must be {must}");
            quote_spanned!(at=> ::core::assert!(#holds, #message);)
        })
    }
}

impl ConstType {
    pub(crate) fn tokens(self, at: Span) -> TokenStream {
        match self {
            Self::Count => quote_spanned!(at=> ::core::primitive::u32),
            Self::Duration => quote_spanned!(at=> ::core::time::Duration),
            Self::Number => quote_spanned!(at=> ::core::primitive::f64),
        }
    }
}

/// Returns the bounds of a duration above zero.
pub(crate) fn not_zero(option: &'static str) -> ConstBound {
    let at = mixed(Span::call_site());
    ConstBound {
        option,
        ty: ConstType::Duration,
        holds: quote_spanned!(at=> __resil_v.as_nanos() > 0),
        must: "longer than zero",
    }
}

/// Returns the bounds of a duration of any length.
pub(crate) fn any_duration(option: &'static str) -> ConstBound {
    ConstBound {
        option,
        ty: ConstType::Duration,
        holds: TokenStream::new(),
        must: "a duration",
    }
}

/// Returns the bounds of a ratio: above 0 and at most 1.
pub(crate) fn ratio(option: &'static str) -> ConstBound {
    let at = mixed(Span::call_site());
    ConstBound {
        option,
        ty: ConstType::Number,
        holds: quote_spanned!(at=> __resil_v > 0.0 && __resil_v <= 1.0),
        must: "above 0 and at most 1 (100%)",
    }
}

/// Returns the bounds of a count of any size.
pub(crate) fn any_count(option: &'static str) -> ConstBound {
    ConstBound {
        option,
        ty: ConstType::Count,
        holds: TokenStream::new(),
        must: "a count",
    }
}

/// Returns the bounds of a count from `low` to `high`.
pub(crate) fn count(option: &'static str, low: u32, high: u32, must: &'static str) -> ConstBound {
    let at = mixed(Span::call_site());
    ConstBound {
        option,
        ty: ConstType::Count,
        holds: quote_spanned!(at=> __resil_v >= #low && __resil_v <= #high),
        must,
    }
}

//! Const values in generated code: where each is evaluated, and what it is held to there.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;

use super::EmitContext;
use crate::parse::Const;
use crate::tokens::{first_span, mixed};

/// What a const expression must be: its type, and a condition on `__resil_v` with the message that
/// names the option.
pub(crate) struct Bound {
    /// The option, as it is called in messages and in the name of the item.
    pub(crate) option: &'static str,
    pub(crate) ty: Ty,
    /// Tokens of a `bool` over `__resil_v`; empty: anything of the type.
    pub(crate) holds: TokenStream,
    /// What the message says it must be.
    pub(crate) must: &'static str,
}

#[derive(Clone, Copy)]
pub(crate) enum Ty {
    Count,
    Duration,
    Number,
}

/// A literal of the user's as Rust.
pub(crate) trait Literally {
    fn literally(&self, span: Span) -> TokenStream;
}

impl Literally for u32 {
    fn literally(&self, span: Span) -> TokenStream {
        let mut literal = Literal::u32_suffixed(*self);
        literal.set_span(span);
        quote_spanned!(span=> #literal)
    }
}

impl Literally for f64 {
    fn literally(&self, span: Span) -> TokenStream {
        let mut literal = Literal::f64_suffixed(*self);
        literal.set_span(span);
        quote_spanned!(span=> #literal)
    }
}

impl Literally for Duration {
    fn literally(&self, span: Span) -> TokenStream {
        let (secs, nanos) = (self.as_secs(), self.subsec_nanos());
        quote_spanned!(span=> ::core::time::Duration::new(#secs, #nanos))
    }
}

impl EmitContext<'_> {
    /// [`constant`](Self::constant) without an item: it is seen when the function is built.
    pub(crate) fn inline_constant<T: Literally>(
        &self,
        value: &Const<T>,
        bound: &Bound,
    ) -> TokenStream {
        match value {
            Const::Literal { value, tokens } => value.literally(mixed(first_span(tokens))),
            Const::Inline { tokens } | Const::Item { tokens } => bound.checked(&self.this(tokens)),
        }
    }

    /// `value` as the policy of type `ty` to start from, where [`constant`](Self::constant) would
    /// put it.
    pub(crate) fn base_policy(
        &self,
        value: &Const<()>,
        ty: &TokenStream,
        policy: &'static str,
    ) -> TokenStream {
        let at = mixed(first_span(value.tokens()));
        let tokens = self.this(value.tokens());
        let typed = quote_spanned!(at=> { let __resil_v: #ty = #tokens; __resil_v });
        let Const::Item { .. } = value else {
            return typed;
        };
        let name = Ident::new(&format!("__RESIL_{}_POLICY", policy.to_uppercase()), at);
        self.on_entry(&quote_spanned!(at=> const #name: #ty = #typed;));
        quote_spanned!(at=> #name)
    }

    /// `value` as an expression for an inline const.
    ///
    /// A bare path is validated in a `const` item, which `cargo check` sees; what may depend on a
    /// generic can only stand in an inline const, seen when the function is built.
    pub(crate) fn constant<T: Literally>(&self, value: &Const<T>, bound: &Bound) -> TokenStream {
        match value {
            Const::Literal { value, tokens } => value.literally(mixed(first_span(tokens))),
            Const::Inline { tokens } => bound.checked(&self.this(tokens)),
            Const::Item { tokens } => {
                let at = mixed(first_span(tokens));
                let name = Ident::new(&format!("__RESIL_{}", bound.option.to_uppercase()), at);
                let ty = bound.ty.tokens(at);
                self.on_entry(&quote_spanned!(at=> const #name: #ty = #tokens;));
                if let Some(check) = bound.check(at) {
                    // Nameless, for rustc says what it could not evaluate.
                    self.on_entry(
                        &quote_spanned!(at=> const _: () = { let __resil_v = #name; #check };),
                    );
                }
                quote_spanned!(at=> #name)
            }
        }
    }
}

impl Bound {
    /// The expression, held to its bound: the caret of a failing one is at the user's value.
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
            let message = format!("resil: `{option}` must be {must}");
            quote_spanned!(at=> ::core::assert!(#holds, #message);)
        })
    }
}

impl Ty {
    pub(crate) fn tokens(self, at: Span) -> TokenStream {
        match self {
            Self::Count => quote_spanned!(at=> ::core::primitive::u32),
            Self::Duration => quote_spanned!(at=> ::core::time::Duration),
            Self::Number => quote_spanned!(at=> ::core::primitive::f64),
        }
    }
}

/// `__resil_v` is above zero: a duration that zero makes no sense for.
pub(crate) fn not_zero(option: &'static str) -> Bound {
    let at = mixed(Span::call_site());
    Bound {
        option,
        ty: Ty::Duration,
        holds: quote_spanned!(at=> __resil_v.as_nanos() > 0),
        must: "longer than zero",
    }
}

/// A duration of any length.
pub(crate) fn any_duration(option: &'static str) -> Bound {
    Bound {
        option,
        ty: Ty::Duration,
        holds: TokenStream::new(),
        must: "a duration",
    }
}

/// A ratio: above 0 and at most 1.
pub(crate) fn ratio(option: &'static str) -> Bound {
    let at = mixed(Span::call_site());
    Bound {
        option,
        ty: Ty::Number,
        holds: quote_spanned!(at=> __resil_v > 0.0 && __resil_v <= 1.0),
        must: "above 0 and at most 1 (100%)",
    }
}

/// A count of any size.
pub(crate) fn any_count(option: &'static str) -> Bound {
    Bound {
        option,
        ty: Ty::Count,
        holds: TokenStream::new(),
        must: "a count",
    }
}

/// A count between two bounds.
pub(crate) fn count(option: &'static str, low: u32, high: u32, must: &'static str) -> Bound {
    let at = mixed(Span::call_site());
    Bound {
        option,
        ty: Ty::Count,
        holds: quote_spanned!(at=> __resil_v >= #low && __resil_v <= #high),
        must,
    }
}

//! The code of `#[timeout]`: a combinator over the future inside it.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::options::Timeout;
use crate::emit::{ConstType, EmitContext, Emitted, Entry, Inner, not_zero};
use crate::features;
use crate::parse::{Const, DurationValue};
use crate::tokens::{first_span, mixed};

impl Timeout {
    pub(super) fn wrap(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let at = mixed(self.span);
        let mut entry = Entry::default();
        // A limit around this one is polled together with it, and may fire in its place.
        let enclosed = cx.above().iter().any(|layer| layer.bound.is_some());
        // One that is switched off polls nothing by itself.
        let name = if enclosed && !features::controls() {
            "enclosed_timeout"
        } else {
            "timeout"
        };
        let timeout = cx.private(name, self.span);
        // The outcome is made where the timeout is awaited: its future keeps nothing for it.
        let (body, outcome) = match inner {
            Inner::Mapped {
                future, outcome, ..
            } => (future, outcome),
            inner => (cx.future(inner, self.span), quote_spanned!(at=> __resil_r)),
        };
        // A layer inside that judges the call has to know that this timeout dropped it.
        let marking = cx
            .below()
            .iter()
            .any(|layer| layer.holds_permit || layer.asks_why_dropped)
            .then(|| {
                let call = cx.call(self.span);
                quote_spanned!(at=> .marking(#call))
            });
        let refuse = cx.private("refuse_late", self.span);
        // The event of the timeout has the number of the call.
        let (site, call_state) = (EmitContext::site(self.span), cx.call_state(self.span));
        // The limit in the message may be written in another way than the one in force.
        let bounded_as = |limit: TokenStream, told: TokenStream| Inner::Mapped {
            future: quote_spanned!(at=> #timeout(#limit, #body) #marking),
            outcome: quote_spanned! {at=> match __resil_r {
                ::core::result::Result::Ok(__resil_r) => #outcome,
                ::core::result::Result::Err(__resil_elapsed) => {
                    #refuse(__resil_elapsed, #site, #told, #call_state)
                }
            }},
            is_body: false,
        };
        let bounded = |limit: TokenStream| bounded_as(limit.clone(), limit);
        let inner = match &self.limit {
            DurationValue::Const(limit) => {
                let span = first_span(limit.tokens());
                // Checked in one place, so that a fault is told once.
                let told = match limit {
                    Const::Inline { tokens } => {
                        let ty = ConstType::Duration.tokens(mixed(span));
                        let tokens = cx.with_self(tokens);
                        let told = quote_spanned!(mixed(span)=> { let __resil_v: #ty = #tokens; __resil_v });
                        Some(told)
                    }
                    _ => None,
                };
                let limit = cx.constant(limit, &not_zero("timeout"), &mut entry);
                let of = cx.private("limit_of", span);
                cx.judge(
                    "Timeout",
                    &quote_spanned!(at=> #of(#limit)),
                    span,
                    &mut entry,
                );
                if features::controls() {
                    let some = quote_spanned!(at=> limit: ::core::option::Option::Some(#limit));
                    cx.describe("Timeout", &some, self.span, &mut entry);
                    bounded(cx.in_force("limit", self.span, None))
                } else {
                    let told = told.unwrap_or_else(|| limit.clone());
                    bounded_as(
                        quote_spanned!(at=> const { #limit }),
                        quote_spanned!(at=> const { #told }),
                    )
                }
            }
            DurationValue::Runtime(limit) => {
                let limit = cx.with_self(limit);
                let typed = mixed(first_span(&limit));
                let binding =
                    quote_spanned!(typed=> let __resil_limit: ::core::time::Duration = #limit;);
                let in_force = features::controls().then(|| {
                    let none = quote_spanned!(at=> limit: ::core::option::Option::None);
                    cx.describe("Timeout", &none, self.span, &mut entry);
                    let limit = cx.in_force(
                        "limit_or",
                        self.span,
                        Some(quote_spanned!(at=> __resil_limit)),
                    );
                    quote_spanned!(at=> let __resil_limit = #limit;)
                });
                let value = cx.value(bounded(quote_spanned!(at=> __resil_limit)), self.span);
                Inner::Value(quote_spanned!(at=> {
                    #binding
                    #in_force
                    #value
                }))
            }
        };
        Emitted { entry, inner }
    }
}

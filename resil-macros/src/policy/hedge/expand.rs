//! The code of `#[hedge]`: a combinator over a closure that makes one copy of the future inside it.
//!
//! The closure borrows what the code inside uses, and each copy borrows it from there. So an argument
//! that the body moves is an error of rustc's at that place.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::options::{After, Budget, Hedge, MOST_COPIES};
use crate::emit::{EmitContext, Emitted, Entry, Inner, any_duration, count, ratio};
use crate::features;
use crate::tokens::{first_span, mixed};

impl Hedge {
    pub(super) fn wrap(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let mut entry = Entry::default();
        let at = mixed(self.span);
        let mut policy = self.policy(cx, &mut entry);
        let after = self.after.as_ref().map(|after| first_span(after.tokens()));
        cx.judge("Hedge", &policy, after.unwrap_or(self.span), &mut entry);
        if features::controls() {
            let fields = quote_spanned!(at=> policy: #policy);
            cx.describe("Hedge", &fields, self.span, &mut entry);
            policy = cx.in_force("hedge", self.span, None);
        } else {
            policy = quote_spanned!(at=> const { &#policy });
        }
        let site = cx.private("HedgeSite", self.span);
        entry.push(quote_spanned!(at=> static __RESIL_HEDGE: #site = #site::new(&__RESIL_SITE);));
        let types = cx.types(self.span);
        let hedge = cx.private("hedge", self.span);
        let (copy, call) = (self.copy(inner, cx), cx.call(self.span));
        let inner = Inner::Future(quote_spanned! {at=>
            #hedge(
                (&__RESIL_HEDGE).of(#types),
                #policy,
                #call,
                || #copy,
            )
        });
        Emitted { entry, inner }
    }

    /// Writes a future of the code inside: its output is judged where it is made, so that the future
    /// around it keeps nothing for that.
    fn copy(&self, inner: Inner, cx: &EmitContext<'_>) -> TokenStream {
        let at = mixed(self.span);
        let judged = self.judged(cx);
        let map = cx.private("map_output", self.span);
        let clones = cx.clone_statements();
        if !clones.is_empty() {
            // The clones belong to the copy.
            let value = inner.awaited(self.span);
            return quote_spanned!(at=> async { #clones let __resil_r = #value; #judged });
        }
        match inner {
            Inner::Mapped {
                future, outcome, ..
            } => {
                quote_spanned!(at=> #map(#future, |__resil_r| { let __resil_r = #outcome; #judged }))
            }
            Inner::Future(future) => quote_spanned!(at=> #map(#future, |__resil_r| { #judged })),
            // No hedge stands on a function that is not async, so nothing is called in place.
            inner @ (Inner::Value(_) | Inner::Returned(_) | Inner::Called { .. }) => {
                let value = inner.awaited(self.span);
                quote_spanned!(at=> async { let __resil_r = #value; #judged })
            }
        }
    }

    /// Writes the verdict on `__resil_r`, the outcome of a copy.
    fn judged(&self, cx: &EmitContext<'_>) -> TokenStream {
        let at = mixed(self.span);
        let class = cx.class(self.span);
        match self.verdict(cx) {
            None => {
                let judge = cx.private("judge", self.span);
                quote_spanned!(at=> #judge(__resil_r, #class))
            }
            Some(verdict) => {
                let judge = cx.private("judge_by", self.span);
                let expose_error = cx.expose_error(self.span);
                quote_spanned!(at=> #expose_error #judge(__resil_r, #verdict, #class))
            }
        }
    }

    /// Writes a closure that evaluates `unless` and `on`, if one of them is given. `unless` takes
    /// precedence; if `on` is given, every error of the body that it does not name ends the call.
    fn verdict(&self, cx: &EmitContext<'_>) -> Option<TokenStream> {
        let at = mixed(self.span);
        let ty = cx.private("HedgeVerdict", self.span);
        let some = quote!(::core::option::Option::Some);
        if self.on.is_none() && self.unless.is_none() {
            return None;
        }
        let unless = self.unless.as_ref().map(|p| {
            let hit = cx.matches(p, &quote!(__resil_e));
            quote_spanned!(at=> if #hit { #some(#ty::Final) } else)
        });
        let rest = self.on.as_ref().map_or_else(
            || quote_spanned!(at=> { ::core::option::Option::None }),
            |p| {
                let hit = cx.matches(p, &quote!(__resil_e));
                quote_spanned!(at=> { if #hit { #some(#ty::GoOn) } else { #some(#ty::NotNamed) } })
            },
        );
        Some(quote_spanned!(at=> |__resil_e: &_| { #unless #rest }))
    }

    /// Writes the settings.
    fn policy(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let policy = cx.private("HedgePolicy", self.span);
        let after = self
            .after
            .as_ref()
            .map(|after| self.after_value(after, cx, entry));
        let base = match (&self.policy, after) {
            (None, after) => quote_spanned!(at=> #policy::new(#after)),
            (Some(base), after) => {
                let base = cx.base_policy(base, &policy, super::NAME, entry);
                let after = after.map(|after| quote_spanned!(at=> .after(#after)));
                quote_spanned!(at=> #base #after)
            }
        };
        let max = self.max.as_ref().map(|max| {
            let must = "between 2 and 16: it counts the first copy too";
            let max = cx.constant(max, &count("max", 2, MOST_COPIES, must), entry);
            quote_spanned!(at=> .max(#max))
        });
        let budget = self.budget.as_ref().map(|budget| match budget {
            Budget::Off => quote_spanned!(at=> .no_budget()),
            Budget::Ratio(share) => {
                let share = cx.constant(share, &ratio("budget"), entry);
                quote_spanned!(at=> .budget(#share))
            }
        });
        quote_spanned!(at=> #base #max #budget)
    }

    fn after_value(&self, after: &After, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let ty = cx.private("HedgeAfter", self.span);
        match after {
            After::Delay(delay) => {
                let delay = cx.constant(delay, &any_duration("after"), entry);
                quote_spanned!(at=> #ty::Delay(#delay))
            }
            After::Percentile {
                percent, default, ..
            } => {
                let default = default.as_ref().map(|default| {
                    let default = cx.constant(default, &any_duration("default"), entry);
                    quote_spanned!(at=> .or(#default))
                });
                quote_spanned!(at=> #ty::percentile(#percent) #default)
            }
        }
    }
}

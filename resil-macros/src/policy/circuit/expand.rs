//! The code of `#[circuit]`: it asks for a permit before the code inside it runs, and records the
//! outcome after.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Lifetime;

use super::NAME;
use super::options::Circuit;
use crate::emit::{EmitContext, Emitted, Entry, FoundState, Inner, NamedState};
use crate::facts::Facts;
use crate::tokens::mixed;

impl Circuit {
    pub(super) fn wrap(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let mut entry = Entry::default();
        let at = mixed(self.span);
        let failure = cx.private("Failure", self.span);
        let mut admit = self.admit(cx, &mut entry);
        let replays = cx.below().iter().any(|layer| layer.replays);
        if replays && cx.above().iter().any(Facts::runs_again) {
            // Each attempt has a permit of its own. The outcome may be a replay, so the circuit has
            // to know whether the body ran under this permit.
            let call = cx.receiver(cx.call(self.span));
            admit = quote_spanned!(at=> { #call.forget_runs(); #admit });
        }
        let value = cx.under_permit(inner, self.span).awaited(self.span);
        // A layer inside leaves its wait out of the call's time. It may stand in an `async move`, so it
        // names a reference.
        let held = cx
            .below()
            .iter()
            .any(|layer| layer.waits.is_some())
            .then(|| quote_spanned!(at=> let __resil_held = &__resil_permit;));
        let expose_error =
            (self.on.is_some() || self.ignore.is_some()).then(|| cx.expose_error(self.span));
        let (verdict, class) = (self.verdict(cx), cx.class(self.span));
        let settle = match (&self.on_ok, verdict) {
            (None, None) => quote_spanned!(at=> settle(__resil_r, #class)),
            (None, Some(verdict)) => quote_spanned!(at=> settle_by(__resil_r, #verdict, #class)),
            (Some(on_ok), verdict) => {
                let on_ok = cx.on_value(Some(on_ok), self.span);
                let verdict = verdict
                    .unwrap_or_else(|| quote_spanned!(at=> |_: &_| ::core::option::Option::None));
                quote_spanned!(at=> settle_by_value(__resil_r, #on_ok, #verdict, #class))
            }
        };
        // The result of `admit` must end before the `.await`, or the future holds it beside the permit.
        let label = Lifetime::new("'__resil_circuit", at);
        let inner = Inner::Value(quote_spanned! {at=> #label: {
            let __resil_permit = match #admit {
                ::core::result::Result::Ok(__resil_permit) => __resil_permit,
                ::core::result::Result::Err(__resil_refusal) => {
                    break #label ::core::result::Result::Err(#failure::Policy(__resil_refusal));
                }
            };
            #held
            let __resil_r = #value;
            #expose_error
            let __resil_r = (&__resil_permit).#settle;
            __resil_permit.end();
            __resil_r
        }});
        Emitted { entry, inner }
    }

    /// Writes the request for a permit, from the breaker of the site or of the key.
    fn admit(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let breaker = NamedState {
            policy: NAME,
            span: self.span,
            name: self.name.as_ref(),
            key: self.key.as_ref(),
            settings: self.settings(),
            base: self.policy.as_ref(),
            beside: &[("key", self.key.is_some())],
            defaults: Some("DEFAULT_CIRCUIT"),
        };
        let FoundState {
            state,
            settings,
            switch: (suffix, is_on),
        } = breaker.find(cx, entry);
        let admit = Ident::new(&format!("admit{suffix}"), at);
        let call = cx.call(self.span);
        quote_spanned!(at=> #state.#admit(#is_on #settings #call))
    }

    /// Writes a closure that evaluates `ignore` and `on`, if one of them is given. `ignore` takes
    /// precedence; if `on` is given, only the errors that it names are failures.
    fn verdict(&self, cx: &EmitContext<'_>) -> Option<TokenStream> {
        let at = mixed(self.span);
        let ty = cx.private("CircuitVerdict", self.span);
        let some = quote!(::core::option::Option::Some);
        if self.on.is_none() && self.ignore.is_none() {
            return None;
        }
        let ignore = self.ignore.as_ref().map(|p| {
            let hit = cx.matches(p, &quote!(__resil_e));
            quote_spanned!(at=> if #hit { #some(#ty::Neutral) } else)
        });
        let rest = self.on.as_ref().map_or_else(
            || quote_spanned!(at=> { ::core::option::Option::None }),
            |p| {
                let hit = cx.matches(p, &quote!(__resil_e));
                quote_spanned!(at=> { if #hit { #some(#ty::Failure) } else { #some(#ty::Success) } })
            },
        );
        Some(quote_spanned!(at=> |__resil_e: &_| { #ignore #rest }))
    }
}

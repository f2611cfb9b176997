//! The code of `#[rate_limit]`: it lets the call in before the code inside it runs, now or at its turn.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Lifetime;

use super::NAME;
use super::options::RateLimit;
use crate::emit::{EmitContext, Emitted, Entry, FoundState, Inner, NamedState};
use crate::features;
use crate::policy::store::Store;
use crate::tokens::{first_span, mixed};

impl RateLimit {
    pub(super) fn wrap(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let mut entry = Entry::default();
        let at = mixed(self.span);
        let failure = cx.private("Failure", self.span);
        if let Some(store) = &self.store {
            let admitted = self.admitted_by(store, cx, &mut entry);
            let value = cx.value(inner, self.span);
            let label = Lifetime::new("'__resil_rate_limit", at);
            let mut let_in = quote_spanned! {at=>
                if let ::core::result::Result::Err(__resil_refusal) = #admitted {
                    break #label ::core::result::Result::Err(#failure::Policy(__resil_refusal));
                }
            };
            if let Some(is_on) = cx.is_on(self.span) {
                let_in = quote_spanned!(at=> if #is_on { #let_in });
            }
            let inner = Inner::Value(quote_spanned! {at=> #label: {
                #let_in
                #value
            }});
            return Emitted { entry, inner };
        }
        let admit = self.admit(cx, &mut entry);
        let value = cx.value(inner, self.span);
        let (site, call) = (EmitContext::site(self.span), cx.call_state(self.span));
        let turn = cx.waits(
            quote_spanned!(at=> __resil_turn),
            quote_spanned!(at=> __resil_turn.sleep(#site, #call)),
            self.span,
        );
        let label = Lifetime::new("'__resil_rate_limit", at);
        // Where waits can be ended from outside, the end says whether the turn has come.
        let turn = if features::ends_waits() {
            let some = quote_spanned!(at=> ::core::option::Option::Some);
            quote_spanned! {at=>
                if let #some(__resil_refusal) = #turn.refusal(#call) {
                    break #label ::core::result::Result::Err(#failure::Policy(__resil_refusal));
                }
            }
        } else {
            quote_spanned!(at=> #turn;)
        };
        // The result of `admit` must end before the `.await`, or the future holds it beside the turn.
        let inner = Inner::Value(quote_spanned! {at=> #label: {
            {
                let __resil_turn = match #admit {
                    ::core::result::Result::Ok(__resil_turn) => __resil_turn,
                    ::core::result::Result::Err(__resil_refusal) => {
                        break #label ::core::result::Result::Err(#failure::Policy(__resil_refusal));
                    }
                };
                if let ::core::option::Option::Some(__resil_turn) = __resil_turn {
                    #turn
                }
            }
            #value
        }});
        Emitted { entry, inner }
    }

    /// Writes the request to be let in, to the rate limit of the site or of the key. The cost is computed
    /// once per call, before anything runs, wherever the attribute stands.
    fn admit(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let limit = NamedState {
            policy: NAME,
            span: self.span,
            name: self.name.as_ref(),
            key: self.key.as_ref(),
            settings: self.settings(),
            base: self.policy.as_ref(),
            beside: &[("key", self.key.is_some()), ("store", false)],
            defaults: None,
        };
        let FoundState {
            state,
            settings,
            switch: (suffix, is_on),
        } = limit.find(cx, entry);
        let cost = self.cost(cx, entry);
        let call = cx.call_state(self.span);
        let admit = Ident::new(&format!("admit{suffix}"), at);
        quote_spanned!(at=> #state.#admit(#is_on #settings #cost, #call))
    }

    /// Writes the question to the store whether the call is let in, with the wait for its turn. The store
    /// and the key are computed once per call, as the cost is.
    fn admitted_by(&self, store: &Store, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let site = NamedState {
            policy: NAME,
            span: self.span,
            name: self.name.as_ref(),
            // The store finds the key: it has no state in this process.
            key: None,
            settings: self.settings(),
            base: self.policy.as_ref(),
            beside: &[("key", self.key.is_some()), ("store", true)],
            defaults: None,
        };
        let FoundState {
            state, settings, ..
        } = site.find(cx, entry);
        let chosen = store.chosen("RateLimitStoreChoice", cx);
        let types = match &self.name {
            Some(_) => quote_spanned!(at=> ::core::option::Option::None),
            None => cx.types(self.span),
        };
        let key = match &self.key {
            None => quote_spanned!(at=> ::core::option::Option::None),
            Some(key) => {
                let key = cx.with_self_on_entry(key);
                // A reference more: the key may be a `str`.
                let of_key = quote_spanned!(mixed(first_span(&key))=> &&(#key));
                let key_of = cx.private("key_of", self.span);
                quote_spanned!(at=> #key_of(#of_key))
            }
        };
        let stored = cx.private("StoredRateLimit", self.span);
        entry.push(quote_spanned! {at=>
            #[allow(unused_parens, clippy::all, clippy::pedantic)]
            let __resil_stored_rate_limit = &#stored::new(#state, #settings #chosen, #types, #key);
        });
        let cost = self.cost(cx, entry);
        let call = cx.call_state(self.span);
        let admitted = quote_spanned!(at=> __resil_stored_rate_limit.admit(#cost, #call));
        // A function that is not async has no such layer.
        cx.waits(admitted.clone(), admitted, self.span)
    }

    /// Writes the weight of the call.
    fn cost(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        match &self.cost {
            None => quote_spanned!(at=> 1),
            Some(cost) => {
                let cost = cx.with_self_on_entry(&cost.tokens);
                let typed = mixed(first_span(&cost));
                entry.push(quote_spanned! {typed=>
                    #[allow(unused_parens, clippy::all, clippy::pedantic)]
                    let __resil_cost: ::core::primitive::u32 = #cost;
                });
                quote_spanned!(at=> __resil_cost)
            }
        }
    }
}

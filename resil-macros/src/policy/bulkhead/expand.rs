//! The code of `#[bulkhead]`: it takes a place before the code inside it runs, and gives it back after.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Lifetime;

use super::NAME;
use super::options::Bulkhead;
use crate::emit::{EmitContext, Emitted, Entry, FoundState, Inner, NamedState};
use crate::tokens::mixed;

impl Bulkhead {
    pub(super) fn wrap(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let mut entry = Entry::default();
        let at = mixed(self.span);
        let failure = cx.private("Failure", self.span);
        let enter = self.enter(cx, &mut entry);
        let value = cx.value(inner, self.span);
        let (site, call) = (EmitContext::site(self.span), cx.call_state(self.span));
        let wait = cx.waits(
            quote_spanned!(at=> __resil_full.wait()),
            quote_spanned!(at=> __resil_full.block(#site, #call)),
            self.span,
        );
        // The place is given back where it stands, when its block ends: to move it out of the future
        // would cost more than to give it back.
        let (mutable, value) = if self.learns() {
            let class = cx.class(self.span);
            let settled = quote_spanned! {at=> {
                let __resil_r = #value;
                let __resil_r = (&mut __resil_place).settle(__resil_r, #class);
                __resil_r
            }};
            (Some(quote_spanned!(at=> mut)), settled)
        } else {
            (None, value)
        };
        let (label, found) = (
            Lifetime::new("'__resil_bulkhead", at),
            Lifetime::new("'__resil_place", at),
        );
        // The result of `enter` must end before the `.await`, or the future holds it beside the wait.
        let inner = Inner::Value(quote_spanned! {at=> #label: {
            let #mutable __resil_place = #found: {
                let __resil_full = match #enter {
                    ::core::result::Result::Ok(__resil_place) => break #found __resil_place,
                    ::core::result::Result::Err(__resil_full) => __resil_full,
                };
                match #wait {
                    ::core::result::Result::Ok(__resil_place) => __resil_place,
                    ::core::result::Result::Err(__resil_refusal) => {
                        break #label ::core::result::Result::Err(#failure::Policy(__resil_refusal));
                    }
                }
            };
            #value
        }});
        Emitted { entry, inner }
    }

    /// Writes the request for a place, in the bulkhead of the site or of the key.
    fn enter(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let bulkhead = NamedState {
            policy: NAME,
            span: self.span,
            name: self.name.as_ref(),
            key: self.key.as_ref(),
            settings: self.settings(),
            base: self.policy.as_ref(),
            beside: &[("key", self.key.is_some())],
            defaults: None,
        };
        let FoundState {
            state,
            settings,
            switch: (suffix, is_on),
        } = bulkhead.find(cx, entry);
        let call = cx.call_state(self.span);
        let enter = Ident::new(&format!("enter{suffix}"), at);
        quote_spanned!(at=> #state.#enter(#is_on #settings #call))
    }
}

//! The static of a site, and the values that its layers share during a call.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::described;
use crate::emit::{EmitContext, StackContext};
use crate::features;
use crate::tokens::mixed;

/// Writes the static of the site, which every stack has. The state of the call is written only
/// where layers have something to tell each other, the carrier of refusals only between several
/// groups.
pub(super) fn statics(stack: &StackContext<'_>, cx: &EmitContext<'_>) -> TokenStream {
    let name = &stack.input.sig.ident;
    let at = mixed(name.span());
    let site = cx.private("Site", name.span());
    let text = name.to_string();
    let text = text.strip_prefix("r#").unwrap_or(&text);
    let borrowed = (!stack.owns_shared()).then(|| quote_spanned!(at=> &));
    let call_state = stack.has_call_state().then(|| {
        let mark = cx.private("CallState", name.span());
        quote_spanned!(at=> let __resil_call = #borrowed #mark::new();)
    });
    // Dropped after all else: the call is in flight until its layers have given back what they hold.
    let in_flight = features::counts_calls().then(|| {
        let in_flight = cx.private("in_flight", name.span());
        quote_spanned!(at=> let __resil_in_flight = #in_flight(&__RESIL_SITE);)
    });
    // Dropped before the state of the call, which it reads, and after the layers.
    let seen = features::observes().then(|| {
        let (observe, call) = (cx.private("observe", name.span()), cx.call(name.span()));
        quote_spanned!(at=> let __resil_seen = #borrowed #observe(&__RESIL_SITE, #call);)
    });
    let carrier = (stack.groups.len() > 1).then(|| {
        let carry = cx.private("CarriedRefusal", name.span());
        quote_spanned!(at=> let __resil_carry = &#carry::new();)
    });
    let listed = described::listed(stack, cx);
    quote_spanned! {at=>
        static __RESIL_SITE: #site = #site::new(
            ::core::concat!(::core::module_path!(), "::", #text),
            ::core::line!(),
        );
        #listed
        #in_flight
        #call_state
        #seen
        #carrier
    }
}

//! The code of `#[idempotent]`: a combinator that claims the key. It runs the future inside it
//! beside the heartbeat of the lease, and records the outcome; or it replays an outcome, or
//! refuses.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote_spanned;

use super::options::{Errors, Idempotent};
use crate::emit::{
    ConstBound, ConstType, EmitContext, Emitted, Entry, Inner, any_count, not_zero, option,
};
use crate::facts::Facts;
use crate::features;
use crate::tokens::{first_span, last_span, mixed};

/// Writes `&(value)`, spanned from the first of the user's tokens to the last.
fn by_reference(value: &TokenStream) -> TokenStream {
    let (first, last) = (first_span(value), last_span(value));
    let mut inner = Group::new(Delimiter::Parenthesis, value.clone());
    inner.set_span(mixed(last));
    quote_spanned!(mixed(first)=> &#inner)
}

impl Idempotent {
    pub(super) fn wrap(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let at = mixed(self.span);
        let mut entry = Entry::default();
        self.on_entry(cx, &mut entry);
        let mut policy = self.policy(cx, &mut entry);
        if features::controls() {
            let name = option(self.name.as_ref(), at);
            let fields = quote_spanned!(at=> name: #name, policy: #policy);
            cx.describe("Idempotent", &fields, self.span, &mut entry);
            policy = cx.in_force("idempotent", self.span, None);
        } else {
            policy = quote_spanned!(at=> const { &#policy });
        }
        let gate = cx.recorded(match self.errors {
            Some(_) => "recorded_with_errors",
            None => "recorded",
        });
        let is_async = cx.stack.is_async;
        let mut body = if is_async {
            cx.future(inner, self.span)
        } else {
            cx.closure(inner, self.span)
        };
        if self.errors.is_some() || self.forget_ok.is_some() {
            let keeps = match &self.errors {
                None => cx.on_value(None, self.span),
                Some(Errors::All) => quote_spanned!(at=> |_: &_| true),
                Some(Errors::Matching(pattern)) => cx.on_value(Some(pattern), self.span),
            };
            let forgets = cx.on_value(self.forget_ok.as_ref(), self.span);
            let (map, weigh) = (
                cx.private("map_output", self.span),
                cx.private("weigh", self.span),
            );
            let call = cx.call(self.span);
            let mut weighed = quote_spanned!(at=> #weigh(__resil_r, #call, #forgets, #keeps));
            if let Some(is_on) = cx.is_on(self.span) {
                // Nothing is recorded while it is switched off.
                weighed = quote_spanned!(at=> if #is_on { #weighed } else { __resil_r });
            }
            body = if is_async {
                quote_spanned!(at=> #map(#body, |__resil_r| #weighed))
            } else {
                let run = cx.private("run", self.span);
                quote_spanned!(at=> || { let __resil_r = #run(#body); #weighed })
            };
        }
        // Inside a loop each attempt makes a claim of its own.
        let again = cx.above().iter().any(Facts::runs_again);
        let clone = again.then(|| quote_spanned!(at=> .clone()));
        let fingerprint = if self.fingerprint.is_some() {
            quote_spanned!(at=> ::core::option::Option::Some(__resil_fingerprint #clone))
        } else {
            quote_spanned!(at=> ::core::option::Option::None)
        };
        let (begin, store) = match &self.store {
            Some(_) => (
                quote_spanned!(at=> begin_on),
                quote_spanned!(at=> __resil_store #clone,),
            ),
            None => (quote_spanned!(at=> begin), TokenStream::new()),
        };
        let (types, call) = (cx.types(self.span), cx.call(self.span));
        let begun = quote_spanned! {at=>
            (&__RESIL_IDEMPOTENT)
                .of(#types)
                .#begin(
                    #store #policy, __resil_key #clone, #fingerprint, #gate, #call
                )
        };
        let is_on = cx.is_on(self.span);
        let inner = if is_async {
            Inner::Future(match is_on {
                None => quote_spanned!(at=> #begun.run(#body)),
                Some(is_on) => {
                    let switched = cx.private("switched", self.span);
                    quote_spanned!(at=> #switched(#is_on, #body, |__resil_body| #begun.run(__resil_body)))
                }
            })
        } else {
            let site = EmitContext::site(self.span);
            Inner::Called {
                call: match is_on {
                    None => quote_spanned!(at=> #begun.block(#site, #body)),
                    Some(is_on) => {
                        let switched = cx.private("switched_run", self.span);
                        quote_spanned! {at=>
                            #switched(#is_on, #body, |__resil_body| #begun.block(#site, __resil_body))
                        }
                    }
                },
                outcome: quote_spanned!(at=> __resil_r),
                is_body: false,
            }
        };
        Emitted { entry, inner }
    }

    /// Writes the key, the fingerprint and the store: they are computed once per call, before anything
    /// runs, wherever the attribute stands.
    fn on_entry(&self, cx: &EmitContext<'_>, entry: &mut Entry) {
        let at = mixed(self.span);
        let site = cx.private("IdempotentSite", self.span);
        let name = option(self.name.as_ref(), at);
        let builder = cx.private("KeyBuilder", self.span);
        let parts: TokenStream = self
            .key
            .iter()
            .map(|part| {
                let part = by_reference(&cx.with_self_on_entry(part));
                quote_spanned!(mixed(first_span(&part))=> .part(#part))
            })
            .collect();
        let fingerprint = self.fingerprint.as_ref().map(|value| {
            let value = cx.with_self_on_entry(value);
            let at = mixed(first_span(&value));
            let by_reference = by_reference(&value);
            let of = cx.private("PreparedFingerprint", first_span(&value));
            quote_spanned!(at=>
                #[allow(unused_parens, clippy::all, clippy::pedantic)]
                let __resil_fingerprint = #of::of(#by_reference);
            )
        });
        let store = self.store.as_ref().map(|store| {
            let (at, chosen) = (mixed(store.span()), store.chosen("StoreChoice", cx));
            quote_spanned!(at=>
                #[allow(unused_parens, clippy::all, clippy::pedantic)]
                let __resil_store = #chosen;
            )
        });
        let says = cx.key_says(&self.key, self.span);
        entry.push(quote_spanned! {at=>
            static __RESIL_IDEMPOTENT: #site = #site::new(&__RESIL_SITE, #name) #says;
            #[allow(unused_parens, clippy::all, clippy::pedantic)]
            let __resil_key = #builder::new() #parts .finish();
            #fingerprint
            #store
        });
    }

    /// Writes the builder calls for the options that are given.
    fn policy(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let policy = cx.private("IdempotentPolicy", self.span);
        let mut calls = TokenStream::new();
        if let Some(ttl) = &self.ttl {
            let ttl = cx.constant(ttl, &not_zero("ttl"), entry);
            calls.extend(quote_spanned!(at=> .ttl(#ttl)));
        }
        if let Some(lease) = &self.lease {
            let bound = ConstBound {
                option: "lease",
                ty: ConstType::Duration,
                holds: quote_spanned!(at=> __resil_v.as_millis() >= 30),
                must: "at least 30ms",
            };
            let lease = cx.constant(lease, &bound, entry);
            calls.extend(quote_spanned!(at=> .lease(#lease)));
        }
        if self.conflict_reject {
            let conflict = cx.private("Conflict", self.span);
            calls.extend(quote_spanned!(at=> .conflict(#conflict::Reject)));
        }
        if self.indeterminate.is_some() {
            let on_abandon = cx.private("OnAbandon", self.span);
            calls.extend(quote_spanned!(at=> .on_abandon(#on_abandon::Indeterminate)));
        }
        if let Some(version) = &self.version {
            let version = cx.constant(version, &any_count("version"), entry);
            calls.extend(quote_spanned!(at=> .version(#version)));
        }
        quote_spanned!(at=> #policy::new() #calls)
    }
}

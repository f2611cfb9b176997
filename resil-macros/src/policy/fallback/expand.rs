//! The code of `#[fallback]`: statements behind the code inside it. An error that the fallback is for
//! leaves the block of the outcome by value, so that the outcome is gone before the user's expression
//! may wait.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Lifetime;

use super::expression::{Expression, Form};
use super::options::Fallback;
use crate::emit::{
    EmitContext, Emitted, Entry, Inner, count, not_zero, option, underscored_pattern,
};
use crate::parse::Pattern;
use crate::tokens::{first_span, mixed};

impl Fallback {
    /// Puts the user's expression in the place of an error.
    pub(super) fn give(
        &self,
        expression: &Expression,
        inner: Inner,
        cx: &EmitContext<'_>,
    ) -> Emitted {
        let at = mixed(self.span);
        let value = cx.value(inner, self.span);
        let fall_back = cx.private("fall_back", self.span);
        let (conversions, caller) = (cx.conversions(), self.caller(cx));
        let (applies, text) = (self.applies(cx), self.text(cx));
        let asked = quote_spanned! {at=>
            #fall_back(__resil_r, #conversions, #caller, #applies, #text)
        };
        let flow = quote!(::core::ops::ControlFlow);
        let label = Lifetime::new("'__resil_fallback", at);
        let mut entry = Entry::default();
        // Switched off, it passes every outcome on.
        let off = cx.is_on(self.span).map(|is_on| {
            let none = quote_spanned!(at=> last_ok: ::core::option::Option::None, key: false);
            cx.describe("Fallback", &none, self.span, &mut entry);
            quote_spanned!(at=> if !#is_on { break #label __resil_r; })
        });
        let before = if expression.head.is_some() {
            quote_spanned! {at=>
                let __resil_error = {
                    let __resil_r = #value;
                    #off
                    match #asked {
                        #flow::Break(__resil_r) => break #label __resil_r,
                        #flow::Continue(__resil_e) => __resil_e,
                    }
                };
            }
        } else {
            quote_spanned! {at=>
                {
                    let __resil_r = #value;
                    #off
                    if let #flow::Break(__resil_r) = #asked {
                        break #label __resil_r;
                    }
                }
            }
        };
        let given = self.given(expression, cx);
        Emitted {
            entry,
            inner: Inner::Value(quote_spanned!(at=> #label: { #before #given })),
        }
    }

    /// Writes the outcome that the user's expression makes.
    fn given(&self, expression: &Expression, cx: &EmitContext<'_>) -> TokenStream {
        let value = cx.with_self(&expression.value);
        let span = first_span(&value);
        let at = mixed(self.span);
        let wrap = cx.private("wrap_body", self.span);
        let conversions = cx.conversions();
        let bind = expression.head.as_ref().map(|head| {
            let at = mixed(first_span(head));
            let silent = underscored_pattern(head, at);
            quote_spanned!(at=> #silent let #head = __resil_error;)
        });
        // A `return` of the declared type pins `?` and inference to that type; it is never executed.
        let ret = &cx.ret;
        let ret_span = ret.first_span();
        let never = cx.private("never", ret_span);
        let dead_return = quote_spanned! {mixed(ret_span)=>
            if false {
                return #never::<#ret>();
            }
        };
        let own = Span::mixed_site().located_at(span);
        let value = match expression.form {
            Form::Result => value,
            Form::Success => quote_spanned!(own=> ::core::result::Result::Ok(#value)),
            Form::Either => {
                let into = cx.private("fallback_value", span);
                quote_spanned!(own=> #into(#conversions, #value))
            }
        };
        let content = quote!(#bind #dead_return #value);
        let outcome = quote_spanned!(at=> #wrap(__resil_r, #conversions));
        let inner = cx.run(&TokenStream::new(), &content, outcome, span);
        cx.value(inner, self.span)
    }

    /// Puts the last good value in the place of an error.
    pub(super) fn give_last_ok(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let at = mixed(self.span);
        let mut entry = Entry::default();
        let mut policy = self.policy(cx, &mut entry);
        let off = cx.is_on(self.span).map(|is_on| {
            let has_key = self.key.is_some();
            let some = quote_spanned!(at=> ::core::option::Option::Some(#policy));
            let written = quote_spanned!(at=> last_ok: #some, key: #has_key);
            cx.describe("Fallback", &written, self.span, &mut entry);
            quote_spanned!(at=> if !#is_on { __resil_r } else)
        });
        policy = if off.is_some() {
            cx.in_force("last_ok", self.span, None)
        } else {
            quote_spanned!(at=> const { &#policy })
        };
        let site = cx.private("LastOkSite", self.span);
        entry.push(quote_spanned! {at=>
            static __RESIL_FALLBACK: #site = #site::new(&__RESIL_SITE);
        });
        let key = self.key.as_ref().map(|key| {
            let key = cx.with_self_on_entry(key);
            let of_key = quote_spanned!(mixed(first_span(&key))=> &(#key));
            let make = cx.private("LastOkKey", self.span);
            entry.push(quote_spanned! {at=>
                #[allow(unused_parens, clippy::all, clippy::pedantic)]
                let __resil_last_key = #make::of(#of_key);
            });
            quote_spanned!(at=> &__resil_last_key)
        });
        let key = option(key.as_ref(), at);
        let value = cx.value(inner, self.span);
        let has_patterns = self.on.is_some() || self.unless.is_some();
        let expose_error = has_patterns.then(|| cx.expose_error(self.span));
        let (types, of, caller) = (cx.types(self.span), cx.recorded("last_ok"), self.caller(cx));
        let (applies, text) = (self.applies(cx), self.text(cx));
        let mut kept = quote_spanned! {at=>
            (&__RESIL_FALLBACK).of(#types).last_ok(
                (#policy, #key), __resil_r, &#of, #caller, #applies, #text
            )
        };
        if off.is_some() {
            kept = quote_spanned!(at=> #off { #kept });
        }
        let inner = Inner::Value(quote_spanned! {at=> {
            let __resil_r = #value;
            #expose_error
            #kept
        }});
        Emitted { entry, inner }
    }

    /// Writes the builder calls for the options of `last_ok` that are given.
    fn policy(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let policy = cx.private("LastOkPolicy", self.span);
        let mut calls = TokenStream::new();
        if let Some(max_age) = &self.max_age {
            let max_age = cx.constant(max_age, &not_zero("max_age"), entry);
            calls.extend(quote_spanned!(at=> .max_age(#max_age)));
        }
        if let Some(max_keys) = &self.max_keys {
            let bound = count("max_keys", 1, u32::MAX, "at least 1");
            let max_keys = cx.constant(max_keys, &bound, entry);
            calls.extend(quote_spanned!(at=> .max_keys(#max_keys)));
        }
        quote_spanned!(at=> #policy::new() #calls)
    }

    /// Writes what the event says of the call.
    fn caller(&self, cx: &EmitContext<'_>) -> TokenStream {
        let (site, call) = (EmitContext::site(self.span), cx.call_state(self.span));
        quote_spanned!(mixed(self.span)=> (#site, #call))
    }

    /// Writes a closure that tells whether the fallback is for an error. `unless` takes precedence.
    fn applies(&self, cx: &EmitContext<'_>) -> TokenStream {
        let hit = |p: &Pattern| cx.matches(p, &quote!(__resil_e));
        // At the user's pattern, whose guard may name an argument that the body has moved.
        let at = self.on.as_ref().or(self.unless.as_ref());
        let at = mixed(at.map_or(self.span, |p| p.span));
        match (self.on.as_ref().map(hit), self.unless.as_ref().map(hit)) {
            (None, None) => quote_spanned!(at=> |_: &_| true),
            (Some(on), None) => quote_spanned!(at=> |__resil_e: &_| #on),
            (None, Some(unless)) => {
                quote_spanned!(at=> |__resil_e: &_| if #unless { false } else { true })
            }
            (Some(on), Some(unless)) => {
                quote_spanned!(at=> |__resil_e: &_| if #unless { false } else { #on })
            }
        }
    }

    /// Writes a closure that tells where the text of an error comes from.
    fn text(&self, cx: &EmitContext<'_>) -> TokenStream {
        let text = cx.private("ErrorTextProbe", self.span);
        quote_spanned!(mixed(self.span)=> |__resil_e: &_| #text::new(__resil_e).__resil_shown(__resil_e))
    }
}

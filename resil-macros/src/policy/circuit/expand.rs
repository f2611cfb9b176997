//! The code of `#[circuit]`: it asks for a permit before the code inside it runs, and records the
//! outcome after.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Lifetime;

use super::options::Circuit;
use super::settings::Setting;
use crate::emit::{EmitContext, Emitted, Entry, Inner, option};
use crate::facts::Facts;
use crate::parse::Const;
use crate::tokens::{first_span, mixed};

impl Circuit {
    pub(super) fn wrap(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let mut entry = Entry::default();
        let at = mixed(self.span);
        let failure = cx.private("Failure", self.span);
        let policy = self.policy(cx, &mut entry);
        let mut admit = self.admit(&policy, cx, &mut entry);
        let replays = cx.below().iter().any(|layer| layer.replays);
        if replays && cx.above().iter().any(Facts::runs_again) {
            // Each attempt has a permit of its own. The outcome may be a replay, so the circuit has
            // to know whether the body ran under this permit.
            admit = quote_spanned!(at=> { __resil_call.forget_runs(); #admit });
        }
        let value = cx.under_permit(inner, self.span).awaited(self.span);
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
            let __resil_r = #value;
            #expose_error
            let __resil_r = (&__resil_permit).#settle;
            ::core::mem::forget(__resil_permit);
            __resil_r
        }});
        Emitted { entry, inner }
    }

    /// Writes the request for a permit, from the breaker of the site or of the key. The key is computed
    /// once per call, before anything runs, wherever the attribute stands.
    fn admit(&self, policy: &TokenStream, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        entry.push(self.site(cx));
        let site = if self.name.is_some() {
            quote_spanned!(at=> (&__RESIL_CIRCUIT))
        } else {
            let types = cx.types(self.span);
            quote_spanned!(at=> (&__RESIL_CIRCUIT).of(#types))
        };
        let policy = if self.may_be_generic() {
            quote_spanned!(at=> #site.instance(#policy))
        } else {
            policy.clone()
        };
        let Some(key) = &self.key else {
            return quote_spanned!(at=> #site.admit(#policy, __resil_call));
        };
        let key = cx.with_self(key);
        let of_key = quote_spanned!(mixed(first_span(&key))=> &(#key));
        entry.push(quote_spanned! {at=>
            #[allow(unused_parens, clippy::all, clippy::pedantic)]
            let __resil_breaker = &#site.keyed(#policy, #of_key);
        });
        quote_spanned!(at=> __resil_breaker.admit(__resil_call))
    }

    /// Whether instances of a generic function, which share the static, may have different settings.
    fn may_be_generic(&self) -> bool {
        let base = self.policy.as_ref().is_some_and(Const::may_be_generic);
        base || self.settings().iter().any(Setting::may_be_generic)
    }

    /// Writes the static state of the site: its breaker.
    fn site(&self, cx: &EmitContext<'_>) -> TokenStream {
        let at = mixed(self.span);
        let ty = cx.private("CircuitSite", self.span);
        let name = option(self.name.as_ref(), at);
        quote_spanned! {at=>
            static __RESIL_CIRCUIT: #ty = #ty::new(&__RESIL_SITE, #name);
        }
    }

    /// Writes the settings; `None` for a circuit that has a name alone. It uses the settings of the
    /// other circuits of that name.
    fn policy(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let policy = cx.private("CircuitPolicy", self.span);
        let settings = self.settings();
        let calls: TokenStream = settings
            .iter()
            .map(|setting| setting.call(self.span, cx, entry))
            .collect();
        let base = match &self.policy {
            Some(base) => cx.base_policy(base, &policy, "circuit", entry),
            None if settings.is_empty() && self.name.is_some() => {
                return quote_spanned!(at=> ::core::option::Option::None);
            }
            None => quote_spanned!(at=> #policy::new()),
        };
        quote_spanned!(at=> const { ::core::option::Option::Some(&#base #calls) })
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

//! Statements around what is inside: a permit before, the outcome recorded after.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{Circuit, Window};
use crate::check::Layer;
use crate::expand::constant::{Bound, Ty, count, not_zero, ratio};
use crate::expand::{Cx, Inner, mixed, option};
use crate::input::first_span;
use crate::parse::Const;

impl Circuit {
    pub(crate) fn expand(
        &self,
        inner: Inner,
        above: &[Layer],
        below: &[Layer],
        cx: &Cx<'_>,
    ) -> Inner {
        let at = mixed(self.span);
        let failure = cx.private("Failure", self.span);
        let policy = self.policy(cx);
        let mut admit = self.admit(&policy, cx);
        let claims = below.iter().any(|l| matches!(l, Layer::Idempotent(_)));
        if claims && above.iter().any(Layer::runs_again) {
            // Each attempt has a permit of its own: of that one it is asked whether a body ran, where
            // an answer may be a replay.
            admit = quote_spanned!(at=> { __resil_mark.forget_runs(); #admit });
        }
        let value = match inner {
            Inner::Future(future) => {
                let under_permit = cx.private("under_permit", self.span);
                quote_spanned!(at=> #under_permit(__resil_under, #future).await)
            }
            Inner::Value(value) => value,
        };
        let look = (self.on.is_some() || self.ignore.is_some()).then(|| cx.look(self.span));
        let (verdict, class) = (self.verdict(cx), cx.class(self.span));
        let settle = match &self.on_ok {
            None => quote_spanned!(at=> settle(&__resil_r, #verdict, #class)),
            Some(on_ok) => {
                let on_ok = cx.on_value(Some(on_ok), self.span);
                quote_spanned!(at=> settle_by_value(&__resil_r, #on_ok, #verdict, #class))
            }
        };
        Inner::Value(quote_spanned! {at=>
            match #admit {
                ::core::result::Result::Err(__resil_refusal) => {
                    ::core::result::Result::Err(#failure::Policy(__resil_refusal))
                }
                ::core::result::Result::Ok(__resil_permit) => {
                    let __resil_under = &__resil_permit;
                    let __resil_r = #value;
                    #look
                    __resil_permit.#settle;
                    __resil_r
                }
            }
        })
    }

    /// The call of the breaker: that of the site, or that of the key, which is made once per call,
    /// before anything runs, wherever the attribute stands.
    fn admit(&self, policy: &TokenStream, cx: &Cx<'_>) -> TokenStream {
        let at = mixed(self.span);
        self.site(cx);
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
            return quote_spanned!(at=> #site.admit(#policy, __resil_mark));
        };
        let key = cx.this(key);
        let of_key = quote_spanned!(mixed(first_span(&key))=> &(#key));
        cx.on_entry(&quote_spanned! {at=>
            #[allow(unused_parens, clippy::all, clippy::pedantic)]
            let __resil_breaker = &#site.keyed(#policy, #of_key);
        });
        quote_spanned!(at=> __resil_breaker.admit(__resil_mark))
    }

    /// Whether instances of a generic function may differ in what is set: then each has to be looked
    /// at, as they share the static.
    fn may_be_generic(&self) -> bool {
        fn any<T>(value: Option<&Const<T>>) -> bool {
            matches!(value, Some(Const::Inline { .. }))
        }
        any(self.failures.as_ref())
            || any(self.failure_rate.as_ref())
            || match &self.window {
                Some(Window::Calls(n)) => any(Some(n)),
                Some(Window::Time(d)) => any(Some(d)),
                Some(Window::Expr(e)) => any(Some(e)),
                None => false,
            }
            || any(self.min_calls.as_ref())
            || any(self.slow.as_ref())
            || any(self.slow_rate.as_ref())
            || any(self.open_for.as_ref())
            || any(self.open_max.as_ref())
            || any(self.probes.as_ref())
            || any(self.max_keys.as_ref())
            || any(self.policy.as_ref())
    }

    fn site(&self, cx: &Cx<'_>) {
        let at = mixed(self.span);
        let ty = cx.private("CircuitSite", self.span);
        let name = option(self.name.as_ref(), at);
        cx.on_entry(&quote_spanned! {at=>
            static __RESIL_CIRCUIT: #ty = #ty::new(&__RESIL_SITE, #name);
        });
    }

    /// The settings that are written; `None` where only a name is: it uses what others have set.
    fn policy(&self, cx: &Cx<'_>) -> TokenStream {
        let at = mixed(self.span);
        let policy = cx.private("CircuitPolicy", self.span);
        let mut calls = TokenStream::new();
        let mut call = |method: &str, value: TokenStream| {
            let method = proc_macro2::Ident::new(method, at);
            calls.extend(quote_spanned!(at=> .#method(#value)));
        };
        if let Some(v) = &self.failures {
            call(
                "failures",
                cx.constant(v, &count("failures", 1, 65_535, "between 1 and 65535")),
            );
        }
        if let Some(v) = &self.failure_rate {
            call("failure_rate", cx.constant(v, &ratio("failure_rate")));
        }
        if let Some(v) = &self.window {
            call("window", self.window_value(v, cx));
        }
        if let Some(v) = &self.min_calls {
            call(
                "min_calls",
                cx.constant(v, &count("min_calls", 1, u32::MAX, "at least 1")),
            );
        }
        if let Some(v) = &self.slow {
            call("slow", cx.constant(v, &not_zero("slow")));
        }
        if let Some(v) = &self.slow_rate {
            call("slow_rate", cx.constant(v, &ratio("slow_rate")));
        }
        if let Some(v) = &self.open_for {
            call("open_for", cx.constant(v, &not_zero("open_for")));
        }
        if let Some(v) = &self.open_max {
            call("open_max", cx.constant(v, &not_zero("open_max")));
        }
        if let Some(v) = &self.probes {
            call(
                "probes",
                cx.constant(v, &count("probes", 1, 255, "between 1 and 255")),
            );
        }
        if let Some(v) = &self.max_keys {
            call(
                "max_keys",
                cx.constant(v, &count("max_keys", 1, u32::MAX, "at least 1")),
            );
        }
        let base = match &self.policy {
            Some(base) => cx.base_policy(base, &policy, "circuit"),
            None if calls.is_empty() && self.name.is_some() => {
                return quote_spanned!(at=> ::core::option::Option::None);
            }
            None => quote_spanned!(at=> #policy::new()),
        };
        quote_spanned!(at=> const { ::core::option::Option::Some(&#base #calls) })
    }

    fn window_value(&self, window: &Window, cx: &Cx<'_>) -> TokenStream {
        let at = mixed(self.span);
        let ty = cx.private("Window", self.span);
        match window {
            Window::Calls(n) => {
                let n = cx.constant(n, &count("window", 1, 10_000, "between 1 and 10000 calls"));
                quote_spanned!(at=> #ty::Calls(#n))
            }
            Window::Time(d) => {
                let bound = Bound {
                    option: "window",
                    ty: Ty::Duration,
                    holds: quote_spanned!(at=> __resil_v.as_millis() >= 100),
                    must: "at least 100ms",
                };
                let d = cx.constant(d, &bound);
                quote_spanned!(at=> #ty::Time(#d))
            }
            Window::Expr(value) => {
                // A name says neither `u32` nor `Duration`: its type does.
                let at = mixed(first_span(value.tokens()));
                let (of, ty) = (cx.private("WindowOf", at), cx.private("Window", at));
                let tokens = cx.this(value.tokens());
                let made = quote_spanned!(at=> #of(#tokens).window());
                let check = quote_spanned!(at=> ::core::assert!(
                    __resil_v.is_in_range(),
                    "resil: `window` must be between 1 and 10000 calls, or at least 100ms",
                ););
                if let Const::Inline { .. } = value {
                    return quote_spanned!(at=> { let __resil_v = #made; #check __resil_v });
                }
                cx.on_entry(&quote_spanned! {at=>
                    const __RESIL_WINDOW: #ty = #made;
                    const _: () = { let __resil_v = __RESIL_WINDOW; #check };
                });
                quote_spanned!(at=> __RESIL_WINDOW)
            }
        }
    }

    /// What `ignore` and `on` say of an error: `ignore` wins, `on` decides alone.
    fn verdict(&self, cx: &Cx<'_>) -> TokenStream {
        let at = mixed(self.span);
        let ty = cx.private("CircuitVerdict", self.span);
        let some = quote!(::core::option::Option::Some);
        if self.on.is_none() && self.ignore.is_none() {
            return quote_spanned!(at=> |_: &_| ::core::option::Option::None);
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
        quote_spanned!(at=> |__resil_e: &_| { #ignore #rest })
    }
}

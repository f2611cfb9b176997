//! The settings of a breaker that are written, as one list for code and docs.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::options::{Circuit, Window};
use crate::emit::{
    ConstBound, ConstType, EmitContext, Entry, Setting, SettingCode, count, not_zero,
};
use crate::parse::Const;
use crate::tokens::{first_span, mixed};

impl Circuit {
    /// Returns the settings that are written.
    pub(super) fn settings(&self) -> Vec<Setting<'_>> {
        const ANY: (u32, u32) = (1, u32::MAX);
        let window = self.window.as_ref().map(|w| w as &dyn SettingCode);
        [
            Setting::count(
                "failures",
                self.failures.as_ref(),
                (1, 65_535),
                "between 1 and 65535",
            ),
            Setting::ratio("failure_rate", self.failure_rate.as_ref()),
            Setting::other("window", window),
            Setting::count("min_calls", self.min_calls.as_ref(), ANY, "at least 1"),
            Setting::duration("slow", self.slow.as_ref(), not_zero),
            Setting::ratio("slow_rate", self.slow_rate.as_ref()),
            Setting::duration("open_for", self.open_for.as_ref(), not_zero),
            Setting::duration("open_max", self.open_max.as_ref(), not_zero),
            Setting::count(
                "probes",
                self.probes.as_ref(),
                (1, 255),
                "between 1 and 255",
            ),
            Setting::count("max_keys", self.max_keys.as_ref(), ANY, "at least 1"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl SettingCode for Window {
    fn tokens(&self) -> &TokenStream {
        match self {
            Self::Calls(value) => value.tokens(),
            Self::Time(value) => value.tokens(),
            Self::Expr(value) => value.tokens(),
        }
    }

    fn may_be_generic(&self) -> bool {
        match self {
            Self::Calls(value) => value.may_be_generic(),
            Self::Time(value) => value.may_be_generic(),
            Self::Expr(value) => value.may_be_generic(),
        }
    }

    fn value(&self, span: Span, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(span);
        let ty = cx.private("Window", span);
        match self {
            Self::Calls(n) => {
                let n = cx.constant(
                    n,
                    &count("window", 1, 10_000, "between 1 and 10000 calls"),
                    entry,
                );
                quote_spanned!(at=> #ty::Calls(#n))
            }
            Self::Time(d) => {
                let bound = ConstBound {
                    option: "window",
                    ty: ConstType::Duration,
                    holds: quote_spanned!(at=> __resil_v.as_millis() >= 100),
                    must: "at least 100ms",
                };
                let d = cx.constant(d, &bound, entry);
                quote_spanned!(at=> #ty::Time(#d))
            }
            Self::Expr(value) => {
                // The tokens don't tell `u32` from `Duration`, the type of the value does.
                let at = mixed(first_span(value.tokens()));
                let (of, ty) = (cx.private("WindowOf", at), cx.private("Window", at));
                let tokens = cx.with_self(value.tokens());
                let made = quote_spanned!(at=> #of(#tokens).window());
                let check = quote_spanned!(at=> ::core::assert!(
                    __resil_v.is_in_range(),
                    "`window` must be between 1 and 10000 calls, or at least 100ms",
                ););
                if let Const::Inline { .. } = value {
                    entry.is_not_judged(cx.layer);
                    return quote_spanned!(at=> { let __resil_v = #made; #check __resil_v });
                }
                entry.has_constant(cx.layer, first_span(value.tokens()));
                entry.push(quote_spanned! {at=>
                    const __RESIL_WINDOW: #ty = #made;
                    const _: () = { let __resil_v = __RESIL_WINDOW; #check };
                });
                quote_spanned!(at=> __RESIL_WINDOW)
            }
        }
    }
}

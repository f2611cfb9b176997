//! The settings of a breaker that are written, as one list for code and docs.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::options::{Circuit, Window};
use crate::emit::{ConstBound, ConstType, EmitContext, Entry, count, not_zero, ratio};
use crate::parse::Const;
use crate::tokens::{first_span, mixed};

/// One setting. The builder's method has the name of the option.
pub(super) struct Setting<'a> {
    pub(super) name: &'static str,
    value: SettingValue<'a>,
}

enum SettingValue<'a> {
    Count {
        value: &'a Const<u32>,
        most: u32,
        must: &'static str,
    },
    Ratio(&'a Const<f64>),
    Duration(&'a Const<Duration>),
    Window(&'a Window),
}

impl Circuit {
    /// Returns the settings that are written.
    pub(super) fn settings(&self) -> Vec<Setting<'_>> {
        [
            self.failures
                .as_ref()
                .map(|v| ("failures", count_of(v, 65_535, "between 1 and 65535"))),
            self.failure_rate
                .as_ref()
                .map(|v| ("failure_rate", SettingValue::Ratio(v))),
            self.window
                .as_ref()
                .map(|v| ("window", SettingValue::Window(v))),
            self.min_calls
                .as_ref()
                .map(|v| ("min_calls", count_of(v, u32::MAX, "at least 1"))),
            self.slow
                .as_ref()
                .map(|v| ("slow", SettingValue::Duration(v))),
            self.slow_rate
                .as_ref()
                .map(|v| ("slow_rate", SettingValue::Ratio(v))),
            self.open_for
                .as_ref()
                .map(|v| ("open_for", SettingValue::Duration(v))),
            self.open_max
                .as_ref()
                .map(|v| ("open_max", SettingValue::Duration(v))),
            self.probes
                .as_ref()
                .map(|v| ("probes", count_of(v, 255, "between 1 and 255"))),
            self.max_keys
                .as_ref()
                .map(|v| ("max_keys", count_of(v, u32::MAX, "at least 1"))),
        ]
        .into_iter()
        .flatten()
        .map(|(name, value)| Setting { name, value })
        .collect()
    }
}

fn count_of<'a>(value: &'a Const<u32>, most: u32, must: &'static str) -> SettingValue<'a> {
    SettingValue::Count { value, most, must }
}

impl Setting<'_> {
    /// Returns the value as it is written.
    pub(super) fn tokens(&self) -> &TokenStream {
        match self.value {
            SettingValue::Count { value, .. } => value.tokens(),
            SettingValue::Ratio(value) => value.tokens(),
            SettingValue::Duration(value) => value.tokens(),
            SettingValue::Window(window) => window.tokens(),
        }
    }

    /// Whether the value may differ between instances of a generic function.
    pub(super) fn may_be_generic(&self) -> bool {
        match self.value {
            SettingValue::Count { value, .. } | SettingValue::Window(Window::Calls(value)) => {
                value.may_be_generic()
            }
            SettingValue::Duration(value) | SettingValue::Window(Window::Time(value)) => {
                value.may_be_generic()
            }
            SettingValue::Ratio(value) => value.may_be_generic(),
            SettingValue::Window(Window::Expr(value)) => value.may_be_generic(),
        }
    }

    /// Writes the call of the builder's method, spanned at the attribute's `span`.
    pub(super) fn call(&self, span: Span, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let value = match self.value {
            SettingValue::Count { value, most, must } => {
                cx.constant(value, &count(self.name, 1, most, must), entry)
            }
            SettingValue::Ratio(value) => cx.constant(value, &ratio(self.name), entry),
            SettingValue::Duration(value) => cx.constant(value, &not_zero(self.name), entry),
            SettingValue::Window(window) => window_value(window, span, cx, entry),
        };
        let at = mixed(span);
        let method = Ident::new(self.name, at);
        quote_spanned!(at=> .#method(#value))
    }
}

impl Window {
    fn tokens(&self) -> &TokenStream {
        match self {
            Self::Calls(value) => value.tokens(),
            Self::Time(value) => value.tokens(),
            Self::Expr(value) => value.tokens(),
        }
    }
}

fn window_value(
    window: &Window,
    span: Span,
    cx: &EmitContext<'_>,
    entry: &mut Entry,
) -> TokenStream {
    let at = mixed(span);
    let ty = cx.private("Window", span);
    match window {
        Window::Calls(n) => {
            let n = cx.constant(
                n,
                &count("window", 1, 10_000, "between 1 and 10000 calls"),
                entry,
            );
            quote_spanned!(at=> #ty::Calls(#n))
        }
        Window::Time(d) => {
            let bound = ConstBound {
                option: "window",
                ty: ConstType::Duration,
                holds: quote_spanned!(at=> __resil_v.as_millis() >= 100),
                must: "at least 100ms",
            };
            let d = cx.constant(d, &bound, entry);
            quote_spanned!(at=> #ty::Time(#d))
        }
        Window::Expr(value) => {
            // The tokens don't tell `u32` from `Duration`, the type of the value does.
            let at = mixed(first_span(value.tokens()));
            let (of, ty) = (cx.private("WindowOf", at), cx.private("Window", at));
            let tokens = cx.with_self(value.tokens());
            let made = quote_spanned!(at=> #of(#tokens).window());
            let check = quote_spanned!(at=> ::core::assert!(
                __resil_v.is_in_range(),
                "resil: `window` must be between 1 and 10000 calls, or at least 100ms",
            ););
            if let Const::Inline { .. } = value {
                return quote_spanned!(at=> { let __resil_v = #made; #check __resil_v });
            }
            entry.push(quote_spanned! {at=>
                const __RESIL_WINDOW: #ty = #made;
                const _: () = { let __resil_v = __RESIL_WINDOW; #check };
            });
            quote_spanned!(at=> __RESIL_WINDOW)
        }
    }
}

//! The settings of a policy that are written, as one list for code and docs.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::constant::{ConstBound, any_count, count, ratio};
use super::context::EmitContext;
use super::inner::Entry;
use crate::parse::Const;
use crate::tokens::{mixed, shown_whole};

/// One setting that is written. The method of the policy's builder has the name of the option.
pub(crate) struct Setting<'a> {
    pub(crate) name: &'static str,
    value: SettingValue<'a>,
}

enum SettingValue<'a> {
    Count {
        value: &'a Const<u32>,
        least: u32,
        most: u32,
        must: &'static str,
    },
    Ratio(&'a Const<f64>),
    Duration {
        value: &'a Const<Duration>,
        bound: fn(&'static str) -> ConstBound,
    },
    Other(&'a dyn SettingCode),
}

/// A value of a kind that one policy alone has.
pub(crate) trait SettingCode {
    /// Returns the value as it is written.
    fn tokens(&self) -> &TokenStream;

    /// Formats the option `name` as it is written, with its value.
    fn written(&self, name: &str) -> String {
        assigned(name, self.tokens())
    }

    /// Whether the value may differ between instances of a generic function.
    fn may_be_generic(&self) -> bool;

    /// Writes the value, spanned at the attribute's `span`.
    fn value(&self, span: Span, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream;
}

fn assigned(name: &str, value: &TokenStream) -> String {
    format!("{name} = {}", shown_whole(value))
}

impl<'a> Setting<'a> {
    /// Returns the setting of a count from `least` to `most`, if it is written.
    pub(crate) fn count(
        name: &'static str,
        value: Option<&'a Const<u32>>,
        (least, most): (u32, u32),
        must: &'static str,
    ) -> Option<Self> {
        let value = SettingValue::Count {
            value: value?,
            least,
            most,
            must,
        };
        Some(Self { name, value })
    }

    /// Returns the setting of a ratio, if it is written.
    pub(crate) fn ratio(name: &'static str, value: Option<&'a Const<f64>>) -> Option<Self> {
        let value = SettingValue::Ratio(value?);
        Some(Self { name, value })
    }

    /// Returns the setting of a duration within `bound`, if it is written.
    pub(crate) fn duration(
        name: &'static str,
        value: Option<&'a Const<Duration>>,
        bound: fn(&'static str) -> ConstBound,
    ) -> Option<Self> {
        let value = SettingValue::Duration {
            value: value?,
            bound,
        };
        Some(Self { name, value })
    }

    /// Returns the setting of another kind, if it is written.
    pub(crate) fn other(name: &'static str, value: Option<&'a dyn SettingCode>) -> Option<Self> {
        let value = SettingValue::Other(value?);
        Some(Self { name, value })
    }

    /// Returns the value as it is written.
    pub(crate) fn tokens(&self) -> &TokenStream {
        match self.value {
            SettingValue::Count { value, .. } => value.tokens(),
            SettingValue::Ratio(value) => value.tokens(),
            SettingValue::Duration { value, .. } => value.tokens(),
            SettingValue::Other(value) => value.tokens(),
        }
    }

    /// Formats the option as it is written, with its value.
    pub(crate) fn written(&self) -> String {
        match self.value {
            SettingValue::Other(value) => value.written(self.name),
            _ => assigned(self.name, self.tokens()),
        }
    }

    /// Whether the value may differ between instances of a generic function.
    pub(crate) fn may_be_generic(&self) -> bool {
        match self.value {
            SettingValue::Count { value, .. } => value.may_be_generic(),
            SettingValue::Ratio(value) => value.may_be_generic(),
            SettingValue::Duration { value, .. } => value.may_be_generic(),
            SettingValue::Other(value) => value.may_be_generic(),
        }
    }

    /// Writes the call of the builder's method, spanned at the attribute's `span`.
    pub(crate) fn call(&self, span: Span, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let value = match self.value {
            SettingValue::Count {
                value,
                least,
                most,
                must,
            } => {
                let bound = if (least, most) == (0, u32::MAX) {
                    any_count(self.name)
                } else {
                    count(self.name, least, most, must)
                };
                cx.constant(value, &bound, entry)
            }
            SettingValue::Ratio(value) => cx.constant(value, &ratio(self.name), entry),
            SettingValue::Duration { value, bound } => cx.constant(value, &bound(self.name), entry),
            SettingValue::Other(value) => value.value(span, cx, entry),
        };
        let at = mixed(span);
        let method = Ident::new(self.name, at);
        quote_spanned!(at=> .#method(#value))
    }
}

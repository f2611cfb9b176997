//! The option `adaptive` of `#[bulkhead]`, which has options of its own.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use resil_language::tables::bulkhead::ADAPTIVE;

use crate::diag::help;
use crate::emit::{EmitContext, Entry, SettingCode, count};
use crate::parse::{Args, Const, ParseContext, Value, describe, messages};
use crate::tokens::{first_span, flat, inside, mixed, shown, shown_whole, split_at_commas};

/// The runtime's bound on a limit: LANGUAGE.md, section 10.
pub(super) const MOST: u32 = 65_535;

/// The runtime's default of the highest limit.
const DEFAULT_MAX: u32 = 1_000;

/// A limit that is found from the latency of the calls, and its bounds.
#[derive(Clone, Debug)]
pub(crate) struct Adaptive {
    /// The option as it is written, without its name; empty for the bare flag.
    tokens: TokenStream,
    min: Option<Const<u32>>,
    start: Option<Const<u32>>,
    max: Option<Const<u32>>,
}

/// Returns numbers without names with those that they have in their usual order: `(1, 16, 1000)`. One alone may be any of
/// them.
fn with_names(content: &TokenStream) -> Option<String> {
    let segments = split_at_commas(content.clone());
    let names: &[&str] = match segments.len() {
        3 => &["min", "start", "max"],
        2 => &["min", "max"],
        _ => return None,
    };
    let is_number =
        |tokens: &TokenStream| matches!(flat(tokens).as_slice(), [TokenTree::Literal(_)]);
    let named = names.iter().zip(&segments).map(|(name, segment)| {
        is_number(&segment.tokens).then(|| format!("{name} = {}", shown(&segment.tokens)))
    });
    let named: Option<Vec<String>> = named.collect();
    Some(named?.join(", "))
}

impl Adaptive {
    /// Reads the bare flag, or `(min = .., start = .., max = ..)`.
    pub(super) fn read(value: &Value<'_>) -> Option<Self> {
        if value.is_flag() {
            return Some(Self {
                tokens: TokenStream::new(),
                min: None,
                start: None,
                max: None,
            });
        }
        let content = match inside(&value.tokens, Delimiter::Parenthesis) {
            Some(content) => content,
            None if value.is_in_parens() => value.tokens.clone(),
            None => {
                value.refuse_for(&describe(&value.tokens), &["adaptive".to_owned()]);
                return None;
            }
        };
        if content.is_empty() {
            value.refuse_for("the parentheses are empty", &["adaptive".to_owned()]);
            return None;
        }
        if let Some(named) = with_names(&content) {
            let text = [format!("adaptive({named})")];
            let message = messages::nameless(&ADAPTIVE, &shown(&content), Some(&text));
            value.cx.diag.error(&content, message);
            return None;
        }
        let mut args = Args::read(&ADAPTIVE, content, value.cx);
        let read = Self {
            tokens: value.tokens.clone(),
            min: args.get("min", |value| value.count(1, MOST)),
            start: args.get("start", |value| value.count(1, MOST)),
            max: args.get("max", |value| value.count(1, MOST)),
        };
        args.done();
        Some(read)
    }

    /// Checks that the bounds are in order. A `start` that is not written is moved between the others.
    pub(super) fn check_order(&self, cx: &ParseContext<'_>) {
        let (max, which) = match &self.max {
            Some(max) => (max.literal().copied(), ""),
            None => (Some(DEFAULT_MAX), "default "),
        };
        let min = self.min.as_ref().and_then(Const::literal).copied();
        let below = |name: &str, at: &Const<u32>, most: Option<u32>, which: &str| {
            let (Some(value), Some(most)) = (at.literal().copied(), most) else {
                return;
            };
            if value > most {
                let what = format!(
                    "`{name}` of `{value}` is above the {which}`max` of `{most}` in `adaptive`"
                );
                let instead = format!("write `{name} = {most}` or `max = {value}`");
                cx.diag.error(at, help(what, instead));
            }
        };
        if let Some(at) = &self.min {
            below("min", at, max, which);
        }
        if let Some(at) = &self.start {
            below("start", at, max, which);
            if let (Some(start), Some(min)) = (at.literal().copied(), min)
                && start < min
            {
                let what =
                    format!("`start` of `{start}` is below the `min` of `{min}` in `adaptive`");
                let instead = format!("write `start = {min}`");
                cx.diag.error(at, help(what, instead));
            }
        }
    }

    /// Writes what [`check_order`](Self::check_order) checks for bounds of which one is a named constant, in
    /// a `const` item at that constant.
    fn judge_order(&self, values: [&Option<TokenStream>; 3], entry: &mut Entry) {
        let bounds = [&self.min, &self.start, &self.max].into_iter().flatten();
        let constant = bounds.clone().find(|bound| bound.is_named_constant());
        let (Some(constant), false) = (constant, bounds.clone().any(Const::may_be_generic)) else {
            return;
        };
        let at = mixed(first_span(constant.tokens()));
        let most = values[2].clone().unwrap_or_else(|| {
            let most = DEFAULT_MAX;
            quote_spanned!(at=> #most)
        });
        let mut judge = |low: &Option<TokenStream>, high: &Option<TokenStream>, message: &str| {
            if let (Some(low), Some(high)) = (low, high) {
                entry.push(
                    quote_spanned!(at=> const _: () = ::core::assert!(#low <= #high, #message);),
                );
            }
        };
        let [min, start, _] = values;
        let most = Some(most);
        judge(
            min,
            &most,
            "`min` is above the `max` in `adaptive` (by default 1000); write a smaller `min` or a greater `max`",
        );
        judge(
            start,
            &most,
            "`start` is above the `max` in `adaptive` (by default 1000); write a smaller `start` or a greater `max`",
        );
        judge(
            min,
            start,
            "`start` is below the `min` in `adaptive`; write a greater `start` or a smaller `min`",
        );
    }

    /// Describes the limit: `between A and B`.
    pub(super) fn bounds_in_words(
        &self,
        show: impl Fn(Option<&Const<u32>>, u32) -> String,
    ) -> String {
        let (min, max) = (
            show(self.min.as_ref(), 1),
            show(self.max.as_ref(), DEFAULT_MAX),
        );
        format!("between {min} and {max}")
    }
}

impl SettingCode for Adaptive {
    fn tokens(&self) -> &TokenStream {
        &self.tokens
    }

    fn written(&self, name: &str) -> String {
        match shown_whole(&self.tokens) {
            bounds if bounds.is_empty() => name.to_owned(),
            bounds => format!("{name}({bounds})"),
        }
    }

    fn may_be_generic(&self) -> bool {
        let mut bounds = [&self.min, &self.start, &self.max].into_iter().flatten();
        bounds.any(Const::may_be_generic)
    }

    fn value(&self, span: Span, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(span);
        let ty = cx.private("AdaptiveLimit", span);
        let mut bound = |name: &'static str, value: &Option<Const<u32>>| {
            let value = value.as_ref()?;
            let must = count(name, 1, MOST, "between 1 and 65535");
            Some(cx.constant(value, &must, entry))
        };
        let min = bound("min", &self.min);
        let start = bound("start", &self.start);
        let max = bound("max", &self.max);
        self.judge_order([&min, &start, &max], entry);
        let min = min.map(|min| quote_spanned!(at=> .min(#min)));
        let start = start.map(|start| quote_spanned!(at=> .start(#start)));
        let max = max.map(|max| quote_spanned!(at=> .max(#max)));
        quote_spanned!(at=> #ty::new() #min #start #max)
    }
}

//! `#[retry]`: runs the body again after a delay, while its errors ask for it.

pub(super) mod budget;
mod delays;
mod expand;
pub(super) mod options;
mod parse;
mod pause;
mod rules;
mod words;
mod worst_case;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use self::options::{Max, Retry, SPEC};
use crate::emit::{EmitContext, Emitted, Inner};
use crate::facts::{Facts, Repeats};
use crate::parse::{ParseContext, any_guard_names_arguments};
use crate::policy::WorstCase;
use crate::policy::{Attribute, Parsed, Policy};
use crate::tokens::mixed;

pub(super) static ATTRIBUTE: Attribute = Attribute {
    name: NAME,
    options: &SPEC,
    may_repeat: true,
    nameless: "",
    replaces: &REPLACES,
    parse: Parsed::read::<Retry>,
};

const NAME: &str = "retry";

const REPLACES: [(&[&str], &[&str]); 7] = [
    (
        &["constant", "linear", "fibonacci"],
        &["exponential", "factor"],
    ),
    (
        &["constant", "linear", "exponential", "fibonacci"],
        &[
            "constant",
            "linear",
            "exponential",
            "fibonacci",
            "delays",
            "backoff",
        ],
    ),
    (
        &["delays", "backoff"],
        &[
            "constant",
            "linear",
            "exponential",
            "fibonacci",
            "base",
            "factor",
            "delays",
            "backoff",
        ],
    ),
    (&["delays"], &["cap"]),
    (&["base", "factor"], &["delays", "backoff"]),
    (&["cap"], &["delays"]),
    (&["on", "unless"], &["on", "unless"]),
];

impl Policy for Retry {
    fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Result<Self, Box<Facts>> {
        Ok(Self::read(args, span, cx))
    }

    fn check(&self, cx: &ParseContext<'_>) {
        self.check_options(cx);
    }

    fn facts(&self) -> Facts {
        let unlimited = match self.max {
            Some(Max::Unlimited(span)) => Some(span),
            _ => None,
        };
        let tokens = match &self.max {
            Some(Max::Count(count)) => count.to_token_stream(),
            _ => TokenStream::new(),
        };
        let repeats = Repeats {
            tokens,
            unlimited,
            more_than_once: self.runs_again(),
            within: self.written.within.is_some(),
            runs: self.runs(),
            shortest: self.shortest(),
        };
        Facts {
            repeats: Some(repeats),
            in_place: true,
            uses_arguments_after: self.asks_arguments
                || any_guard_names_arguments([&self.on, &self.unless, &self.on_ok]),
            only_async: None,
            clones: self.clone.clone(),
            attempt: self.attempt.clone(),
            classifies: self.classifies(),
            ..Facts::new(NAME, self.span)
        }
    }

    fn expand(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        self.wrap(inner, cx)
    }

    fn wrap_body(&self, body: TokenStream, span: Span, cx: &EmitContext<'_>) -> TokenStream {
        let is_on = cx.is_on_in_group(|layer| layer.repeats.is_some(), span);
        let (suffix, is_on) = match is_on {
            Some(is_on) => ("_if", quote_spanned!(mixed(span)=> #is_on,)),
            None => ("", TokenStream::new()),
        };
        if cx.stack.is_async {
            let attempt = cx.private(&format!("attempt{suffix}"), span);
            quote_spanned!(mixed(span)=> #attempt(#is_on &__RESIL_RETRY, #body))
        } else {
            let attempt = cx.private(&format!("run_attempt{suffix}"), span);
            let body = EmitContext::calling(&body, span);
            quote_spanned!(mixed(span)=> #attempt(#is_on &__RESIL_RETRY, #body))
        }
    }

    fn words(&self) -> String {
        self.in_words()
    }

    fn live(&self) -> Option<&'static str> {
        Some("Retry")
    }

    fn worst_case(&self, inside: WorstCase) -> WorstCase {
        self.repeated(inside)
    }
}

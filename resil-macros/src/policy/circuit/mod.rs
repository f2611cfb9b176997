//! `#[circuit]`: stops calling a side that fails, and probes it again later.

mod expand;
pub(super) mod options;
mod parse;
mod rules;
mod settings;
mod words;

use proc_macro2::{Span, TokenStream};

use self::options::{Circuit, SPEC};
use crate::emit::{EmitContext, Emitted, Inner};
use crate::facts::Facts;
use crate::parse::{ParseContext, any_guard_names_arguments};
use crate::policy::{Attribute, Parsed, Policy};

pub(super) static ATTRIBUTE: Attribute = Attribute {
    name: NAME,
    options: &SPEC,
    may_repeat: false,
    nameless: "",
    replaces: &[(&["on", "ignore"], &["on", "ignore"])],
    parse: Parsed::read::<Circuit>,
};

const NAME: &str = "circuit";

impl Policy for Circuit {
    fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Result<Self, Box<Facts>> {
        Ok(Self::read(args, span, cx))
    }

    fn check(&self, cx: &ParseContext<'_>) {
        self.check_options(cx);
    }

    fn facts(&self) -> Facts {
        Facts {
            can_refuse: true,
            needs_call_state: true,
            holds_permit: true,
            uses_arguments_after: any_guard_names_arguments([&self.on, &self.ignore, &self.on_ok]),
            only_async: None,
            classifies: self.classifies(),
            ..Facts::new(NAME, self.span)
        }
    }

    fn expand(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        self.wrap(inner, cx)
    }

    fn words(&self) -> String {
        self.in_words()
    }

    fn live(&self) -> Option<&'static str> {
        Some("Circuit")
    }
}

//! `#[fallback]`: what comes instead of an error.

mod expand;
mod expression;
pub(super) mod options;
mod parse;
mod rules;
mod words;

use proc_macro2::{Span, TokenStream};

use self::options::{Fallback, NAME, SPEC, Source, facts};
use crate::emit::{EmitContext, Emitted, Inner};
use crate::facts::Facts;
use crate::parse::ParseContext;
use crate::policy::WorstCase;
use crate::policy::{Attribute, Parsed, Policy};

const REPLACES: [(&[&str], &[&str]); 3] = [
    (&[""], &["last_ok", "max_age", "key", "max_keys"]),
    (&["last_ok"], &[""]),
    (&["on", "unless"], &["on", "unless"]),
];

pub(super) static ATTRIBUTE: Attribute = Attribute {
    name: NAME,
    options: &SPEC,
    may_repeat: false,
    nameless: "value",
    replaces: &REPLACES,
    parse: Parsed::read::<Fallback>,
};

impl Policy for Fallback {
    fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Result<Self, Box<Facts>> {
        Self::read(args, span, cx)
    }

    fn check(&self, cx: &ParseContext<'_>) {
        self.check_options(cx);
    }

    fn facts(&self) -> Facts {
        facts(self.span, self.uses_arguments)
    }

    fn expand(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        match &self.source {
            Source::Expression(expression) => self.give(expression, inner, cx),
            Source::LastOk => self.give_last_ok(inner, cx),
        }
    }

    fn words(&self) -> String {
        self.in_words()
    }

    fn worst_case(&self, inside: WorstCase) -> WorstCase {
        match &self.source {
            Source::Expression(expression) if expression.takes_time() => inside.before_a_fallback(),
            _ => inside,
        }
    }
}

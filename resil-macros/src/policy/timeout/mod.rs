//! `#[timeout]`: ends the code inside it after some time.

mod expand;
pub(super) mod options;
mod parse;
mod words;

use proc_macro2::{Span, TokenStream};

use self::options::{NAME, SPEC, Timeout, facts};
use self::words::limit_in_words;
use crate::emit::{EmitContext, Emitted, Inner};
use crate::facts::Facts;
use crate::parse::ParseContext;
use crate::policy::WorstCase;
use crate::policy::{Attribute, Parsed, Policy};

pub(super) static ATTRIBUTE: Attribute = Attribute {
    name: NAME,
    options: &SPEC,
    may_repeat: false,
    nameless: "limit",
    replaces: &[],
    parse: Parsed::read::<Timeout>,
};

impl Policy for Timeout {
    fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Result<Self, Box<Facts>> {
        Self::read(args, span, cx)
    }

    fn facts(&self) -> Facts {
        facts(self.span, self.limit.literal(), self.limit.tokens().clone())
    }

    fn expand(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        self.wrap(inner, cx)
    }

    fn words(&self) -> String {
        self.in_words()
    }

    fn worst_case(&self, inside: WorstCase) -> WorstCase {
        match self.limit.literal() {
            Some(limit) => inside.limited_to(limit),
            None => inside.limited_by(limit_in_words(&self.limit)),
        }
    }
}

//! `#[hedge]`: starts the code inside it once more beside the first run, while that gives no answer.

mod after;
mod expand;
pub(super) mod options;
mod parse;
mod words;
mod worst_case;

use proc_macro2::{Span, TokenStream};

use self::options::{Hedge, NAME, SPEC, facts};
use crate::emit::{EmitContext, Emitted, Inner};
use crate::facts::Facts;
use crate::parse::ParseContext;
use crate::policy::clones::check_clones;
use crate::policy::{Attribute, Parsed, Policy, WorstCase};

pub(super) static ATTRIBUTE: Attribute = Attribute {
    name: NAME,
    options: &SPEC,
    may_repeat: true,
    nameless: "",
    replaces: &[(&["on", "unless"], &["on", "unless"])],
    parse: Parsed::read::<Hedge>,
};

impl Policy for Hedge {
    fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Result<Self, Box<Facts>> {
        Self::read(args, span, cx)
    }

    fn check(&self, cx: &ParseContext<'_>) {
        check_clones(&self.clone, "copy", cx);
    }

    fn facts(&self) -> Facts {
        facts(self)
    }

    fn expand(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        self.wrap(inner, cx)
    }

    fn words(&self) -> String {
        self.in_words()
    }

    fn live(&self) -> Option<&'static str> {
        Some("Hedge")
    }

    fn worst_case(&self, inside: WorstCase) -> WorstCase {
        self.copied(inside)
    }
}

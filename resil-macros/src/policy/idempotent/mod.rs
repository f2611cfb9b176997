//! `#[idempotent]`: for each key the body has its effect once.

mod expand;
mod key;
pub(super) mod options;
mod parse;
mod words;

use proc_macro2::{Span, TokenStream};

use self::options::{Idempotent, NAME, SPEC, facts};
use crate::emit::{EmitContext, Emitted, Inner};
use crate::facts::Facts;
use crate::parse::ParseContext;
use crate::policy::WorstCase;
use crate::policy::{Attribute, Parsed, Policy};

pub(super) static ATTRIBUTE: Attribute = Attribute {
    name: NAME,
    options: &SPEC,
    may_repeat: false,
    nameless: "",
    replaces: &[],
    parse: Parsed::read::<Idempotent>,
};

impl Policy for Idempotent {
    fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Result<Self, Box<Facts>> {
        Self::read(args, span, cx)
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

    fn worst_case(&self, inside: WorstCase) -> WorstCase {
        if self.conflict_reject {
            inside
        } else {
            inside.after_another_caller()
        }
    }
}

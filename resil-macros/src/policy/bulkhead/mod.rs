//! `#[bulkhead]`: lets so many calls in at once, lets so many wait, and refuses the rest.

mod adaptive;
mod expand;
pub(super) mod options;
mod parse;
mod rules;
mod settings;
mod words;

use proc_macro2::{Span, TokenStream};

use self::options::{Bulkhead, SPEC};
use crate::emit::{EmitContext, Emitted, Inner};
use crate::facts::{Bound, Facts};
use crate::parse::{Const, ParseContext};
use crate::policy::{Attribute, Parsed, Policy, WorstCase};

pub(super) static ATTRIBUTE: Attribute = Attribute {
    name: NAME,
    options: &SPEC,
    may_repeat: false,
    nameless: "",
    replaces: &[(&["max"], &["adaptive"]), (&["adaptive"], &["max"])],
    parse: Parsed::read::<Bulkhead>,
};

const NAME: &str = "bulkhead";

impl Policy for Bulkhead {
    fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Result<Self, Box<Facts>> {
        Ok(Self::read(args, span, cx))
    }

    fn check(&self, cx: &ParseContext<'_>) {
        self.check_options(cx);
    }

    fn facts(&self) -> Facts {
        Facts {
            waits: self.may_wait().then(|| Bound::of(self.wait.as_ref())),
            can_refuse: true,
            in_place: true,
            only_async: None,
            needs_call_state: self.learns(),
            asks_why_dropped: self.learns(),
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
        Some("Bulkhead")
    }

    fn worst_case(&self, inside: WorstCase) -> WorstCase {
        if self.may_wait() {
            let wait = self.wait.as_ref().and_then(Const::literal).copied();
            inside.after_wait(wait, self.wait_in_words())
        } else {
            inside
        }
    }
}

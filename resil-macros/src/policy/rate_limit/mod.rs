//! `#[rate_limit]`: lets so many calls in per time, evenly.

mod expand;
mod on_outage;
pub(super) mod options;
mod parse;
mod rules;
mod words;
mod worst_case;

use proc_macro2::{Span, TokenStream};

use self::options::{RateLimit, SPEC};
use crate::emit::{EmitContext, Emitted, Inner};
use crate::facts::{Bound, Facts, OnlyAsync};
use crate::parse::ParseContext;
use crate::policy::{Attribute, Parsed, Policy, WorstCase};

pub(super) static ATTRIBUTE: Attribute = Attribute {
    name: NAME,
    options: &SPEC,
    may_repeat: false,
    nameless: "",
    replaces: &[],
    parse: Parsed::read::<RateLimit>,
};

const NAME: &str = "rate_limit";

impl Policy for RateLimit {
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
            only_async: self.store.as_ref().map(|store| OnlyAsync {
                span: store.span(),
                why: "a store outside of the process is asked in async code",
                instead: ", or remove `store`: without it calls are counted in this process",
            }),
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
        // A store counts the calls, not this process.
        self.store.is_none().then_some("RateLimit")
    }

    fn worst_case(&self, inside: WorstCase) -> WorstCase {
        self.after_its_turn(inside)
    }
}

//! `#[timeout(5s)]`: one duration, first and nameless.

mod expand;

use proc_macro2::{Span, TokenStream, TokenTree};

use super::{Bound, Facts};
use crate::diag::help;
use crate::parse::{
    DurationValue, ParseContext, Place, Spec, Syntax, Value, split_options, syntax_of, with_units,
};
use crate::tokens::{inside, is_equals, shown};

/// It has no named options; the table stands for the messages and for those of others.
pub(crate) static SPEC: Spec = Spec {
    owner: "`#[timeout]`",
    options: &[],
    aliases: &[],
    nameless: &[],
};

const NAME: &str = "timeout";
const EXAMPLE: &str = "5s";

/// What other libraries call the unit of their number.
const UNIT_NAMES: [(&str, &str); 10] = [
    ("ms", "ms"),
    ("millis", "ms"),
    ("milliseconds", "ms"),
    ("timeout_ms", "ms"),
    ("s", "s"),
    ("secs", "s"),
    ("seconds", "s"),
    ("timeout_secs", "s"),
    ("us", "us"),
    ("minutes", "m"),
];

pub(crate) struct Timeout {
    pub(crate) span: Span,
    /// `None` after a fault.
    pub(crate) limit: Option<DurationValue>,
}

impl Timeout {
    pub(crate) fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Self {
        let mut values = split_options(args, &SPEC, cx).into_iter();
        let limit = if let Some(tokens) = values.next() {
            read(tokens, span, cx)
        } else {
            let message = "`timeout` takes a duration, but none is given";
            cx.diag
                .error_at(span, help(message, "write `#[timeout(5s)]`"));
            None
        };
        for extra in values {
            let name = extra.clone().into_iter().next().map(|t| t.to_string());
            let instead = match name.and_then(|name| Spec::with(cx.attributes, &name)) {
                Some(other) => format!("it belongs to {}: move it there", other.owner),
                None => "remove it; a second limit is a second `#[timeout(..)]`".to_owned(),
            };
            cx.diag.error(
                &extra,
                help(
                    format!(
                        "`timeout` takes one duration and nothing else, but here is `{}`",
                        shown(&extra)
                    ),
                    instead,
                ),
            );
        }
        Self { span, limit }
    }

    /// All rules about a limit hold for its value alone: see the parser.
    #[expect(clippy::unused_self, reason = "every policy has the same phases")]
    pub(crate) fn check(&self, _cx: &ParseContext<'_>) {}

    pub(crate) fn facts(&self) -> Facts {
        let bound = self.limit.as_ref().map(|limit| Bound {
            limit: limit.literal(),
            tokens: limit.tokens().clone(),
        });
        // A limit with a fault bounds too: nothing is said to be missing around.
        let bound = bound.unwrap_or_else(|| Bound {
            limit: None,
            tokens: TokenStream::new(),
        });
        Facts {
            once: false,
            bound: Some(bound),
            ..Facts::new(NAME, self.span)
        }
    }
}

fn read(tokens: TokenStream, span: Span, cx: &ParseContext<'_>) -> Option<DurationValue> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    if let [TokenTree::Ident(name), _, rest @ ..] = trees.as_slice()
        && is_equals(&trees, 1)
    {
        let text = unnamed(&name.to_string(), &rest.iter().cloned().collect());
        cx.diag.error(
            &tokens,
            help(
                format!("`timeout` takes its duration without a name, but `{name}` is one"),
                format!("write `#[timeout({text})]`"),
            ),
        );
        return None;
    }
    let value = Value {
        cx,
        name: NAME,
        takes: "a duration".to_owned(),
        example: EXAMPLE,
        place: Place::Whole { span },
        tokens,
    };
    if inside(&value.tokens, proc_macro2::Delimiter::Bracket).is_some() {
        if !value.is_broken_literal() {
            value.refuse_as_found();
        }
        return None;
    }
    value.duration_per_call()
}

/// `ms = 500` → `500ms`.
fn unnamed(name: &str, value: &TokenStream) -> String {
    let unit = UNIT_NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, unit)| unit);
    match (syntax_of(value), unit) {
        (Syntax::Empty, _) => EXAMPLE.to_owned(),
        (Syntax::Number(number), Some(unit)) if number.suffix.is_empty() => {
            format!("{}{unit}", number.text)
        }
        (Syntax::Number(number), None) if number.suffix.is_empty() => {
            with_units(&number.text, EXAMPLE).swap_remove(0)
        }
        (Syntax::Text(text), _) => text.value(),
        _ => shown(value),
    }
}

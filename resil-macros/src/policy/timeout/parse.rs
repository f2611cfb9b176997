//! Reads the limit of `#[timeout]`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::options::{EXAMPLE, NAME, SPEC, Timeout, UNIT_NAMES, facts};
use crate::diag::help;
use crate::facts::Facts;
use crate::parse::{
    DurationValue, ParseContext, Place, Spec, Syntax, Value, split_options, syntax_of, with_units,
};
use crate::tokens::{inside, is_equals, shown};

impl Timeout {
    /// Reads the arguments; faults go to the sink. `Err` if there is no limit.
    pub(crate) fn read(
        args: TokenStream,
        span: Span,
        cx: &ParseContext<'_>,
    ) -> Result<Self, Box<Facts>> {
        let mut values = split_options(args, &SPEC, cx).into_iter();
        let limit = if let Some(tokens) = values.next() {
            limit(tokens, span, cx)
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
        match limit {
            Some(limit) => Ok(Self { span, limit }),
            // A limit with a fault is a limit: no rule reports that there is none.
            None => Err(Box::new(facts(span, None, TokenStream::new()))),
        }
    }
}

fn limit(tokens: TokenStream, span: Span, cx: &ParseContext<'_>) -> Option<DurationValue> {
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
    if inside(&value.tokens, Delimiter::Bracket).is_some() {
        if !value.is_broken_literal() {
            value.refuse_as_found();
        }
        return None;
    }
    value.duration_per_call()
}

/// Returns the value without its name: `ms = 500` → `500ms`.
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

//! Reads the expression and the options of `#[fallback]`.

use proc_macro2::{Span, TokenStream, TokenTree};

use super::expression::Expression;
use super::options::{EXAMPLE, Fallback, LAST_OK, NAME, SPEC, Source, Written, facts};
use crate::diag::help;
use crate::facts::Facts;
use crate::parse::{Args, ParseContext, Place, Value, any_guard_names_arguments, nearest};
use crate::tokens::{Segment, is_equals, shown, split_at_commas};

impl Fallback {
    /// Reads the arguments; faults go to the sink. `Err` if there is neither an expression nor
    /// `last_ok`.
    pub(crate) fn read(
        args: TokenStream,
        span: Span,
        cx: &ParseContext<'_>,
    ) -> Result<Self, Box<Facts>> {
        let (expression, options) = take_expression(args, cx);
        let has_named_it = names_the_expression(&options);
        let mut args = Args::read(&SPEC, options, cx);
        let written = Written {
            last_ok: args.mentioned(LAST_OK),
            max_age: args.mentioned("max_age"),
            key: args.mentioned("key"),
            max_keys: args.mentioned("max_keys"),
            expression: expression.clone(),
        };
        let last_ok = args.take(LAST_OK).is_some();
        let source = match &expression {
            Some(tokens) => {
                let value = value_of(tokens.clone(), span, cx);
                Expression::read(&value).map(Source::Expression)
            }
            None if last_ok => Some(Source::LastOk),
            None => {
                if written.last_ok.is_none() && !has_named_it {
                    let message =
                        "`#[fallback]` needs an expression: what comes instead of an error";
                    let instead = "write `#[fallback(|error| ..)]`, or `#[fallback(last_ok)]`";
                    cx.diag.error_at(span, help(message, instead));
                }
                None
            }
        };
        let on = args.get("on", Value::pattern);
        let unless = args.get("unless", Value::pattern);
        let max_age = args.get("max_age", Value::duration);
        let key = args.get("key", Value::expr);
        let max_keys = args.get("max_keys", |value| value.count(1, u32::MAX));
        args.done();
        let value = match &source {
            Some(Source::Expression(expression)) => Some(&expression.value),
            _ => None,
        };
        let uses_arguments = value.is_some_and(|value| cx.names_arguments(value))
            || any_guard_names_arguments([&on, &unless]);
        match source {
            Some(source) => Ok(Self {
                span,
                source,
                on,
                unless,
                max_age,
                key,
                max_keys,
                uses_arguments,
                written,
            }),
            None => Err(Box::new(facts(span, uses_arguments))),
        }
    }
}

fn value_of<'a>(tokens: TokenStream, span: Span, cx: &'a ParseContext<'a>) -> Value<'a> {
    Value {
        cx,
        name: NAME,
        takes: "an expression".to_owned(),
        example: EXAMPLE,
        place: Place::Whole { span },
        tokens,
    }
}

/// Takes the expression out of the arguments. It stands first; in another place it is reported, and
/// read all the same.
fn take_expression(args: TokenStream, cx: &ParseContext<'_>) -> (Option<TokenStream>, TokenStream) {
    let segments = split_at_commas(args.clone());
    let Some(at) = segments.iter().position(|s| is_expression(&s.tokens, cx)) else {
        return (None, args);
    };
    let mut options = TokenStream::new();
    let mut others = Vec::new();
    let mut expression = TokenStream::new();
    for (i, Segment { tokens, comma }) in segments.into_iter().enumerate() {
        if i == at {
            expression = tokens;
            continue;
        }
        if i > at && is_second_expression(&tokens, cx) {
            let message = format!(
                "`#[fallback]` takes one expression, but `{}` is a second one",
                shown(&tokens)
            );
            cx.diag.error(
                &tokens,
                help(
                    message,
                    "remove one of them; what a closure makes of the error is one expression: `|error| ..`",
                ),
            );
            continue;
        }
        others.push(shown(&tokens));
        options.extend(tokens);
        options.extend(comma.map(comma_at));
    }
    if at > 0 {
        let text = [vec![shown(&expression)], others].concat().join(", ");
        cx.diag.error(
            &expression,
            help(
                "the expression of `#[fallback]` stands first, before its options",
                format!("write `#[fallback({text})]`"),
            ),
        );
    }
    (Some(expression), options)
}

fn comma_at(span: Span) -> TokenTree {
    let mut comma = proc_macro2::Punct::new(',', proc_macro2::Spacing::Alone);
    comma.set_span(span);
    comma.into()
}

/// Whether an argument is the expression, and no option. `cached(id)` looks like an option with a value
/// in parentheses, and `value` like a flag: the names of the options decide.
fn is_expression(tokens: &TokenStream, cx: &ParseContext<'_>) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let [TokenTree::Ident(name), rest @ ..] = trees.as_slice() else {
        return !trees.is_empty();
    };
    let text = name.to_string();
    let is_option = SPEC.option(&text).is_some();
    match rest {
        // A flag, or an argument of the function.
        [] if cx.params.contains(name) => true,
        [] if !cx.knows_function => !is_option,
        [] => {
            let mut options = SPEC.options.iter().map(|option| option.name);
            !is_option && !SPEC.knows(&text) && nearest(&text, options.by_ref()).is_none()
        }
        [TokenTree::Group(group)] if group.delimiter() == proc_macro2::Delimiter::Parenthesis => {
            !is_option
        }
        _ => !is_equals(&trees, 1),
    }
}

/// Whether what stands behind the expression is another one, and no misspelt option: no option is called
/// as `Ok(..)` and `Some(..)` are.
fn is_second_expression(tokens: &TokenStream, cx: &ParseContext<'_>) -> bool {
    let is_word_of_options = match tokens.clone().into_iter().next() {
        Some(TokenTree::Ident(name)) => name.to_string().starts_with(char::is_lowercase),
        _ => false,
    };
    !is_word_of_options && is_expression(tokens, cx)
}

/// Whether an option that is none was probably meant as the expression: `value = 7`.
fn names_the_expression(options: &TokenStream) -> bool {
    split_at_commas(options.clone()).iter().any(|segment| {
        let trees: Vec<TokenTree> = segment.tokens.clone().into_iter().collect();
        match trees.first() {
            Some(TokenTree::Ident(name)) => {
                is_equals(&trees, 1) && SPEC.option(&name.to_string()).is_none()
            }
            _ => false,
        }
    })
}

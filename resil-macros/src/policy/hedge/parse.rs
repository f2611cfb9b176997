//! Reads the options of `#[hedge]`.

use proc_macro2::{Span, TokenStream};

use super::after::after;
use super::options::{Budget, Hedge, MOST_COPIES, SPEC, facts};
use crate::diag::help;
use crate::facts::Facts;
use crate::parse::{Args, ParseContext, Syntax, Value, syntax_of};

impl Hedge {
    /// Reads the arguments; faults go to the sink. `Err` if nothing says when a copy is started.
    pub(crate) fn read(
        args: TokenStream,
        span: Span,
        cx: &ParseContext<'_>,
    ) -> Result<Self, Box<Facts>> {
        let mut args = Args::read(&SPEC, args, cx);
        let is_written = |name: &str, args: &Args<'_>| args.mentioned(name).is_some();
        let (after_written, policy_written) =
            (is_written("after", &args), is_written("policy", &args));
        if !after_written && !policy_written {
            let message = help(
                "`#[hedge]` needs `after`: the delay before each further copy",
                "write `#[hedge(after = 50ms)]`, or `#[hedge(after = p95)]` for a percentile",
            );
            cx.diag.error_at(span, message);
        }
        let parsed = Self {
            span,
            max_written: is_written("max", &args),
            policy_written,
            after: args.get("after", after),
            max: args.get("max", |value| value.count(2, MOST_COPIES)),
            budget: args.get("budget", budget),
            on: args.get("on", Value::pattern),
            unless: args.get("unless", Value::pattern),
            clone: args
                .take("clone")
                .map(|value| value.idents())
                .unwrap_or_default(),
            policy: args.get("policy", Value::const_expr),
        };
        args.done();
        if parsed.after.is_some() || !after_written && parsed.policy.is_some() {
            Ok(parsed)
        } else {
            Err(Box::new(facts(&parsed)))
        }
    }
}

/// Reads a RATIO or `off`.
fn budget(value: &Value<'_>) -> Option<Budget> {
    match syntax_of(&value.tokens) {
        Syntax::Word(word) if word == "off" => Some(Budget::Off),
        Syntax::Word(word)
            if !value.cx.params.contains(&word)
                && [
                    "none",
                    "no",
                    "false",
                    "never",
                    "disabled",
                    "unlimited",
                    "unbounded",
                ]
                .contains(&word.to_string().as_str()) =>
        {
            value.refuse_with(&format!("`{word}` is none of these"), &["off".to_owned()]);
            None
        }
        Syntax::Number(number) if number.value() == Some(0.0) => {
            let none = ["off".to_owned(), value.example.to_owned()];
            let what = format!("`{}` would start no copy", number.text);
            value.refuse_with(&what, &none[1..]);
            None
        }
        _ => value.ratio().map(Budget::Ratio),
    }
}

//! Reads the options of `#[hedge]`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::after::after;
use super::options::{Budget, Hedge, MOST_COPIES, PERCENTILE_NAMES, SPEC, facts};
use crate::diag::help;
use crate::facts::Facts;
use crate::parse::{Args, Const, ParseContext, Syntax, Value, is_endless, syntax_of};
use crate::tokens::{flat, inside, is_equals, shown};

impl Hedge {
    /// Reads the arguments; faults go to the sink. `Err` if nothing says when a copy is started.
    pub(crate) fn read(
        args: TokenStream,
        span: Span,
        cx: &ParseContext<'_>,
    ) -> Result<Self, Box<Facts>> {
        let meant = names_a_percentile(&args);
        let mut args = Args::read(&SPEC, args, cx);
        let is_written = |name: &str, args: &Args<'_>| args.mentioned(name).is_some();
        let (after_written, policy_written) =
            (is_written("after", &args), is_written("policy", &args));
        if !after_written && !policy_written && !meant {
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
            max: args.get("max", max),
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

/// Whether `after` was meant, where a message says how to write it.
fn names_a_percentile(args: &TokenStream) -> bool {
    flat(args).iter().any(|tree| match tree {
        TokenTree::Ident(word) => PERCENTILE_NAMES
            .iter()
            .any(|names| names.contains(&word.to_string().as_str())),
        _ => false,
    })
}

/// Reads a COUNT; there is none without an end.
fn max(value: &Value<'_>) -> Option<Const<u32>> {
    if let Syntax::Word(word) = syntax_of(&value.tokens)
        && is_endless(&word)
        && !value.cx.params.contains(&word)
    {
        let most = MOST_COPIES.to_string();
        value.refuse_with(&format!("`{word}` is none: {most} are the most"), &[most]);
        return None;
    }
    value.count(2, MOST_COPIES)
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
        _ if has_options(value) => {
            value.refuse(&format!("`{}` is a retry's budget", shown(&value.tokens)));
            None
        }
        _ => value.ratio().map(Budget::Ratio),
    }
}

/// Whether options of its own are written in the value's parentheses.
fn has_options(value: &Value<'_>) -> bool {
    let content = inside(&value.tokens, Delimiter::Parenthesis);
    let trees: Vec<TokenTree> = content
        .unwrap_or_else(|| value.tokens.clone())
        .into_iter()
        .collect();
    matches!(trees.as_slice(), [TokenTree::Ident(_), ..]) && is_equals(&trees, 1)
}

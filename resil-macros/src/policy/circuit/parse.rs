//! Reads the options of `#[circuit]`.

use proc_macro2::{Span, TokenStream};

use super::options::{Circuit, MOST_CALLS, SHORTEST_WINDOW, SPEC, Window, Written};
use crate::parse::{Args, ParseContext, Syntax, Value, syntax_of};

impl Circuit {
    /// Reads the arguments; faults go to the sink.
    pub(crate) fn read(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Self {
        let mut args = Args::read(&SPEC, args, cx);
        let written = Written {
            rate: ["failure_rate", "slow", "slow_rate"]
                .iter()
                .any(|name| args.mentioned(name).is_some()),
            slow: args.mentioned("slow").is_some(),
            key: args.mentioned("key").is_some(),
            policy: args.mentioned("policy").is_some(),
            window: args.mentioned("window"),
            min_calls: args.mentioned("min_calls"),
            slow_rate: args.mentioned("slow_rate"),
            open_for: args.mentioned("open_for"),
            max_keys: args.mentioned("max_keys"),
        };
        let parsed = Self {
            span,
            name: args.get("name", Value::name_literal),
            failures: args.get("failures", |value| value.count(1, 65_535)),
            failure_rate: args.get("failure_rate", Value::ratio),
            window: args.get("window", window),
            min_calls: args.get("min_calls", |value| value.count(1, u32::MAX)),
            slow: args.get("slow", Value::duration),
            slow_rate: args.get("slow_rate", Value::ratio),
            open_for: args.get("open_for", Value::duration),
            open_max: args.get("open_max", Value::duration),
            probes: args.get("probes", |value| value.count(1, 255)),
            on: args.get("on", Value::pattern),
            ignore: args.get("ignore", Value::pattern),
            on_ok: args.get("on_ok", Value::pattern),
            key: args.get("key", Value::expr),
            max_keys: args.get("max_keys", |value| value.count(1, u32::MAX)),
            policy: args.get("policy", Value::const_expr),
            written,
        };
        args.done();
        parsed
    }
}

/// Reads a COUNT or a DURATION. A literal tells which by its unit, an expression does not.
fn window(value: &Value<'_>) -> Option<Window> {
    match syntax_of(&value.tokens) {
        Syntax::Number(number) if is_type_or_nothing(&number.suffix) => {
            value.count(1, MOST_CALLS).map(Window::Calls)
        }
        Syntax::Word(word) if word != "true" && word != "false" => {
            value.const_expr().map(Window::Expr)
        }
        Syntax::Other if !value.is_broken_literal() => value.const_expr().map(Window::Expr),
        Syntax::Other => None,
        _ => value.duration_from(SHORTEST_WINDOW).map(Window::Time),
    }
}

/// Whether the suffix is none or a type, and no unit: then the number is a count.
fn is_type_or_nothing(suffix: &str) -> bool {
    suffix.is_empty() || suffix != "us" && suffix.starts_with(['u', 'i'])
}

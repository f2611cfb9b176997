//! Reads the options of `#[bulkhead]`.

use proc_macro2::{Span, TokenStream};

use super::adaptive::{Adaptive, MOST};
use super::options::{Bulkhead, SPEC, Written};
use crate::parse::{Args, Const, ParseContext, Syntax, Value, describe, is_endless, syntax_of};

impl Bulkhead {
    /// Reads the arguments; faults go to the sink.
    pub(crate) fn read(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Self {
        let mut args = Args::read(&SPEC, args, cx);
        let written = Written {
            name: args.mentioned("name").is_some(),
            key: args.mentioned("key").is_some(),
            policy: args.mentioned("policy").is_some(),
            max: args.mentioned("max"),
            queue: args.mentioned("queue"),
            wait: args.mentioned("wait"),
            adaptive: args.mentioned("adaptive"),
            max_keys: args.mentioned("max_keys"),
        };
        let parsed = Self {
            span,
            name: args.get("name", Value::name_literal),
            max: args.get("max", |value| count(value, 1, MOST)),
            queue: args.get("queue", |value| count(value, 0, u32::MAX)),
            wait: args.get("wait", Value::duration),
            adaptive: args.get("adaptive", Adaptive::read),
            key: args.get("key", Value::expr),
            max_keys: args.get("max_keys", |value| value.count(1, u32::MAX)),
            policy: args.get("policy", Value::const_expr),
            written,
        };
        args.done();
        parsed
    }
}

/// Reads a COUNT. A word for “no limit” is none: both numbers are there to set one.
fn count(value: &Value<'_>, least: u32, most: u32) -> Option<Const<u32>> {
    if let Syntax::Word(word) = syntax_of(&value.tokens)
        && is_endless(&word)
        && !value.cx.params.contains(&word)
    {
        value.refuse(&describe(&value.tokens));
        return None;
    }
    value.count_or(least, most, value.example)
}

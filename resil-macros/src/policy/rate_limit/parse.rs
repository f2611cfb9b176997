//! Reads the options of `#[rate_limit]`.

use proc_macro2::{Span, TokenStream};

use super::on_outage::OnOutage;
use super::options::{Cost, RateLimit, SPEC, Written};
use crate::diag::help;
use crate::parse::{Args, ParseContext, Syntax, Value, describe, syntax_of};
use crate::policy::store::Store;

impl RateLimit {
    /// Reads the arguments; faults go to the sink.
    pub(crate) fn read(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Self {
        let mut args = Args::read(&SPEC, args, cx);
        let written = Written {
            max: args.mentioned("max"),
            per: args.mentioned("per"),
            burst: args.mentioned("burst"),
            wait: args.mentioned("wait"),
            max_keys: args.mentioned("max_keys"),
            on_outage: args.mentioned("on_outage"),
            store: args.mentioned("store"),
            name: args.mentioned("name").is_some(),
            key: args.mentioned("key").is_some(),
            policy: args.mentioned("policy").is_some(),
        };
        let parsed = Self {
            span,
            max: args.get("max", |value| value.count(1, u32::MAX)),
            per: args.get("per", Value::duration),
            burst: args.get("burst", |value| value.count(1, u32::MAX)),
            wait: args.get("wait", Value::duration),
            cost: args.get("cost", cost),
            name: args.get("name", Value::name_literal),
            key: args.get("key", Value::expr),
            max_keys: args.get("max_keys", |value| value.count(1, u32::MAX)),
            store: args.get("store", Store::read),
            on_outage: args.get("on_outage", OnOutage::read),
            policy: args.get("policy", Value::const_expr),
            written,
        };
        args.done();
        parsed
    }
}

/// Reads an expression. A literal has to be a `u32` above zero.
fn cost(value: &Value<'_>) -> Option<Cost> {
    let tokens = value.tokens.clone();
    let literal = match syntax_of(&tokens) {
        Syntax::Number(number) => {
            let is_u32 = matches!(number.suffix.as_str(), "" | "u32") && !number.fractional;
            let read = number.digits.parse::<u32>().ok();
            let Some(literal) = read.filter(|_| is_u32 && !number.negative) else {
                let is_plain = number.suffix.is_empty() && !number.negative;
                let what = match number.fractional {
                    true if is_plain => format!("`{}` is not a whole number", number.text),
                    false if is_plain => format!("`{}` is more than it holds", number.text),
                    _ => describe(&tokens),
                };
                return refuse(value, &format!("but {what}"), "3");
            };
            if literal == 0 {
                return refuse(value, "but `0` takes nothing: no call is ever limited", "1");
            }
            Some(literal)
        }
        Syntax::Text(text) => {
            let digits: String = text.value().chars().filter(char::is_ascii_digit).collect();
            let instead = if digits.is_empty() { "3" } else { &digits };
            return refuse(value, &format!("but {}", describe(&tokens)), instead);
        }
        _ => None,
    };
    let tokens = value.expr()?;
    Some(Cost { literal, tokens })
}

fn refuse(value: &Value<'_>, what: &str, instead: &str) -> Option<Cost> {
    let message = format!("`cost` takes the weight of the call, a `u32`, {what}");
    value.fault(help(message, format!("write `{}`", value.write(instead))));
    None
}

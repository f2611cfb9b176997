//! Reads the options of `#[idempotent]`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::key::key;
use super::options::{CONFLICT, Errors, Idempotent, ON_ABANDON, SHORTEST_LEASE, SPEC, facts};
use crate::diag::help;
use crate::facts::Facts;
use crate::parse::{Args, ParseContext, Value};
use crate::policy::store::Store;
use crate::tokens::{first_span, flat, shown};

impl Idempotent {
    /// Reads the arguments; faults go to the sink. `Err` if there is no key.
    pub(crate) fn read(
        args: TokenStream,
        span: Span,
        cx: &ParseContext<'_>,
    ) -> Result<Self, Box<Facts>> {
        let mut args = Args::read(&SPEC, args, cx);
        if args.mentioned("key").is_none() {
            let message = help(
                "`#[idempotent]` needs a `key`",
                "write `#[idempotent(key = order.id)]`",
            );
            cx.diag.error_at(span, message);
        }
        let key = args.get("key", key);
        let parsed = Self {
            span,
            key: key.clone().unwrap_or_default(),
            name: args.get("name", Value::name_literal),
            ttl: args.get("ttl", Value::duration),
            lease: args.get("lease", |value| value.duration_from(SHORTEST_LEASE)),
            fingerprint: args.get("fingerprint", Value::expr),
            conflict_reject: args.get("conflict", |value| value.word(&CONFLICT)) == Some("reject"),
            indeterminate: args.get("on_abandon", |value| {
                let word = value.word(&ON_ABANDON)?;
                (word == "indeterminate").then(|| first_span(&value.tokens))
            }),
            forget_ok: args.get("forget_ok", Value::pattern),
            errors: args.get("errors", errors),
            store: args.get("store", Store::read),
            version: args.get("version", |value| value.count(0, u32::MAX)),
        };
        args.done();
        match key {
            Some(_) => Ok(parsed),
            None => Err(Box::new(facts(&parsed))),
        }
    }
}

/// Reads `forget`, `store` or `store(PATTERN)`; `None` if all errors are forgotten, or after a fault.
fn errors(value: &Value<'_>) -> Option<Errors> {
    let trees = flat(&value.tokens);
    match trees.as_slice() {
        [TokenTree::Ident(word), TokenTree::Group(of)]
            if word == "store" && of.delimiter() == Delimiter::Parenthesis =>
        {
            if of.stream().is_empty() {
                let texts = ["store".to_owned(), "store(MyError::Declined)".to_owned()];
                value.refuse_with("the parentheses are empty", &texts);
                return None;
            }
            let pattern = value.element(of.stream()).pattern()?;
            Some(Errors::Matching(pattern))
        }
        [TokenTree::Ident(word), _, ..] if word != "store" => {
            let pattern = shown(&value.tokens);
            value.refuse_with(
                &format!("`{pattern}` is none of these"),
                &[format!("store({pattern})")],
            );
            None
        }
        _ => {
            let word = value.word(&["forget", "store"])?;
            (word == "store").then_some(Errors::All)
        }
    }
}

//! `#[idempotent]`: for one key the body's effect is wanted once.

mod expand;
mod key;

use std::time::Duration;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::LitStr;

use self::key::key;
use super::Facts;
use crate::diag::help;
use crate::parse::{
    Alias, AliasTarget, Args, Const, Guess, Kind, Opt, ParseContext, Pattern, PatternSubject, Spec,
    Syntax, Value, syntax_of,
};
use crate::tokens::{flat, shown};

pub(crate) static SPEC: Spec = Spec {
    owner: "`#[idempotent]`",
    options: &[
        Opt::new("key", Kind::Expr, "order.id"),
        Opt::new("name", Kind::Name, "\"charge\""),
        Opt::new("ttl", Kind::Duration, "24h"),
        Opt::new("lease", Kind::Duration, "30s"),
        Opt::new("fingerprint", Kind::Expr, "order.amount"),
        Opt::new("conflict", Kind::Words(&CONFLICT), "reject"),
        Opt::new("on_abandon", Kind::Words(&ON_ABANDON), "indeterminate"),
        Opt::new("forget_ok", Kind::Pattern(PatternSubject::OK), "Pending"),
        Opt::new("errors", Kind::Errors, "store"),
        Opt::new("store", Kind::Store, "\"orders\""),
        Opt::new("version", Kind::Count, "2"),
    ],
    aliases: &[
        Alias {
            names: &[
                "expiry",
                "expires_after",
                "expires_in",
                "retention",
                "time_to_live",
                "cache_for",
            ],
            target: AliasTarget::Option("ttl", ""),
        },
        Alias {
            names: &["key_prefix", "prefix", "scope", "namespace", "operation"],
            target: AliasTarget::Option("name", ""),
        },
        Alias {
            names: &["id", "keys", "by", "idempotency_key"],
            target: AliasTarget::Option("key", ""),
        },
        Alias {
            names: &["hash", "payload", "params", "request_hash"],
            target: AliasTarget::Option("fingerprint", ""),
        },
        Alias {
            names: &["lock", "lock_ttl", "lock_for", "claim_for", "lease_time"],
            target: AliasTarget::Option("lease", ""),
        },
        Alias {
            names: &["backend", "storage", "persistence", "persistence_store"],
            target: AliasTarget::Option("store", ""),
        },
        Alias {
            names: &["on_conflict", "in_progress", "concurrent"],
            target: AliasTarget::Option("conflict", ""),
        },
        Alias {
            names: &["unless_ok", "skip_ok", "forget_if"],
            target: AliasTarget::Option("forget_ok", ", which takes a pattern"),
        },
    ],
    nameless: &[
        (Guess::Expr, "key"),
        (Guess::Duration, "ttl"),
        (Guess::Text, "name"),
    ],
};

const CONFLICT: [&str; 2] = ["wait", "reject"];
const ON_ABANDON: [&str; 2] = ["retry", "indeterminate"];

const NAME: &str = "idempotent";
/// A third of it is the time between two signs of life: below that a timer can't keep it.
const SHORTEST_LEASE: Duration = Duration::from_millis(30);

pub(crate) struct Idempotent {
    pub(crate) span: Span,
    /// The parts of the key; `None` after a fault.
    pub(crate) key: Option<Vec<TokenStream>>,
    pub(crate) name: Option<LitStr>,
    pub(crate) ttl: Option<Const<Duration>>,
    pub(crate) lease: Option<Const<Duration>>,
    pub(crate) fingerprint: Option<TokenStream>,
    pub(crate) conflict_reject: bool,
    /// Where `indeterminate` stands, if it does.
    pub(crate) indeterminate: Option<Span>,
    /// The `Ok`s that free the key.
    pub(crate) forget_ok: Option<Pattern>,
    /// Errors that are stored: all, or those that match.
    pub(crate) errors: Option<Errors>,
    pub(crate) store: Option<Store>,
    pub(crate) version: Option<Const<u32>>,
}

/// Which errors are stored.
pub(crate) enum Errors {
    All,
    Matching(Pattern),
}

/// A store that is not the default one.
pub(crate) enum Store {
    Named(LitStr),
    Of(TokenStream),
}

impl Idempotent {
    pub(crate) fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Self {
        let mut args = Args::read(&SPEC, args, cx);
        if args.mentioned("key").is_none() {
            let message = help(
                "`#[idempotent]` needs a `key`",
                "write `#[idempotent(key = order.id)]`",
            );
            cx.diag.error_at(span, message);
        }
        let on_abandon = args.take("on_abandon");
        let parsed = Self {
            span,
            key: args.take("key").and_then(|value| key(&value)),
            name: args.take("name").and_then(|value| value.name_literal()),
            ttl: args.take("ttl").and_then(|value| value.duration()),
            lease: args
                .take("lease")
                .and_then(|value| value.duration_from(SHORTEST_LEASE)),
            fingerprint: args.take("fingerprint").and_then(|value| value.expr()),
            conflict_reject: args
                .take("conflict")
                .and_then(|value| value.word(&CONFLICT))
                == Some("reject"),
            indeterminate: on_abandon.and_then(|value| {
                let word = value.word(&ON_ABANDON)?;
                (word == "indeterminate").then(|| crate::tokens::first_span(&value.tokens))
            }),
            forget_ok: args.take("forget_ok").and_then(|value| value.pattern()),
            errors: args.take("errors").and_then(|value| errors(&value)),
            store: args
                .take("store")
                .and_then(|value| match syntax_of(&value.tokens) {
                    Syntax::Text(_) => value.name_literal().map(Store::Named),
                    _ => value.expr().map(Store::Of),
                }),
            version: args
                .take("version")
                .and_then(|value| value.count(0, u32::MAX)),
        };
        args.done();
        parsed
    }

    /// All rules within the attribute hold for one value alone: see the parser.
    #[expect(clippy::unused_self, reason = "every policy has the same phases")]
    pub(crate) fn check(&self, _cx: &ParseContext<'_>) {}

    pub(crate) fn facts(&self) -> Facts {
        Facts {
            starts_once: self.indeterminate,
            ..Facts::new(NAME, self.span)
        }
    }
}

/// `forget`, `store` or `store(PATTERN)`; `None` where all are forgotten, or after a fault.
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

//! `#[idempotent]`: for one key the body's effect is wanted once.

mod expand;

use std::time::Duration;

use proc_macro2::{Delimiter, Span, TokenStream};
use syn::LitStr;

use super::{Ctx, Facts};
use crate::diag::help;
use crate::parse::{
    Args, Const, Elsewhere, Guess, Here, Kind, Look, Opt, Spec, Value, at_commas, inside, look,
};

pub(crate) static SPEC: Spec = Spec {
    policy: "`#[idempotent]`",
    options: &[
        Opt::new("key", Kind::Expr, "order.id"),
        Opt::new("name", Kind::Name, "\"charge\""),
        Opt::new("ttl", Kind::Duration, "24h"),
        Opt::new("lease", Kind::Duration, "30s"),
        Opt::new("fingerprint", Kind::Expr, "order.amount"),
        Opt::new("conflict", Kind::Words(&CONFLICT), "reject"),
        Opt::new("on_abandon", Kind::Words(&ON_ABANDON), "indeterminate"),
        Opt::new("errors", Kind::Words(&["forget", "store"]), "forget").later(),
        Opt::new("store", Kind::Expr, "\"orders\"").later(),
        Opt::new("version", Kind::Count, "1").later(),
    ],
    elsewhere: &[
        Elsewhere {
            names: &[
                "expiry",
                "expires_after",
                "expires_in",
                "retention",
                "time_to_live",
                "cache_for",
            ],
            here: Here::Named("ttl", ""),
        },
        Elsewhere {
            names: &["key_prefix", "prefix", "scope", "namespace", "operation"],
            here: Here::Named("name", ""),
        },
        Elsewhere {
            names: &["id", "keys", "by", "idempotency_key"],
            here: Here::Named("key", ""),
        },
        Elsewhere {
            names: &["hash", "payload", "params", "request_hash"],
            here: Here::Named("fingerprint", ""),
        },
        Elsewhere {
            names: &["lock", "lock_ttl", "lock_for", "claim_for", "lease_time"],
            here: Here::Named("lease", ""),
        },
        Elsewhere {
            names: &["backend", "storage"],
            here: Here::Named("store", ""),
        },
        Elsewhere {
            names: &["on_conflict", "in_progress", "concurrent"],
            here: Here::Named("conflict", ""),
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
}

impl Idempotent {
    pub(crate) fn parse(args: TokenStream, span: Span, cx: &Ctx<'_>) -> Self {
        let mut args = Args::read(&SPEC, args, cx);
        if args.meant("key").is_none() {
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
                (word == "indeterminate").then(|| crate::parse::first_span(&value.tokens))
            }),
        };
        args.done();
        parsed
    }

    /// All rules within the attribute hold for one value alone: see the parser.
    #[expect(clippy::unused_self, reason = "every policy has the same phases")]
    pub(crate) fn check(&self, _cx: &Ctx<'_>) {}

    pub(crate) fn facts(&self) -> Facts {
        Facts {
            starts_once: self.indeterminate,
            ..Facts::new(NAME, self.span)
        }
    }
}

/// One value, or the parts of a tuple, each of which is hashed by itself.
fn key(value: &Value<'_>) -> Option<Vec<TokenStream>> {
    let tuple = inside(&value.tokens, Delimiter::Parenthesis);
    let list = tuple.clone().unwrap_or_else(|| value.tokens.clone());
    let is_tuple = tuple.is_some() || at_commas(list).len() > 1;
    if !is_tuple {
        check_not_a_format(value)?;
        return value.expr().map(|tokens| vec![tokens]);
    }
    let elements = value.elements(Delimiter::Parenthesis);
    if elements.is_empty() {
        value.refuse("the tuple is empty");
        return None;
    }
    let wanted = elements.len();
    let parts: Vec<_> = elements
        .iter()
        .filter_map(|part| check_not_a_format(part).and_then(|()| part.expr()))
        .collect();
    (parts.len() == wanted).then_some(parts)
}

/// `"pay-{id}"`: to Rust a plain text, the same for every call, and each would get the first
/// one's result.
fn check_not_a_format(part: &Value<'_>) -> Option<()> {
    let Look::Text(text) = look(&part.tokens) else {
        return Some(());
    };
    let names_argument = text.value().split('{').skip(1).any(|rest| {
        let name = rest.split(['}', ':', '.']).next().unwrap_or_default();
        name == "self" || part.cx.params.iter().any(|param| param == name)
    });
    if names_argument {
        let what = format!("`{:?}` is the same text for every call", text.value());
        part.refuse_with(&what, &[format!("format!({:?})", text.value())]);
        return None;
    }
    Some(())
}

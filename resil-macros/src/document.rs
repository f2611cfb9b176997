//! The `# Resilience` section that a documented function gets: its stack in words, and what it may
//! come to at worst.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

use crate::parse::{Const, DurationValue, show};
use crate::policy::retry::{Max, Strategy};
use crate::policy::{Circuit, Idempotent, Layer, Retry};

/// The section as a doc attribute, where the function has docs at all.
pub(crate) fn section(attrs: &[Attribute], layers: &[Layer]) -> TokenStream {
    if !attrs.iter().any(|a| a.path().is_ident("doc")) {
        return TokenStream::new();
    }
    let lines: Vec<String> = layers
        .iter()
        .enumerate()
        .map(|(i, layer)| format!("{}. {}", i + 1, sentence(layer)))
        .collect();
    let text = format!(
        "\n# Resilience\n\nThe policies around the body, outermost first:\n\n{}\n\n{}",
        lines.join("\n"),
        worst(layers)
    );
    quote!(#[doc = #text])
}

fn sentence(layer: &Layer) -> String {
    match layer {
        Layer::Timeout(t) => match &t.limit {
            Some(limit) => format!("**timeout**: `{}`", limit_text(limit)),
            None => "**timeout**".to_owned(),
        },
        Layer::Retry(r) => retry(r),
        Layer::Circuit(c) => circuit(c),
        Layer::Idempotent(i) => idempotent(i),
    }
}

fn retry(r: &Retry) -> String {
    let base = r.policy.as_ref().map(|p| text(p.tokens()));
    let mut parts = vec![match (&r.max, &base) {
        (None, Some(base)) => format!("as `{base}` says"),
        (None, None) => "up to 3 runs".to_owned(),
        (Some(Max::Unlimited(_)), _) => "as many runs as time and budget allow".to_owned(),
        (Some(Max::Count(n)), _) => match n.literal() {
            Some(1) => "one run".to_owned(),
            _ => format!("up to `{}` runs", text(n.tokens())),
        },
    }];
    parts.push(if r.backoff.is_some() {
        "waits of its own back-off".to_owned()
    } else if let Some(delays) = &r.delays {
        let all: Vec<String> = delays.iter().map(duration_text).collect();
        format!("waits of `{}`", all.join("`, `"))
    } else if base.is_none() {
        let strategy = match r.strategy {
            Strategy::Constant => "constant",
            Strategy::Linear => "linear",
            Strategy::Exponential => "exponential",
            Strategy::Fibonacci => "Fibonacci",
        };
        let base = r
            .base
            .as_ref()
            .map_or_else(|| "100ms".to_owned(), duration_text);
        let cap = r
            .cap
            .as_ref()
            .map_or_else(|| "20s".to_owned(), duration_text);
        format!("{strategy} waits from `{base}`, at most `{cap}`")
    } else {
        String::new()
    });
    parts.retain(|p| !p.is_empty());
    parts.extend(
        r.within
            .as_ref()
            .map(|w| format!("all within `{}`", duration_text(w))),
    );
    parts.extend(
        r.on.as_ref()
            .map(|p| format!("only for `{}`", text(&p.tokens))),
    );
    parts.extend(
        r.unless
            .as_ref()
            .map(|p| format!("never for `{}`", text(&p.tokens))),
    );
    parts.extend(
        r.on_ok
            .as_ref()
            .map(|p| format!("also for `Ok({})`", text(&p.tokens))),
    );
    format!("**retry**: {}", parts.join("; "))
}

fn circuit(c: &Circuit) -> String {
    let name = c
        .name
        .as_ref()
        .map_or_else(String::new, |n| format!(" `{}`", n.value()));
    let per_key = c
        .key
        .as_ref()
        .map_or_else(String::new, |k| format!(", one for each `{}`", text(k)));
    let mut trips: Vec<String> = Vec::new();
    trips.extend(
        c.failures
            .as_ref()
            .map(|n| format!("after `{}` failures in a row", text(n.tokens()))),
    );
    trips.extend(
        c.failure_rate
            .as_ref()
            .map(|r| format!("at a failure rate of `{}`", text(r.tokens()))),
    );
    let open_for = c
        .open_for
        .as_ref()
        .map(|d| format!("for `{}`", duration_text(d)));
    let opens: Vec<String> = (!trips.is_empty())
        .then(|| trips.join(" or "))
        .into_iter()
        .chain(open_for)
        .collect();
    if opens.is_empty() {
        format!("**circuit**{name}{per_key}")
    } else {
        format!("**circuit**{name}{per_key}: opens {}", opens.join(", "))
    }
}

fn idempotent(i: &Idempotent) -> String {
    let key: Vec<String> = i.key.iter().flatten().map(text).collect();
    let ttl = i
        .ttl
        .as_ref()
        .map_or_else(|| "24h".to_owned(), duration_text);
    let conflict = if i.conflict_reject {
        "a second caller meanwhile is refused"
    } else {
        "a second caller meanwhile waits"
    };
    format!(
        "**idempotent**: by `{}`, replayed for `{ttl}`; {conflict}",
        key.join(", ")
    )
}

/// Worst-case attempts and time, where they are known.
fn worst(layers: &[Layer]) -> String {
    let runs = match layers.iter().find_map(|l| match l {
        Layer::Retry(r) => Some(r.runs()),
        _ => None,
    }) {
        None | Some(Some(1)) => "one attempt".to_owned(),
        Some(Some(n)) => format!("{n} attempts"),
        Some(None) => "an unknown number of attempts".to_owned(),
    };
    let waits = layers
        .iter()
        .any(|l| matches!(l, Layer::Idempotent(i) if !i.conflict_reject));
    let waits = if waits {
        ", and the wait for another caller's run with the same key"
    } else {
        ""
    };
    match longest(layers) {
        Some(time) => format!("At worst {runs} and about {} in all{waits}.", show(time)),
        None => format!("At worst {runs}, for as long as the body takes{waits}."),
    }
}

/// The longest that the stack can take, from the inside out; `None` where nothing bounds it.
fn longest(layers: &[Layer]) -> Option<Duration> {
    let mut inside: Option<Duration> = None;
    for layer in layers.iter().rev() {
        inside = match layer {
            Layer::Timeout(t) => {
                let limit = t.limit.as_ref().and_then(DurationValue::literal);
                match (limit, inside) {
                    (Some(limit), Some(inside)) => Some(limit.min(inside)),
                    (limit, inside) => limit.or(inside),
                }
            }
            Layer::Retry(r) => inside.and_then(|one| longest_retry(r, one)),
            Layer::Circuit(_) | Layer::Idempotent(_) => inside,
        };
    }
    inside
}

/// All runs of at most `one` each, and the waits between them.
fn longest_retry(r: &Retry, one: Duration) -> Option<Duration> {
    let all = one
        .checked_mul(r.runs()?)?
        .checked_add(r.longest_waits()?)?;
    // `within` is looked at before each wait: the run after it may still take its time.
    match r.within.as_ref().map(Const::literal) {
        Some(Some(within)) => Some(all.min(within.checked_add(one)?)),
        _ => Some(all),
    }
}

fn limit_text(limit: &DurationValue) -> String {
    match limit.literal() {
        Some(d) => show(d),
        None => text(limit.tokens()),
    }
}

fn duration_text(d: &Const<Duration>) -> String {
    match d.literal() {
        Some(d) => show(*d),
        None => text(d.tokens()),
    }
}

/// Tokens as a person would write them.
fn text(tokens: &TokenStream) -> String {
    crate::parse::shown(tokens)
}

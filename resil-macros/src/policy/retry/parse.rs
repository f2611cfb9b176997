//! Reads the options of `#[retry]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use resil_language::table::JITTER;

use super::budget::budget;
use super::options::{Jitter, Max, Retry, SPEC, Strategy, Written};
use crate::parse::{Args, ParseContext, Syntax, Value, describe, is_endless, messages, syntax_of};

impl Retry {
    /// Reads the arguments; faults go to the sink.
    pub(crate) fn read(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Self {
        let mut args = Args::read(&SPEC, args, cx);
        let strategy = strategy(&mut args, cx);
        let written = Written {
            strategy: strategy.map(|(_, at)| at),
            max: args.mentioned("max"),
            base: args.mentioned("base"),
            factor: args.mentioned("factor"),
            cap: args.mentioned("cap"),
            jitter: args.mentioned("jitter"),
            delays: args.mentioned("delays"),
            backoff: args.mentioned("backoff"),
            within: args.mentioned("within"),
            budget: args.mentioned("budget"),
            policy: args.mentioned("policy").is_some(),
        };
        let mut parsed = Self {
            span,
            strategy: strategy.map_or(Strategy::Exponential, |(strategy, _)| strategy),
            max: args.get("max", max),
            base: args.get("base", Value::duration),
            factor: args.get("factor", |value| value.number(1.0)),
            cap: args.get("cap", Value::duration),
            jitter: args.get("jitter", jitter),
            delays: args.get("delays", Value::durations),
            backoff: args.get("backoff", backoff),
            within: args.get("within", Value::duration),
            on: args.get("on", Value::pattern),
            unless: args.get("unless", Value::pattern),
            on_ok: args.get("on_ok", Value::pattern),
            retry_after: args.get("retry_after", Value::expr),
            asks_arguments: false,
            clone: args
                .take("clone")
                .map(|value| value.idents())
                .unwrap_or_default(),
            attempt: args.get("attempt", attempt),
            budget: args.get("budget", budget),
            nested_outer: args.get("nested", |value| value.word(&["outer"])).is_some(),
            policy: args.get("policy", Value::const_expr),
            written,
        };
        args.done();
        let mut asked = parsed.backoff.iter().chain(&parsed.retry_after);
        parsed.asks_arguments = asked.any(|tokens| cx.names_arguments(tokens));
        parsed
    }
}

/// Takes the first strategy; the others are faults.
fn strategy(args: &mut Args<'_>, cx: &ParseContext<'_>) -> Option<(Strategy, Span)> {
    let mut strategies = args.take_strategies().into_iter();
    let first = strategies.next()?;
    for other in strategies {
        let why = "a retry has one strategy";
        cx.diag.error_at(
            other.span(),
            messages::excludes(other.name, first.name, why),
        );
    }
    let (_, strategy) = Strategy::ALL
        .into_iter()
        .find(|(name, _)| *name == first.name)?;
    Some((strategy, first.span()))
}

fn max(value: &Value<'_>) -> Option<Max> {
    if let Syntax::Word(word) = syntax_of(&value.tokens) {
        let text = word.to_string();
        if text == "unlimited" {
            return Some(Max::Unlimited(word.span()));
        }
        let slip = crate::parse::nearest(&text, ["unlimited"]).is_some();
        if (is_endless(&word) || slip) && !value.cx.params.contains(&word) {
            value.refuse_with(
                &format!("`{word}` is none of these"),
                &["unlimited".to_owned()],
            );
            return None;
        }
    }
    if let Syntax::Text(text) = syntax_of(&value.tokens)
        && text.value() == "unlimited"
    {
        value.refuse_with(&describe(&value.tokens), &[text.value()]);
        return None;
    }
    value.count(1, u32::MAX).map(Max::Count)
}

/// Reads an expression; a duration is no back-off.
fn backoff(value: &Value<'_>) -> Option<TokenStream> {
    if let Some(text) = value.as_delay() {
        value.refuse_for(&describe(&value.tokens), &[format!("base = {text}")]);
        return None;
    }
    value.expr()
}

fn jitter(value: &Value<'_>) -> Option<Jitter> {
    if value.is_flag() {
        return Some(Jitter::Full);
    }
    let word = match syntax_of(&value.tokens) {
        Syntax::Word(word) if word == "true" || word == "false" => {
            let meant = if word == "true" { "full" } else { "none" };
            value.refuse_with(&format!("`{word}` is none of these"), &[meant.to_owned()]);
            return None;
        }
        Syntax::Word(word) if word == "random" || word == "on" => {
            value.refuse_with(&format!("`{word}` is none of these"), &["full".to_owned()]);
            return None;
        }
        // A lower-case word that is no argument can't be a const.
        Syntax::Word(word) if value.cx.params.contains(&word) => None,
        Syntax::Word(word) if word.to_string().starts_with(char::is_uppercase) => None,
        Syntax::Word(_) | Syntax::Text(_) => Some(value.word(&JITTER)?),
        _ => None,
    };
    match word {
        Some("full") => Some(Jitter::Full),
        Some("equal") => Some(Jitter::Equal),
        Some("decorrelated") => Some(Jitter::Decorrelated),
        Some(_) => Some(Jitter::None),
        None => value.ratio().map(Jitter::Ratio),
    }
}

/// Returns a name for the number of the attempt that the function does not have: the example, if it can be.
fn free_names(value: &Value<'_>) -> Vec<String> {
    let is_free = |name: &&str| {
        let mut taken = value.cx.params.iter().chain(value.cx.generics);
        taken.all(|other| other != name)
    };
    let names = [value.example, "run", "attempt_number"];
    let free = names.into_iter().find(is_free);
    free.map(str::to_owned).into_iter().collect()
}

/// Reads a new name for the body. The name of an argument would hide the argument, and the name of
/// a generic can't be bound.
fn attempt(value: &Value<'_>) -> Option<Ident> {
    let name = match syntax_of(&value.tokens) {
        Syntax::Word(name) => name,
        // `attempt = 5` means the number of attempts.
        Syntax::Number(number) if !number.negative && !number.fractional => {
            let texts = [
                format!("max = {}", number.digits),
                value.write(value.example),
            ];
            value.refuse_for(&describe(&value.tokens), &texts);
            return None;
        }
        Syntax::Text(text) => {
            let name = text.value();
            let is_name = syn::parse_str::<Ident>(&name).is_ok() && name != "_";
            let texts: Vec<String> = is_name.then_some(name).into_iter().collect();
            value.refuse_with(&describe(&value.tokens), &texts);
            return None;
        }
        _ => {
            value.refuse_as_found();
            return None;
        }
    };
    if name == "_" {
        value.refuse("`_` is none: the body could not say it");
    } else if syn::parse2::<Ident>(name.to_token_stream()).is_err() || name == "self" {
        value.refuse(&format!("`{name}` is a word of Rust's"));
    } else if value.cx.params.contains(&name) {
        let what = format!("`{name}` is an argument, which it would hide from the body");
        value.refuse_with(&what, &free_names(value));
    } else if value.cx.generics.contains(&name) {
        let what = format!("`{name}` is a generic of the function");
        value.refuse_with(&what, &free_names(value));
    } else {
        return Some(name);
    }
    None
}

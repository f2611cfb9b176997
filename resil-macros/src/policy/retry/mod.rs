//! `#[retry]`: run the body again, some time later, while its errors ask for it.

mod curve;
mod expand;
mod rules;
pub(crate) mod table;

use std::time::Duration;

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::ToTokens;
use syn::LitStr;

pub(crate) use self::curve::Waits;
pub(crate) use self::table::SPEC;
use super::{Facts, Repeats};
use crate::parse::{
    Args, Const, ParseContext, Pattern, Syntax, Value, describe, is_endless, messages, syntax_of,
};
use crate::tokens::inside;

const NAME: &str = "retry";

/// What the runtime does where nothing is written: LANGUAGE.md, section 3.
const DEFAULT_MAX: u32 = 3;
const DEFAULT_BASE: Duration = Duration::from_millis(100);
const DEFAULT_FACTOR: f64 = 2.0;
const DEFAULT_CAP: Duration = Duration::from_secs(20);

#[expect(
    clippy::struct_field_names,
    reason = "`retry_after` is what the option is called"
)]
pub(crate) struct Retry {
    pub(crate) span: Span,
    pub(crate) strategy: Strategy,
    pub(crate) max: Option<Max>,
    pub(crate) base: Option<Const<Duration>>,
    pub(crate) factor: Option<Const<f64>>,
    pub(crate) cap: Option<Const<Duration>>,
    pub(crate) jitter: Option<Jitter>,
    pub(crate) delays: Option<Vec<Const<Duration>>>,
    pub(crate) backoff: Option<TokenStream>,
    pub(crate) within: Option<Const<Duration>>,
    pub(crate) on: Option<Pattern>,
    pub(crate) unless: Option<Pattern>,
    pub(crate) on_ok: Option<Pattern>,
    pub(crate) retry_after: Option<TokenStream>,
    pub(crate) clone: Vec<Ident>,
    /// What the body calls the number of the attempt.
    pub(crate) attempt: Option<Ident>,
    pub(crate) budget: Option<Budget>,
    pub(crate) nested_outer: bool,
    /// A `RetryPolicy`: a value of the user's, whose type says what it is.
    pub(crate) policy: Option<Const<()>>,
    /// What was written, and where: for the rules within the attribute.
    written: Written,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Constant,
    Linear,
    Exponential,
    Fibonacci,
}

impl Strategy {
    const ALL: [(&'static str, Self); 4] = [
        ("constant", Self::Constant),
        ("linear", Self::Linear),
        ("exponential", Self::Exponential),
        ("fibonacci", Self::Fibonacci),
    ];

    fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Max {
    Count(Const<u32>),
    Unlimited(Span),
}

#[derive(Clone, Debug)]
pub(crate) enum Jitter {
    Full,
    Equal,
    Decorrelated,
    None,
    Ratio(Const<f64>),
}

#[derive(Clone, Debug)]
pub(crate) enum Budget {
    Off,
    Named(LitStr),
    /// With numbers, the site's own or a named one.
    Own {
        name: Option<LitStr>,
        capacity: Option<Const<u32>>,
        cost: Option<Const<u32>>,
        refill: Option<Const<u32>>,
    },
}

/// Where the options stand that the rules speak of, faulty values included: one fault
/// must not make another one of a default that the user did not mean.
#[derive(Default)]
struct Written {
    strategy: Option<Span>,
    max: Option<Span>,
    base: Option<Span>,
    factor: Option<Span>,
    cap: Option<Span>,
    jitter: Option<Span>,
    delays: Option<Span>,
    backoff: Option<Span>,
    within: Option<Span>,
    budget: Option<Span>,
    /// What is not written is then not the default, but unknown.
    policy: bool,
}

impl Retry {
    pub(crate) fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Self {
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
        let parsed = Self {
            span,
            strategy: strategy.map_or(Strategy::Exponential, |(strategy, _)| strategy),
            max: args.take("max").and_then(|value| max(&value)),
            base: args.take("base").and_then(|value| value.duration()),
            factor: args.take("factor").and_then(|value| value.number(1.0)),
            cap: args.take("cap").and_then(|value| value.duration()),
            jitter: args.take("jitter").and_then(|value| jitter(&value)),
            delays: args.take("delays").and_then(|value| value.durations()),
            backoff: args.take("backoff").and_then(|value| backoff(&value)),
            within: args.take("within").and_then(|value| value.duration()),
            on: args.take("on").and_then(|value| value.pattern()),
            unless: args.take("unless").and_then(|value| value.pattern()),
            on_ok: args.take("on_ok").and_then(|value| value.pattern()),
            retry_after: args.take("retry_after").and_then(|value| value.expr()),
            clone: args
                .take("clone")
                .map(|value| value.idents())
                .unwrap_or_default(),
            attempt: args.take("attempt").and_then(|value| attempt(&value)),
            budget: args.take("budget").and_then(|value| budget(&value)),
            nested_outer: args
                .take("nested")
                .and_then(|value| value.word(&["outer"]))
                .is_some(),
            policy: args.take("policy").and_then(|value| value.const_expr()),
            written,
        };
        args.done();
        parsed
    }

    pub(crate) fn facts(&self) -> Facts {
        let unlimited = match self.max {
            Some(Max::Unlimited(span)) => Some(span),
            _ => None,
        };
        let tokens = match &self.max {
            Some(Max::Count(count)) => count.to_token_stream(),
            _ => TokenStream::new(),
        };
        let repeats = Repeats {
            tokens,
            unlimited,
            within: self.written.within.is_some(),
            shortest: self.shortest(),
        };
        Facts {
            repeats: Some(repeats),
            ..Facts::new(NAME, self.span)
        }
    }

    /// The strategy's word, where it is written.
    pub(crate) fn written_strategy(&self) -> Option<&'static str> {
        self.written.strategy.map(|_| self.strategy.name())
    }

    /// How often the body may run, where that is known and has an end.
    pub(crate) fn runs(&self) -> Option<u32> {
        match &self.max {
            Some(Max::Count(count)) => count.literal().copied(),
            Some(Max::Unlimited(_)) => None,
            None if self.written.max.is_some() || self.written.policy => None,
            None => Some(DEFAULT_MAX),
        }
    }
}

/// The first one that stands there; the others are faults.
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

/// An expression; a delay is no back-off of one's own.
fn backoff(value: &Value<'_>) -> Option<TokenStream> {
    if let Some(text) = value.as_delay() {
        value.refuse_for(&describe(&value.tokens), &[format!("base = {text}")]);
        return None;
    }
    value.expr()
}

fn jitter(value: &Value<'_>) -> Option<Jitter> {
    const WORDS: [&str; 4] = ["full", "equal", "decorrelated", "none"];
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
        Syntax::Word(_) | Syntax::Text(_) => Some(value.word(&WORDS)?),
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

fn budget(value: &Value<'_>) -> Option<Budget> {
    match syntax_of(&value.tokens) {
        Syntax::Text(_) => return value.name_literal().map(Budget::Named),
        Syntax::Word(word) if word == "off" => return Some(Budget::Off),
        Syntax::Word(word) if value.cx.params.contains(&word) => {
            value.refuse(&format!("`{word}` is an argument of each call"));
            return None;
        }
        Syntax::Word(word) => {
            let text = word.to_string();
            let meant = match text.as_str() {
                "none" | "false" | "no" | "disabled" | "unlimited" => "off".to_owned(),
                _ => match table::BUDGET.option(&text) {
                    Some(option) => format!("({})", option.sample()),
                    None => format!("\"{text}\""),
                },
            };
            value.refuse_with(&format!("`{word}` is none of these"), &[meant]);
            return None;
        }
        _ => {}
    }
    let content = match inside(&value.tokens, Delimiter::Parenthesis) {
        Some(content) => content,
        None if value.is_in_parens() => value.tokens.clone(),
        None => {
            let capacity = match syntax_of(&value.tokens) {
                Syntax::Number(number) if number.negative => vec!["off".to_owned()],
                Syntax::Number(number) if number.suffix.is_empty() => {
                    vec![format!("(capacity = {})", number.text)]
                }
                _ => Vec::new(),
            };
            value.refuse_with(&describe(&value.tokens), &capacity);
            return None;
        }
    };
    if content.is_empty() {
        value.refuse("the parentheses are empty");
        return None;
    }
    let mut args = Args::read(&table::BUDGET, content, value.cx);
    let name = args.take("name").map(|value| value.name_literal());
    let is_named = args.mentioned("name").is_some();
    let numbers = ["capacity", "cost", "refill"];
    let has_numbers = numbers
        .iter()
        .any(|number| args.mentioned(number).is_some());
    let capacity = args
        .take("capacity")
        .and_then(|value| value.count_or(1, u32::MAX, value.example));
    let cost = args.take("cost").and_then(|value| value.count(1, u32::MAX));
    let refill = args.take("refill").and_then(|value| refill(&value));
    args.done();
    let name = name.flatten();
    match name {
        Some(name) if !has_numbers => Some(Budget::Named(name)),
        // What it is called is a fault of its own: no other is made of the site's own budget.
        None if is_named => None,
        name => Some(Budget::Own {
            name,
            capacity,
            cost,
            refill,
        }),
    }
}

/// Tokens a second: a whole number, with no unit of time beside it.
fn refill(value: &Value<'_>) -> Option<Const<u32>> {
    if let Syntax::Word(word) = syntax_of(&value.tokens)
        && ["off", "none", "never", "no", "false"].contains(&word.to_string().as_str())
        && !value.cx.params.contains(&word)
    {
        value.refuse_with(&format!("`{word}` is a word"), &["0".to_owned()]);
        return None;
    }
    value.count(0, u32::MAX)
}

/// A name that the body can use. `n` of an argument would hide that, and a generic's can't be bound.
fn attempt(value: &Value<'_>) -> Option<Ident> {
    let name = match syntax_of(&value.tokens) {
        Syntax::Word(name) => name,
        // `attempt = 5`: how many there may be.
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
        value.refuse(&format!(
            "`{name}` is an argument, which it would hide from the body"
        ));
    } else if value.cx.generics.contains(&name) {
        value.refuse(&format!("`{name}` is a generic of the function"));
    } else {
        return Some(name);
    }
    None
}

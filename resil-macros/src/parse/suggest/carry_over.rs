//! Carries a value over to the option that it was probably meant for.

use proc_macro2::{Delimiter, TokenStream};

use super::foreign_patterns::intended_pattern;
use super::names::{snake, unit};
use crate::parse::context::ParseContext;
use crate::parse::duration;
use crate::parse::duration::with_units;
use crate::parse::syntax::{Number, Syntax, is_endless, syntax_of};
use crate::parse::table::{Guess, Kind, Opt};
use crate::tokens::{inside, shown};

/// Returns the option with the value that was written beside another name, as far as it fits.
pub(crate) fn carry_over(
    cx: &ParseContext<'_>,
    option: &Opt,
    name: &str,
    tokens: &TokenStream,
    added: u32,
) -> Vec<String> {
    let number = |number: &Number| match option.kind {
        Kind::Duration | Kind::Delay if number.value() == Some(0.0) => {
            vec![option.example.to_owned()]
        }
        Kind::Duration | Kind::Delay if number.suffix.is_empty() => match unit(&snake(name)) {
            Some(unit) => vec![format!("{}{unit}", number.text)],
            None => with_units(&number.text, option.example),
        },
        Kind::Ratio | Kind::RatioOrOff if number.suffix.is_empty() && !number.fractional => {
            vec![format!("{}%", number.text)]
        }
        Kind::Max | Kind::Count => match number.digits.parse::<u32>() {
            Ok(count) if number.suffix.is_empty() => vec![count.saturating_add(added).to_string()],
            _ => vec![option.example.to_owned()],
        },
        _ => vec![number.text.clone()],
    };
    let values = match syntax_of(tokens) {
        Syntax::Empty => vec![option.example.to_owned()],
        Syntax::Text(text) if matches!(option.kind, Kind::Duration | Kind::Delay) => {
            unquoted_duration(&text.value(), option)
        }
        Syntax::Text(text) if is_unquoted(option.kind) => vec![text.value()],
        Syntax::Number(found) if !found.negative => number(&found),
        // Other libraries use a negative number for “no end”.
        Syntax::Number(_) if option.kind == Kind::Max => vec!["unlimited".to_owned()],
        Syntax::Word(word) if option.kind == Kind::Max && is_endless(&word) => {
            vec!["unlimited".to_owned()]
        }
        Syntax::Number(found) | Syntax::Percent(found)
            if found.negative && is_unquoted(option.kind) =>
        {
            vec![option.example.to_owned()]
        }
        _ if let Kind::Pattern(subject) = option.kind => {
            vec![intended_pattern(tokens, subject, cx).unwrap_or_else(|| option.example.to_owned())]
        }
        Syntax::Other if !fits(option, tokens) => vec![option.example.to_owned()],
        _ => vec![shown(tokens)],
    };
    values.iter().map(|value| option.write(value)).collect()
}

/// Takes a duration out of its quotes: `"100ms"` → `100ms`.
fn unquoted_duration(text: &str, option: &Opt) -> Vec<String> {
    let text: String = text.split_whitespace().collect();
    match duration::read_like(&text, option.example) {
        Ok(_) => vec![text],
        Err(fault) if text.starts_with(|c: char| c.is_ascii_digit()) && !fault.write.is_empty() => {
            fault.write
        }
        Err(_) => vec![option.example.to_owned()],
    }
}

/// Whether other libraries write values of this kind in quotes.
fn is_unquoted(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Count
            | Kind::Duration
            | Kind::Delay
            | Kind::RatioOrOff
            | Kind::Max
            | Kind::Ratio
            | Kind::Number
            | Kind::Window
            | Kind::Words(_)
            | Kind::Jitter
    )
}

/// Whether an expression can be shown as that option's value.
fn fits(option: &Opt, tokens: &TokenStream) -> bool {
    let is_list = inside(tokens, Delimiter::Bracket).is_some();
    is_list == (option.kind == Kind::Durations)
}

/// Guesses what a value without a name is, by its syntax.
pub(crate) fn guess(tokens: &TokenStream) -> Guess {
    match syntax_of(tokens) {
        Syntax::Number(number) if duration::looks_like_one(&number.text) => Guess::Duration,
        Syntax::Number(_) => Guess::Number,
        Syntax::Percent(_) => Guess::Percent,
        Syntax::Text(_) => Guess::Text,
        Syntax::Empty | Syntax::Word(_) | Syntax::Other => Guess::Expr,
    }
}

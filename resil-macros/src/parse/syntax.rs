//! Tells values apart by their syntax. Those of a wrong kind are recognized here, so that every
//! message can name what it found and show the right text.

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};

use super::duration;
use crate::tokens::{flat, is_punct, shown};

pub(crate) enum Syntax {
    Empty,
    /// A numeric literal with its unit or type suffix.
    Number(Number),
    /// `50%`, which the lexer hands over as two tokens.
    Percent(Number),
    Text(syn::LitStr),
    /// One identifier, `true` and `false` among them.
    Word(Ident),
    Other,
}

/// A numeric literal with its sign.
pub(crate) struct Number {
    pub(crate) negative: bool,
    /// As written, without the sign.
    pub(crate) text: String,
    /// In decimal, without underscores and sign; it may have a point and an exponent.
    pub(crate) digits: String,
    pub(crate) suffix: String,
    pub(crate) fractional: bool,
}

impl Number {
    pub(crate) fn value(&self) -> Option<f64> {
        let value: f64 = self.digits.parse().ok()?;
        value
            .is_finite()
            .then_some(if self.negative { -value } else { value })
    }
}

pub(crate) fn syntax_of(tokens: &TokenStream) -> Syntax {
    let trees = flat(tokens);
    match trees.as_slice() {
        [] => Syntax::Empty,
        [TokenTree::Ident(word)] => Syntax::Word(word.clone()),
        [TokenTree::Literal(literal)] => match number(literal, false) {
            Some(number) => Syntax::Number(number),
            None => match syn::Lit::new(literal.clone()) {
                syn::Lit::Str(text) => Syntax::Text(text),
                _ => Syntax::Other,
            },
        },
        [minus, TokenTree::Literal(literal)] if is_punct(minus, '-') => {
            number(literal, true).map_or(Syntax::Other, Syntax::Number)
        }
        [TokenTree::Literal(literal), percent] if is_punct(percent, '%') => {
            number(literal, false).map_or(Syntax::Other, Syntax::Percent)
        }
        [minus, TokenTree::Literal(literal), percent]
            if is_punct(minus, '-') && is_punct(percent, '%') =>
        {
            number(literal, true).map_or(Syntax::Other, Syntax::Percent)
        }
        _ => Syntax::Other,
    }
}

fn number(literal: &Literal, minus: bool) -> Option<Number> {
    let text = literal.to_string();
    // A literal built by another macro may carry its sign inside.
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (!minus, rest.to_owned()),
        None => (minus, text),
    };
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (digits, suffix, fractional) = match syn::Lit::new(literal.clone()) {
        syn::Lit::Int(int) => (
            int.base10_digits().to_owned(),
            int.suffix().to_owned(),
            false,
        ),
        syn::Lit::Float(float) => (
            float.base10_digits().to_owned(),
            float.suffix().to_owned(),
            true,
        ),
        _ => return None,
    };
    let digits = digits.trim_start_matches('-').to_owned();
    Some(Number {
        negative,
        text,
        digits,
        suffix,
        fractional,
    })
}

/// Whether the word means “no limit” in another library. In capitals it is the name of a constant:
/// `NEVER`.
pub(crate) fn is_endless(word: &Ident) -> bool {
    const ENDLESS: [&str; 13] = [
        "always",
        "disabled",
        "endless",
        "forever",
        "inf",
        "infinite",
        "infinity",
        "never",
        "none",
        "null",
        "off",
        "unbounded",
        "unlimited",
    ];
    let word = word.to_string();
    word.contains(char::is_lowercase) && ENDLESS.contains(&word.to_lowercase().as_str())
}

/// Describes a value for a message: "`5s` is a duration".
pub(crate) fn describe(tokens: &TokenStream) -> String {
    match syntax_of(tokens) {
        Syntax::Empty => "nothing".to_owned(),
        Syntax::Percent(number) => {
            format!("`{}{}%` is a ratio", sign(&number), number.text)
        }
        Syntax::Number(number) => {
            let written = format!("`{}{}`", sign(&number), number.text);
            if number.negative {
                format!("{written} is negative")
            } else if duration::looks_like_one(&number.text) {
                format!("{written} is a duration")
            } else if number.suffix.is_empty() {
                format!("{written} is a number")
            } else {
                format!("{written} is a number with the suffix `{}`", number.suffix)
            }
        }
        Syntax::Text(text) => format!("`\"{}\"` is a string", text.value()),
        Syntax::Word(word) => format!("`{word}` is a word"),
        Syntax::Other => format!("`{}` is an expression", shown(tokens)),
    }
}

fn sign(number: &Number) -> &'static str {
    if number.negative { "-" } else { "" }
}

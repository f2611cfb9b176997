//! Tells values apart by their syntax. Those of a wrong kind are recognized here, so that every
//! message can name what it found and show the right text.

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use resil_language::number::Found;
pub(crate) use resil_language::number::Number;

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
    resil_language::number::is_endless(&word.to_string())
}

/// Describes a value for a message: "`5s` is a duration".
pub(crate) fn describe(tokens: &TokenStream) -> String {
    with_found(tokens, |found| found.describe())
}

/// Hands `read` the value as the language knows it.
pub(crate) fn with_found<T>(tokens: &TokenStream, read: impl FnOnce(Found<'_>) -> T) -> T {
    match syntax_of(tokens) {
        Syntax::Empty => read(Found::Empty),
        Syntax::Number(number) => read(Found::Number(number)),
        Syntax::Percent(number) => read(Found::Percent(number)),
        Syntax::Text(text) => read(Found::Text(&text.value())),
        Syntax::Word(word) => read(Found::Word(&word.to_string())),
        Syntax::Other => read(Found::Other(&shown(tokens))),
    }
}

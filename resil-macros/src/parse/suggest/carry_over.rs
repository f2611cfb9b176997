//! Carries a value over to the option that it was probably meant for.

use proc_macro2::{Delimiter, TokenStream};
use resil_language::carry_over;

use super::foreign_patterns::intended_pattern;
use crate::parse::context::ParseContext;
use crate::parse::duration;
use crate::parse::syntax::{Syntax, syntax_of, with_found};
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
    let is_number = matches!(syntax_of(tokens), Syntax::Number(number) if !number.negative);
    let value = match option.kind {
        Kind::Pattern(subject) if !is_number && !tokens.is_empty() => {
            intended_pattern(tokens, subject, cx).unwrap_or_else(|| option.example.to_owned())
        }
        _ if matches!(syntax_of(tokens), Syntax::Other) && !fits(option, tokens) => {
            option.example.to_owned()
        }
        _ => {
            let whole = shown(tokens);
            return with_found(tokens, |found| {
                carry_over::carry_over(option, name, (&found, &whole), added)
            });
        }
    };
    vec![option.write(&value)]
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

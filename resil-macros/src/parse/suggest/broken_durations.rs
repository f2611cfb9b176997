//! Durations that are written in pieces, in brackets, or inside an expression: `5 s`, `(5s)`, `2 * 5s`.

use proc_macro2::{TokenStream, TokenTree};

use crate::parse::duration;
use crate::parse::syntax::{Syntax, syntax_of};
use crate::tokens::{flat, is_punct, shown};

/// A duration literal with something in it or around it.
pub(crate) enum BrokenDuration {
    /// `(5s)`, `&5s`, `= 5s`.
    Wrapped(String),
    /// `5s per attempt`.
    Followed { literal: String, rest: String },
    /// `5 s`, `1m 30s`: the text without its spaces.
    InPieces(String),
}

/// Returns how a duration literal is broken; `None` if the tokens are no such literal.
pub(crate) fn broken_duration(tokens: &TokenStream) -> Option<BrokenDuration> {
    if let Some(joined) = in_pieces(tokens) {
        let trees = flat(tokens);
        // Splits off the longest front that is a duration. The words behind it are none of its
        // units.
        let followed = (1..trees.len()).rev().find_map(|at| {
            let (front, rest) = trees.split_at(at);
            let literal: String = front.iter().map(ToString::to_string).collect();
            let is_word = matches!(rest[0], TokenTree::Ident(_));
            let rest = shown(&rest.iter().cloned().collect());
            (is_word && duration::read(&literal).is_ok())
                .then_some(BrokenDuration::Followed { literal, rest })
        });
        return Some(followed.unwrap_or(BrokenDuration::InPieces(joined)));
    }
    let bare = unwrapped(tokens)?;
    match syntax_of(&bare) {
        Syntax::Number(number) if duration::looks_like_one(&number.text) => {
            Some(BrokenDuration::Wrapped(number.text))
        }
        _ => in_pieces(&bare)
            .filter(|joined| duration::looks_like_one(joined))
            .map(BrokenDuration::Wrapped),
    }
}

/// Returns the text of a duration that is written in pieces or in brackets.
pub(crate) fn intended_duration(tokens: &TokenStream) -> Option<String> {
    match broken_duration(tokens)? {
        BrokenDuration::Wrapped(text)
        | BrokenDuration::Followed { literal: text, .. }
        | BrokenDuration::InPieces(text) => duration::looks_like_one(&text).then_some(text),
    }
}

/// Removes the brackets and marks around the tokens, if there are any.
fn unwrapped(tokens: &TokenStream) -> Option<TokenStream> {
    let mut trees = flat(tokens);
    let before = trees.len();
    let mut brackets = false;
    loop {
        let is_mark = |tree: Option<&TokenTree>| {
            tree.is_some_and(|tree| matches!(tree, TokenTree::Punct(_)) && !is_punct(tree, '%'))
        };
        if is_mark(trees.first()) {
            trees.remove(0);
        } else if is_mark(trees.last()) {
            trees.pop();
        } else if let [TokenTree::Group(group)] = trees.as_slice() {
            trees = flat(&group.stream());
            brackets = true;
        } else {
            break;
        }
    }
    (brackets || trees.len() < before).then(|| trees.into_iter().collect())
}

/// Joins a number and the tokens behind it, if no expression begins like this.
fn in_pieces(tokens: &TokenStream) -> Option<String> {
    let trees = flat(tokens);
    let all_numbers = trees.iter().enumerate().all(|(at, tree)| match tree {
        TokenTree::Literal(literal) => literal
            .to_string()
            .starts_with(|c: char| c.is_ascii_digit()),
        TokenTree::Ident(word) => at > 0 && word != "as",
        point => at > 0 && is_punct(point, '.'),
    });
    let starts_with_number = matches!(trees.first(), Some(TokenTree::Literal(_)));
    // `5.max(x)` has a group and is none of these.
    (all_numbers && starts_with_number && trees.len() > 1)
        .then(|| trees.iter().map(ToString::to_string).collect())
}

/// Finds a literal with a unit inside an expression, and returns it with its text in Rust. The
/// arguments of a macro are left alone.
pub(crate) fn unit_literal(tokens: &TokenStream) -> Option<(TokenTree, String)> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().find_map(|(at, tree)| match tree {
        TokenTree::Group(_)
            if at > 1 && is_punct(&trees[at - 1], '!') && is_ident(&trees[at - 2]) =>
        {
            None
        }
        TokenTree::Group(group) => unit_literal(&group.stream()),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let numeric = text.starts_with(|c: char| c.is_ascii_digit());
            (numeric && duration::looks_like_one(&text)).then(|| (tree.clone(), in_rust(&text)))
        }
        _ => None,
    })
}

/// Writes a duration literal in Rust: `500ms` → `Duration::from_millis(500)`.
fn in_rust(text: &str) -> String {
    match duration::read(text).map(|duration| duration.as_nanos()) {
        Ok(nanos) if nanos % 1_000_000_000 == 0 => {
            format!("Duration::from_secs({})", nanos / 1_000_000_000)
        }
        Ok(nanos) if nanos % 1_000_000 == 0 => {
            format!("Duration::from_millis({})", nanos / 1_000_000)
        }
        Ok(nanos) => format!("Duration::from_nanos({nanos})"),
        Err(_) => "Duration::from_secs(5)".to_owned(),
    }
}

fn is_ident(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Ident(_))
}

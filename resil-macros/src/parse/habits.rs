//! Patterns as one would write a condition: `A || B`, `!A`, `A => true`, `|e| ..`, or with the `Ok`
//! or `Err` that is not there any more. Each is told with the pattern that it means.

use proc_macro2::{Delimiter, Punct, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Pat;
use syn::parse::Parser;

use super::pattern::is_constant_name;
use super::split::{at_commas, collect, inside, is_punct, open, shown};
use super::table::Asked;

/// What is wrong with it, and what to write within the option's brackets, or in place of it.
pub(super) struct Habit {
    pub(super) what: String,
    pub(super) write: Vec<String>,
    /// The pattern whose contrary it is.
    pub(super) not: Option<String>,
}

/// What tokens that are no pattern mean as one.
pub(super) fn of_no_pattern(tokens: &TokenStream, asked: Asked) -> Option<Habit> {
    let found = |what: String, write: String| Habit {
        what,
        write: vec![write],
        not: None,
    };
    if let Some(text) = from_closure(tokens) {
        return Some(found(format!("`{}` is a closure", shown(tokens)), text));
    }
    let pieces = at_commas(tokens.clone());
    if pieces.len() > 1 && pieces.iter().all(|piece| reads(&piece.tokens)) {
        let joined: Vec<_> = pieces.iter().map(|piece| shown(&piece.tokens)).collect();
        let what = "a comma does not part alternatives".to_owned();
        return Some(found(what, joined.join(" | ")));
    }
    if let Some(text) = from_or(tokens) {
        return Some(found("`||` does not part alternatives".to_owned(), text));
    }
    if let Some(habit) = of_arms(tokens) {
        return Some(habit);
    }
    let not = from_not(tokens)?;
    let name = if asked.variant == "Ok" { "v" } else { "e" };
    Some(Habit {
        what: format!("`{}` is a condition", shown(tokens)),
        write: vec![format!("{name} if !matches!({name}, {not})")],
        not: Some(not),
    })
}

/// What the arms of a `match` mean.
pub(super) fn of_arms(tokens: &TokenStream) -> Option<Habit> {
    Some(Habit {
        what: format!("`{}` has the `=>` of a `match`", shown(tokens)),
        write: vec![from_arms(tokens)?],
        not: None,
    })
}

/// `Err(X)` → `X`, where it is the error that is asked. (An error's own variant of that name can
/// be written with a path: `MyError::Err(X)`.)
pub(super) fn without_variant(pattern: &Pat, asked: Asked, guarded: bool) -> Option<String> {
    let cases: Vec<&Pat> = match pattern {
        Pat::Or(or) => or.cases.iter().collect(),
        one => vec![one],
    };
    let content = |case: &&Pat| match case {
        Pat::TupleStruct(of) if of.path.is_ident(asked.variant) && of.elems.len() == 1 => {
            of.elems.first().cloned()
        }
        _ => None,
    };
    if !cases.iter().any(|case| content(case).is_some()) {
        return None;
    }
    let texts = cases.iter().map(|case| match content(case) {
        // A name alone would match everything, and say so.
        Some(Pat::Ident(name)) if !guarded && !is_constant_name(&name) => "_".to_owned(),
        Some(inner) => shown(&inner.to_token_stream()),
        None => shown(&case.to_token_stream()),
    });
    Some(texts.collect::<Vec<_>>().join(" | "))
}

/// The pattern that a value of another library's option comes to, as a text to write.
pub(super) fn meant(tokens: &TokenStream, asked: Asked) -> Option<String> {
    let tokens = open(tokens.clone());
    match Pat::parse_multi_with_leading_vert.parse2(tokens.clone()) {
        Ok(Pat::Ident(name)) if !is_constant_name(&name) => {
            let name = name.ident;
            Some(format!("e if {name}(e)"))
        }
        Ok(Pat::Path(path)) if is_function(&path) => Some(format!("e if {}(e)", shown(&tokens))),
        Ok(pattern) => {
            Some(without_variant(&pattern, asked, false).unwrap_or_else(|| shown(&tokens)))
        }
        Err(_) => of_no_pattern(&tokens, asked)?.write.into_iter().next(),
    }
}

/// `pay::is_transient`: neither a constant nor a variant is spelled so.
fn is_function(path: &syn::PatPath) -> bool {
    let last = path.path.segments.last().map(|s| s.ident.to_string());
    last.is_some_and(|name| name.starts_with(char::is_lowercase))
}

/// `|e| e.is_connect()` → `e if e.is_connect()`.
fn from_closure(tokens: &TokenStream) -> Option<String> {
    let closure: syn::ExprClosure = syn::parse2(tokens.clone()).ok()?;
    let mut inputs = closure.inputs.iter();
    let (Some(input), None) = (inputs.next(), inputs.next()) else {
        return None;
    };
    let input = match input {
        Pat::Type(typed) => typed.pat.to_token_stream(),
        other => other.to_token_stream(),
    };
    Some(format!(
        "{} if {}",
        shown(&input),
        shown(&closure.body.to_token_stream())
    ))
}

/// `A || B` → `A | B`.
fn from_or(tokens: &TokenStream) -> Option<String> {
    let mut alternatives: Vec<TokenTree> = Vec::new();
    let (mut halves, mut in_guard) = (0, false);
    for tree in tokens.clone() {
        in_guard |= matches!(&tree, TokenTree::Ident(word) if word == "if");
        let second = !in_guard
            && is_punct(&tree, '|')
            && alternatives.last().is_some_and(|last| is_punct(last, '|'));
        if second {
            halves += 1;
            // On its own, it is shown with its spaces.
            alternatives.pop();
            alternatives.push(Punct::new('|', Spacing::Alone).into());
        } else {
            alternatives.push(tree);
        }
    }
    let at = alternatives
        .iter()
        .position(|tree| matches!(tree, TokenTree::Ident(word) if word == "if"));
    let (pattern, guard) = alternatives.split_at(at.unwrap_or(alternatives.len()));
    let pattern = collect(pattern);
    let leads = alternatives.first().is_some_and(|tree| is_punct(tree, '|'));
    if halves == 0 || leads || !reads(&pattern) {
        return None;
    }
    let guard = collect(guard);
    let space = if guard.is_empty() { "" } else { " " };
    Some(format!("{}{space}{}", shown(&pattern), shown(&guard)))
}

/// `A => true, B => true, _ => false` → `A | B`.
fn from_arms(tokens: &TokenStream) -> Option<String> {
    let mut arms = Vec::new();
    for piece in at_commas(tokens.clone()) {
        let trees: Vec<TokenTree> = piece.tokens.into_iter().collect();
        let arrow = trees
            .windows(2)
            .position(|pair| is_punct(&pair[0], '=') && is_punct(&pair[1], '>'))?;
        let is_false = matches!(&trees[arrow + 2..],
            [TokenTree::Ident(word)] if word == "false");
        if !is_false {
            arms.push(collect(&trees[..arrow]));
        }
    }
    // An arm with a guard is none of several alternatives.
    let several = arms.len() > 1;
    let reads = |arm: &TokenStream| match split_guard(arm) {
        (pattern, true) => !several && reads(&pattern),
        (pattern, false) => reads(&pattern),
    };
    (!arms.is_empty() && arms.iter().all(reads))
        .then(|| arms.iter().map(shown).collect::<Vec<_>>().join(" | "))
}

fn split_guard(tokens: &TokenStream) -> (TokenStream, bool) {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let at = trees
        .iter()
        .position(|tree| matches!(tree, TokenTree::Ident(word) if word == "if"));
    (collect(&trees[..at.unwrap_or(trees.len())]), at.is_some())
}

/// `!A` → `A`.
fn from_not(tokens: &TokenStream) -> Option<String> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let [mark, rest @ ..] = trees.as_slice() else {
        return None;
    };
    let rest = collect(rest);
    let rest = inside(&rest, Delimiter::Parenthesis).unwrap_or(rest);
    let parsed = Pat::parse_multi_with_leading_vert.parse2(rest.clone());
    // `!is_transient` is the contrary of a predicate, not of a name.
    let is_pattern = match parsed {
        Ok(Pat::Ident(name)) => is_constant_name(&name),
        Ok(_) => true,
        Err(_) => false,
    };
    (is_punct(mark, '!') && is_pattern).then(|| shown(&rest))
}

fn reads(tokens: &TokenStream) -> bool {
    Pat::parse_multi_with_leading_vert
        .parse2(tokens.clone())
        .is_ok()
}

//! Patterns that are written in another syntax: as conditions (`A || B`, `!A`), as match arms
//! (`A => true`), as closures (`|e| ..`), or with an `Ok` or `Err` around. For each the pattern
//! that was meant is found.

use proc_macro2::{Delimiter, Punct, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Pat;
use syn::parse::Parser;

use super::type_names;
use super::type_names::typed;
use crate::parse::context::ParseContext;
use crate::parse::spelling::is_constant_name;
use crate::parse::table::PatternSubject;
use crate::tokens::{collect, inside, is_punct, open, shown, split_at_commas};

/// What is wrong with a pattern, and what to write.
pub(crate) struct ForeignPattern {
    pub(crate) what: String,
    pub(crate) write: Vec<String>,
    /// The pattern that it negates, if it is a negation.
    pub(crate) not: Option<String>,
}

/// Finds the pattern that was meant by tokens which are no pattern.
pub(crate) fn foreign_pattern(
    tokens: &TokenStream,
    subject: PatternSubject,
) -> Option<ForeignPattern> {
    let found = |what: String, write: String| ForeignPattern {
        what,
        write: vec![write],
        not: None,
    };
    if is_closure(tokens) || from_closure(tokens).is_some() {
        let text = from_closure(tokens).unwrap_or_else(|| "e if e.is_connect()".to_owned());
        return Some(found(format!("`{}` is a closure", shown(tokens)), text));
    }
    if let Some((name, guard)) = typed(tokens) {
        let what = format!("the type of `{name}` is known, and stands in no pattern");
        let text = if guard.is_empty() {
            "_".to_owned()
        } else {
            format!("{name} {}", shown(&guard))
        };
        return Some(found(what, text));
    }
    let pieces = split_at_commas(tokens.clone());
    if pieces.len() > 1 && pieces.iter().all(|piece| reads(&piece.tokens)) {
        let joined: Vec<_> = pieces.iter().map(|piece| shown(&piece.tokens)).collect();
        let what = "a comma does not part alternatives".to_owned();
        return Some(found(what, joined.join(" | ")));
    }
    if let Some(either) = with_single_bars(tokens) {
        let what = "`||` does not part alternatives".to_owned();
        return Some(found(what, shown(&either)));
    }
    if let Some(foreign) = pattern_of_arms(tokens) {
        return Some(foreign);
    }
    let not = from_not(tokens)?;
    let name = if subject.variant == "Ok" { "v" } else { "e" };
    Some(ForeignPattern {
        what: format!("`{}` is a condition", shown(tokens)),
        write: vec![format!("{name} if !matches!({name}, {not})")],
        not: Some(not),
    })
}

/// Finds the pattern that the arms of a `match` mean.
pub(crate) fn pattern_of_arms(tokens: &TokenStream) -> Option<ForeignPattern> {
    Some(ForeignPattern {
        what: format!("`{}` has the `=>` of a `match`", shown(tokens)),
        write: vec![from_arms(tokens)?],
        not: None,
    })
}

/// Removes the `Err` around a pattern on the error: `Err(X)` → `X`. (A variant `Err` of the error
/// itself can be written with a path: `MyError::Err(X)`.)
pub(crate) fn without_result_variant(
    pattern: &Pat,
    subject: PatternSubject,
    guarded: bool,
) -> Option<String> {
    let cases: Vec<&Pat> = match pattern {
        Pat::Or(or) => or.cases.iter().collect(),
        one => vec![one],
    };
    let content = |case: &&Pat| match case {
        Pat::TupleStruct(of) if of.path.is_ident(subject.variant) && of.elems.len() == 1 => {
            of.elems.first().cloned()
        }
        _ => None,
    };
    if !cases.iter().any(|case| content(case).is_some()) {
        return None;
    }
    let texts = cases.iter().map(|case| match content(case) {
        // A name alone matches everything: `_` says so.
        Some(Pat::Ident(name)) if !guarded && !is_constant_name(&name) => "_".to_owned(),
        Some(inner) => shown(&inner.to_token_stream()),
        None => shown(&case.to_token_stream()),
    });
    Some(texts.collect::<Vec<_>>().join(" | "))
}

/// Returns the pattern that a value of another library's option means.
pub(crate) fn intended_pattern(
    tokens: &TokenStream,
    subject: PatternSubject,
    cx: &ParseContext<'_>,
) -> Option<String> {
    let tokens = open(tokens.clone());
    if is_closure(&tokens) {
        return from_closure(&tokens);
    }
    match Pat::parse_multi_with_leading_vert.parse2(tokens.clone()) {
        Ok(Pat::Ident(name)) if !is_constant_name(&name) => {
            let name = name.ident;
            Some(format!("e if {name}(e)"))
        }
        Ok(pattern) => type_names::intended_pattern(&pattern, subject, cx)
            .or_else(|| without_result_variant(&pattern, subject, false))
            .or_else(|| Some(shown(&tokens))),
        Err(_) => foreign_pattern(&tokens, subject)?.write.into_iter().next(),
    }
}

/// Whether the tokens are a closure: `|e| true`. (`| A | B` is a pattern.)
pub(crate) fn is_closure(tokens: &TokenStream) -> bool {
    let closure = syn::parse2::<syn::ExprClosure>(tokens.clone());
    closure.is_ok_and(|closure| closure.inputs.iter().all(is_parameter))
}

/// Whether a pattern is a closure's parameter: a name, not a variant.
fn is_parameter(pattern: &Pat) -> bool {
    match pattern {
        Pat::Ident(name) => !is_constant_name(name),
        Pat::Wild(_) | Pat::Type(_) | Pat::Tuple(_) => true,
        Pat::Reference(inner) => is_parameter(&inner.pat),
        Pat::Paren(inner) => is_parameter(&inner.pat),
        _ => false,
    }
}

/// Turns a closure into a pattern: `|e| e.is_connect()` → `e if e.is_connect()`,
/// `|e| matches!(e, A)` → `A`.
fn from_closure(tokens: &TokenStream) -> Option<String> {
    let closure: syn::ExprClosure = syn::parse2(tokens.clone()).ok()?;
    let mut inputs = closure.inputs.iter();
    let (Some(input), None) = (inputs.next(), inputs.next()) else {
        return None;
    };
    let input = match input {
        Pat::Type(typed) => &typed.pat,
        other => other,
    };
    let body = closure.body.to_token_stream();
    if let Some(pattern) = of_matches(&body, input) {
        return Some(pattern);
    }
    Some(match shown(&body).as_str() {
        "true" => "_".to_owned(),
        "false" => "_ if false".to_owned(),
        body => format!("{} if {body}", shown(&input.to_token_stream())),
    })
}

/// Returns `P` of `matches!(e, P)`.
fn of_matches(body: &TokenStream, input: &Pat) -> Option<String> {
    let trees: Vec<TokenTree> = open(body.clone()).into_iter().collect();
    let [TokenTree::Ident(matches), bang, TokenTree::Group(content)] = trees.as_slice() else {
        return None;
    };
    let content: Vec<TokenTree> = content.stream().into_iter().collect();
    let [TokenTree::Ident(value), comma, pattern @ ..] = content.as_slice() else {
        return None;
    };
    let is_whole = matches!(input, Pat::Ident(name) if name.ident == *value);
    let pattern = match pattern {
        [pattern @ .., comma] if is_punct(comma, ',') => pattern,
        pattern => pattern,
    };
    (matches == "matches" && is_punct(bang, '!') && is_punct(comma, ',') && is_whole)
        .then(|| shown(&collect(pattern)))
}

/// Writes the bars of a pattern for those of a condition: `A || B` → `A | B`.
pub(crate) fn with_single_bars(tokens: &TokenStream) -> Option<TokenStream> {
    let mut alternatives: Vec<TokenTree> = Vec::new();
    let (mut halves, mut in_guard) = (0, false);
    for tree in tokens.clone() {
        in_guard |= matches!(&tree, TokenTree::Ident(word) if word == "if");
        let second = !in_guard
            && is_punct(&tree, '|')
            && alternatives.last().is_some_and(|last| is_punct(last, '|'));
        if second {
            halves += 1;
            // `Alone`, so that it is printed with spaces around.
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
    Some(pattern.into_iter().chain(guard.iter().cloned()).collect())
}

/// Turns match arms into a pattern: `A => true, B => true, _ => false` → `A | B`.
fn from_arms(tokens: &TokenStream) -> Option<String> {
    let mut arms = Vec::new();
    for piece in split_at_commas(tokens.clone()) {
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
    // An arm with a guard can't be one of several alternatives.
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

/// Removes the `!` before a pattern: `!A` → `A`.
fn from_not(tokens: &TokenStream) -> Option<String> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let [mark, rest @ ..] = trees.as_slice() else {
        return None;
    };
    let rest = collect(rest);
    let rest = inside(&rest, Delimiter::Parenthesis).unwrap_or(rest);
    let parsed = Pat::parse_multi_with_leading_vert.parse2(rest.clone());
    // `!is_transient` negates a predicate, not a variant.
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

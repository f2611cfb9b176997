//! Reads the `key` and its parts, and checks that it tells calls apart.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::diag::help;
use crate::parse::{Syntax, Value, syntax_of};
use crate::tokens::{flat, inside, is_punct, shown, split_at_commas};

/// Reads one value, or the parts of a tuple, each of which is hashed by itself.
pub(super) fn key(value: &Value<'_>) -> Option<Vec<TokenStream>> {
    let tuple = inside(&value.tokens, Delimiter::Parenthesis);
    let list = tuple.clone().unwrap_or_else(|| value.tokens.clone());
    let is_tuple = tuple.is_some() || split_at_commas(list).len() > 1;
    let parts = if is_tuple {
        let elements = value.elements(Delimiter::Parenthesis);
        if elements.is_empty() {
            value.refuse("the tuple is empty");
            return None;
        }
        let wanted = elements.len();
        let parts: Vec<_> = elements
            .iter()
            .filter_map(|part| check_not_a_format(part).and_then(|()| part.expr()))
            .collect();
        (parts.len() == wanted).then_some(parts)?
    } else {
        check_not_a_format(value)?;
        vec![value.expr()?]
    };
    check_tells_calls_apart(value)?;
    Some(parts)
}

/// Checks that a text is not meant as a format string. `"pay-{id}"` is a plain string to Rust, the
/// same for every call, so that each would get the outcome of the first one.
fn check_not_a_format(part: &Value<'_>) -> Option<()> {
    let Syntax::Text(text) = syntax_of(&part.tokens) else {
        return Some(());
    };
    let names_argument = text.value().split('{').skip(1).any(|rest| {
        let name = rest.split(['}', ':', '.']).next().unwrap_or_default();
        name == "self" || part.cx.params.iter().any(|param| param == name)
    });
    if names_argument {
        let what = format!("`{:?}` is the same text for every call", text.value());
        part.refuse_with(&what, &[format!("format!({:?})", text.value())]);
        return None;
    }
    Some(())
}

/// Checks that the key may differ between calls. With a constant as the key each call would get the
/// outcome of the first one.
fn check_tells_calls_apart(value: &Value<'_>) -> Option<()> {
    if may_differ(&value.tokens, value) {
        return Some(());
    }
    let what = format!(
        "the key `{}` is the same for every call: all of them would be one, and get the first one's \
         result",
        shown(&value.tokens)
    );
    let argument = value.cx.params.first();
    let write = match (argument, syntax_of(&value.tokens)) {
        // The common part may stay in the key.
        (Some(argument), Syntax::Text(text)) => format!("({:?}, {argument})", text.value()),
        (Some(argument), _) => argument.to_string(),
        (None, _) => value.example.to_owned(),
    };
    value.fault(help(
        what,
        format!("write what tells them apart: `{}`", value.write(&write)),
    ));
    None
}

/// Whether the tokens name an argument, `self` or a call, or something that only rustc knows.
fn may_differ(tokens: &TokenStream, value: &Value<'_>) -> bool {
    let trees = flat(tokens);
    (0..trees.len()).any(|at| {
        let (before, behind) = (at.checked_sub(1).map(|i| &trees[i]), trees.get(at + 1));
        match &trees[at] {
            TokenTree::Ident(word) => {
                let text = word.to_string();
                let is = |c| behind.is_some_and(|t| is_punct(t, c));
                let is_group = |t: &TokenTree| matches!(t, TokenTree::Group(_));
                let is_macro = is('!') && trees.get(at + 2).is_some_and(is_group);
                // The call of a constructor is constant if its arguments are.
                let is_lower = !text.starts_with(char::is_uppercase);
                let is_called = is_lower && !is_keyword(&text) && behind.is_some_and(is_arguments);
                let is_field = before.is_some_and(|t| is_punct(t, '.') || is_punct(t, ':'));
                // A name before a colon belongs to a path or to a field of a struct literal.
                let is_before_colon = is(':');
                let is_unknown = is_lower && !is_keyword(&text) && !is_field && !is_before_colon;
                text == "self"
                    || text == "await"
                    || value.cx.params.contains(word)
                    || is_macro
                    || is_called
                    || is_unknown
            }
            TokenTree::Group(group) => {
                // `now::<Utc>()`
                let is_called =
                    is_arguments(&trees[at]) && before.is_some_and(|t| is_punct(t, '>'));
                is_called || may_differ(&group.stream(), value)
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        }
    })
}

fn is_arguments(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
}

/// Words that name no value: keywords, and types that need no path.
fn is_keyword(word: &str) -> bool {
    const WORDS: [&str; 43] = [
        "as", "async", "box", "break", "const", "continue", "crate", "else", "enum", "false", "fn",
        "for", "if", "impl", "in", "let", "loop", "match", "move", "mut", "ref", "return",
        "static", "struct", "super", "true", "type", "unsafe", "where", "while", "bool", "char",
        "str", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64",
    ];
    WORDS.contains(&word) || matches!(word, "i128" | "u128" | "isize" | "usize")
}

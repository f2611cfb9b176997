//! Cuts an attribute's arguments into its options.
//!
//! A `;` in place of a comma, a comma too many, a missing comma, brackets around the options: each is
//! reported once and then read as if it were right, so that the options inside have their own faults
//! reported too.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::context::ParseContext;
use super::item::{Form, Item, item};
use super::messages;
use super::separators::with_commas;
use super::table::{Kind, Spec};
use crate::krate;
use crate::tokens::{Segment, collect, inside, is_equals, open, shown, split_at_commas};

/// Keywords after which an expression or a pattern continues with a name.
const GOES_ON: [&str; 22] = [
    "as", "async", "break", "const", "dyn", "else", "for", "if", "impl", "in", "let", "loop",
    "match", "move", "mut", "raw", "ref", "return", "static", "unsafe", "while", "yield",
];

/// Returns the options, without `crate = path`, which belongs to the whole stack.
pub(crate) fn split_options(
    tokens: TokenStream,
    spec: &Spec,
    cx: &ParseContext<'_>,
) -> Vec<TokenStream> {
    let mut options = Vec::new();
    for Segment { tokens, comma } in split_at_commas(with_commas(tokens, "options", cx)) {
        if tokens.is_empty() {
            let span = comma.unwrap_or_else(Span::call_site);
            cx.diag.error_at(span, messages::comma_too_many());
        } else if krate::in_option(&tokens).is_none() {
            for part in at_missing_commas(tokens, spec, cx) {
                match in_brackets(&part, spec) {
                    Some(content) => {
                        let message = messages::in_brackets(&shown(&part), &shown(&content));
                        cx.diag.error(&part, message);
                        options.extend(split_options(content, spec, cx));
                    }
                    None => options.push(part),
                }
            }
        }
    }
    options
}

/// Cuts `max = 5 base = 1s` and `base = 1s jitter` where a comma is missing, and reports each place.
fn at_missing_commas(tokens: TokenStream, spec: &Spec, cx: &ParseContext<'_>) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut parts = Vec::new();
    let mut start = 0;
    for at in 1..trees.len() {
        let TokenTree::Ident(ident) = &trees[at] else {
            continue;
        };
        let ends_value = match &trees[at - 1] {
            TokenTree::Ident(word) => !GOES_ON.iter().any(|w| word == w),
            TokenTree::Punct(punct) => punct.as_char() == '%',
            TokenTree::Group(_) | TokenTree::Literal(_) => true,
        };
        let name = ident.to_string();
        // `max five` is one option with its `=` missing.
        let wants_value = at == start + 1
            && matches!(&trees[start], TokenTree::Ident(word) if !is_flag(spec, &word.to_string()));
        let known = spec.option(&name).is_some() && (!wants_value || is_flag(spec, &name));
        // No expression continues like this, whatever the name is.
        if ends_value && (known || is_equals(&trees, at + 1)) {
            let form = match trees.get(at + 1) {
                Some(_) if is_equals(&trees, at + 1) => " = ..",
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                    "(..)"
                }
                _ => "",
            };
            // An attribute without options has nothing to separate: the argument itself is the fault.
            if !spec.options.is_empty() {
                cx.diag.error(ident, messages::comma_missing(&name, form));
            }
            parts.push(collect(&trees[start..at]));
            start = at;
        }
    }
    parts.push(collect(&trees[start..]));
    parts
}

/// Whether the option `name` may be a bare word.
fn is_flag(spec: &Spec, name: &str) -> bool {
    let option = spec.option(name);
    option.is_some_and(|option| matches!(option.kind, Kind::Strategy | Kind::Flag | Kind::Jitter))
}

/// Returns the options inside brackets of their own: `(max = 5)`. A tuple of values has no names.
fn in_brackets(option: &TokenStream, spec: &Spec) -> Option<TokenStream> {
    let mut content = any_brackets(option)?;
    while let Some(inner) = any_brackets(&content) {
        content = inner;
    }
    let is_option = |segment: Segment| match item(segment.tokens) {
        Item::Named { ident, form, .. } => {
            let name = ident.to_string();
            match form {
                Form::Flag => is_flag(spec, &name),
                Form::Equals => spec.knows(&name),
                Form::Parens => spec.option(&name).is_some(),
            }
        }
        Item::Nameless(_) => false,
    };
    split_at_commas(content.clone())
        .into_iter()
        .any(is_option)
        .then(|| open(content))
}

fn any_brackets(tokens: &TokenStream) -> Option<TokenStream> {
    [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket]
        .into_iter()
        .find_map(|delimiter| inside(tokens, delimiter))
}

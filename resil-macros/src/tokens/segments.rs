//! Cuts a layer's arguments at their commas before anything is parsed, so that one fault does not
//! hide the others.

use proc_macro2::{Spacing, Span, TokenStream, TokenTree};

use super::tree::{collect, is_punct};

/// The tokens between two commas, and the comma after them.
pub(crate) struct Segment {
    pub(crate) tokens: TokenStream,
    pub(crate) comma: Option<Span>,
}

/// Cuts at top-level commas. A trailing comma leaves no empty segment.
///
/// Commas inside a turbofish (`Foo::<A, B>::MAX`), a qualified path or a closure's
/// parameters do not cut: the lexer makes no groups of angle brackets and pipes.
pub(crate) fn split_at_commas(tokens: TokenStream) -> Vec<Segment> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut segments = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < tokens.len() {
        if is_punct(&tokens[at], ',') {
            let comma = Some(tokens[at].span());
            segments.push(Segment {
                tokens: collect(&tokens[start..at]),
                comma,
            });
            start = at + 1;
        } else if let Some(end) = end_of_list(&tokens[start..], at - start) {
            at = start + end;
        }
        at += 1;
    }
    if start < tokens.len() {
        segments.push(Segment {
            tokens: collect(&tokens[start..]),
            comma: None,
        });
    }
    segments
}

/// Returns where the angle brackets or closure parameters that open at `at` end, if any do.
fn end_of_list(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).map(|i| &tokens[i]);
    let starts_value = match before {
        None => true,
        Some(TokenTree::Punct(punct)) => punct.as_char() != '<',
        Some(TokenTree::Ident(word)) => ["move", "async", "as"].iter().any(|w| word == w),
        Some(_) => false,
    };
    if !starts_value {
        return None;
    }
    if is_punct(&tokens[at], '|') {
        return (at + 1..tokens.len()).find(|&i| is_punct(&tokens[i], '|'));
    }
    if !is_punct(&tokens[at], '<') {
        return None;
    }
    let mut depth = 0_usize;
    for i in at..tokens.len() {
        if is_punct(&tokens[i], '<') {
            depth += 1;
        } else if is_punct(&tokens[i], '>') && !is_arrow_head(&tokens[i - 1]) {
            depth -= 1;
            if depth == 0 {
                return Some(i);
            }
        }
    }
    None
}

/// Whether the token is the `-` of `->` or the `=` of `=>`: such a `>` closes nothing.
fn is_arrow_head(before: &TokenTree) -> bool {
    matches!(before, TokenTree::Punct(p)
        if p.spacing() == Spacing::Joint && matches!(p.as_char(), '-' | '='))
}

//! Cutting a layer's arguments before anything is parsed, so that one fault does not
//! hide the others, and looking through the invisible groups that `macro_rules!` leaves.

use proc_macro2::{Delimiter, Punct, Spacing, Span, TokenStream, TokenTree};

/// What stands between two commas, and the comma after it.
pub(crate) struct Piece {
    pub(crate) tokens: TokenStream,
    pub(crate) comma: Option<Span>,
}

/// Cuts at top-level commas. A trailing comma leaves no empty piece.
///
/// Commas inside a turbofish (`Foo::<A, B>::MAX`), a qualified path or a closure's
/// parameters do not cut: angle brackets and pipes are no groups to the lexer.
pub(crate) fn at_commas(tokens: TokenStream) -> Vec<Piece> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < tokens.len() {
        if is_punct(&tokens[at], ',') {
            let comma = Some(tokens[at].span());
            pieces.push(Piece {
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
        pieces.push(Piece {
            tokens: collect(&tokens[start..]),
            comma: None,
        });
    }
    pieces
}

/// Where the angle brackets or closure parameters that open at `at` end, if any do.
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

/// The `-` of `->` or the `=` of `=>`: such a `>` closes nothing.
fn is_arrow_head(before: &TokenTree) -> bool {
    matches!(before, TokenTree::Punct(p)
        if p.spacing() == Spacing::Joint && matches!(p.as_char(), '-' | '='))
}

/// Opens the None-delimited groups around a whole stream: `$d:literal` is `⟦5s⟧`.
pub(crate) fn open(mut tokens: TokenStream) -> TokenStream {
    loop {
        let mut trees = tokens.clone().into_iter();
        match (trees.next(), trees.next()) {
            (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => {
                tokens = group.stream();
            }
            _ => return tokens,
        }
    }
}

/// All tokens with None-delimited groups opened wherever they stand: `⟦50⟧ %`.
///
/// Only to look at, never to emit: such a group also keeps precedence.
pub(crate) fn flat(tokens: &TokenStream) -> Vec<TokenTree> {
    let mut out = Vec::new();
    for tree in tokens.clone() {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                out.extend(flat(&group.stream()));
            }
            other => out.push(other),
        }
    }
    out
}

/// The content, if the whole is one group of that delimiter.
pub(crate) fn inside(tokens: &TokenStream, delimiter: Delimiter) -> Option<TokenStream> {
    let mut trees = open(tokens.clone()).into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == delimiter => {
            Some(group.stream())
        }
        _ => None,
    }
}

pub(crate) fn collect(trees: &[TokenTree]) -> TokenStream {
    trees.iter().cloned().collect()
}

pub(crate) fn is_punct(tree: &TokenTree, c: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == c)
}

/// Whether the token at `at` is a `=` of its own, and not part of `==` or `=>`.
pub(crate) fn is_equals(trees: &[TokenTree], at: usize) -> bool {
    let joint_with = |c| trees.get(at + 1).is_some_and(|next| is_punct(next, c));
    match trees.get(at) {
        Some(TokenTree::Punct(p)) if p.as_char() == '=' => {
            !(is_joint(p) && (joint_with('=') || joint_with('>')))
        }
        _ => false,
    }
}

fn is_joint(punct: &Punct) -> bool {
    punct.spacing() == Spacing::Joint
}

/// The user's tokens in a message: on one line, and cut where they run long.
pub(crate) fn shown(tokens: &TokenStream) -> String {
    const LONGEST: usize = 60;
    let line = shown_whole(tokens);
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST).chain("..".chars()).collect()
}

/// The same, however long.
pub(crate) fn shown_whole(tokens: &TokenStream) -> String {
    close_up(&tokens.to_string())
}

/// Takes out the spaces that the printer puts between tokens which came one by one:
/// `Duration :: from_millis (50)`. Operators keep theirs.
fn close_up(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        let before = line.chars().last();
        let opens_call = word.starts_with('(') && {
            let name = line
                .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            name.is_some_and(|name| !matches!(name, "" | "if" | "in" | "match" | "move" | "return"))
        };
        let opens_macro = before == Some('!') && word.starts_with(['(', '[']);
        let glued = opens_call
            || opens_macro
            || line.is_empty()
            || matches!(before, Some('.' | '(' | '['))
            || line.ends_with("::")
            || word.starts_with([',', '.', ')', ']', '?', ';', '%', ':']);
        if !glued {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

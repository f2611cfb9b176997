//! Looks at single tokens, and through the invisible groups that `macro_rules!` leaves.

use proc_macro2::{Delimiter, Group, Punct, Spacing, Span, TokenStream, TokenTree};

/// Opens the None-delimited groups around a whole stream: `$d:literal` arrives as `⟦5s⟧`.
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

/// Returns all tokens with None-delimited groups opened wherever they stand: `⟦50⟧ %`.
///
/// The result is for inspection and must not be emitted: such a group also keeps precedence.
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

/// Returns the content, if the whole stream is one group of that delimiter.
pub(crate) fn inside(tokens: &TokenStream, delimiter: Delimiter) -> Option<TokenStream> {
    let mut trees = open(tokens.clone()).into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == delimiter => {
            Some(group.stream())
        }
        _ => None,
    }
}

/// Returns a stream of these tokens.
pub(crate) fn collect(trees: &[TokenTree]) -> TokenStream {
    trees.iter().cloned().collect()
}

/// Whether the token is that punctuation mark.
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

/// Whether the token is that identifier or keyword.
pub(crate) fn is_ident(tree: &TokenTree, name: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == name)
}

/// Whether the token is a group in braces.
pub(crate) fn is_brace(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Whether a token at any depth is one that is looked for.
pub(crate) fn mentions(tokens: &TokenStream, is: &dyn Fn(&TokenTree) -> bool) -> bool {
    tokens.clone().into_iter().any(|tree| {
        is(&tree)
            || match &tree {
                TokenTree::Group(group) => mentions(&group.stream(), is),
                _ => false,
            }
    })
}

/// Returns a group with `content`, and with the delimiter and the span of `like`.
pub(crate) fn group_like(like: &Group, content: TokenStream) -> Group {
    let mut group = Group::new(like.delimiter(), content);
    group.set_span(like.span());
    group
}

/// Returns the tokens at the place of `at`, and with the hygiene of `scope`: as if they were written
/// there. `$crate` still means the crate that it was written in.
pub(crate) fn placed(tokens: TokenStream, at: Span, scope: Span) -> TokenStream {
    let span = scope.located_at(at);
    let trees = tokens.into_iter().map(|tree| match tree {
        TokenTree::Group(group) => {
            let content = placed(group.stream(), at, scope);
            let mut group = Group::new(group.delimiter(), content);
            group.set_span(span);
            TokenTree::Group(group)
        }
        TokenTree::Ident(mut word) if word == "$crate" => {
            word.set_span(word.span().located_at(at));
            TokenTree::Ident(word)
        }
        mut tree => {
            tree.set_span(span);
            tree
        }
    });
    trees.collect()
}

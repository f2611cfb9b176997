//! Checks that a retried function returns no borrow out of a `&mut` argument.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, Type};

use crate::diag::{Diag, help};
use crate::input::Input;
use crate::tokens::is_punct;

/// Checks that the outcome borrows from no `&mut` argument. Such a value would keep the argument
/// borrowed while the next attempt runs.
pub(super) fn check_borrow_out(input: &Input, outcome: Option<&TokenStream>, diag: &Diag) {
    let Some(ret) = outcome else { return };
    let returned = lifetimes(ret);
    if returned.is_empty() {
        return;
    }
    let references: Vec<_> = input
        .sig
        .inputs
        .iter()
        .filter_map(|arg| match arg {
            FnArg::Receiver(r) => match &r.kind {
                syn::ReceiverKind::Reference(_, lifetime, mutability) => Some((
                    true,
                    mutability.is_some(),
                    lifetime.clone(),
                    r.to_token_stream(),
                )),
                _ => None,
            },
            FnArg::Typed(t) => match &*t.ty {
                Type::Reference(r) => Some((
                    false,
                    r.mutability.is_some(),
                    r.lifetime.clone(),
                    t.ty.to_token_stream(),
                )),
                _ => None,
            },
        })
        .collect();
    // Elision: from the receiver if that is a reference, else from the only reference.
    let elided = references
        .iter()
        .position(|r| r.0)
        .or((references.len() == 1).then_some(0));
    for (i, (_, unique, lifetime, tokens)) in references.iter().enumerate() {
        let returns = match lifetime {
            Some(l) => returned.iter().any(|r| *r == l.to_string()),
            None => returned.iter().any(|r| r == "'_") && elided == Some(i),
        };
        if *unique && returns {
            let instead = match lifetime {
                Some(_) => {
                    "return an owned value, give the `&mut` argument a lifetime of its own, or take `&` \
                     in place of `&mut`"
                }
                None => "return an owned value, or take `&` in place of `&mut`",
            };
            diag.error(
                tokens,
                help(
                    "a retried function can't return a borrow out of a `&mut` argument: the next \
                     attempt needs it back",
                    instead,
                ),
            );
        }
    }
}

/// Returns the lifetimes of the borrows in a type, elided ones as `'_`. `'static` is no borrow, and
/// the lifetimes in a function type belong to the function.
fn lifetimes(tokens: &TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        at += 1;
        match tree {
            TokenTree::Ident(word) if is_fn_type(word) => at = end_of_fn_type(&trees, at),
            TokenTree::Group(g) => found.extend(lifetimes(&g.stream())),
            TokenTree::Punct(p)
                if p.as_char() == '&' && !trees.get(at).is_some_and(|t| is_punct(t, '\'')) =>
            {
                found.push("'_".to_owned());
            }
            TokenTree::Punct(p) if p.as_char() == '\'' => {
                if let Some(TokenTree::Ident(name)) = trees.get(at)
                    && name != "static"
                {
                    found.push(format!("'{name}"));
                }
            }
            _ => {}
        }
    }
    // The lifetimes of `for<'x>` belong to its own type.
    let own: Vec<String> = own_lifetimes(&trees);
    found.retain(|name| !own.contains(name));
    found
}

fn is_fn_type(word: &Ident) -> bool {
    [
        "fn",
        "Fn",
        "FnMut",
        "FnOnce",
        "AsyncFn",
        "AsyncFnMut",
        "AsyncFnOnce",
    ]
    .iter()
    .any(|w| word == w)
}

/// Returns the index behind the arguments and the return type of a function type: `(A, B) -> &C`.
fn end_of_fn_type(trees: &[TokenTree], start: usize) -> usize {
    let Some(TokenTree::Group(_)) = trees.get(start) else {
        return start;
    };
    let arrow = |at: usize| {
        trees.get(at).is_some_and(|t| is_punct(t, '-'))
            && trees.get(at + 1).is_some_and(|t| is_punct(t, '>'))
    };
    let mut at = start + 1;
    let mut depth = 0_usize;
    if !arrow(at) {
        return at;
    }
    while let Some(tree) = trees.get(at) {
        if arrow(at) {
            at += 1;
        } else if is_punct(tree, '<') {
            depth += 1;
        } else if depth > 0 && is_punct(tree, '>') {
            depth -= 1;
        } else if depth == 0 && [',', '+', '>'].iter().any(|end| is_punct(tree, *end)) {
            break;
        }
        at += 1;
    }
    at
}

/// Returns the names in `for<'x, 'y>`.
fn own_lifetimes(trees: &[TokenTree]) -> Vec<String> {
    let mut own = Vec::new();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        at += 1;
        if matches!(tree, TokenTree::Ident(word) if word == "for") {
            while let Some(tree) = trees.get(at)
                && !is_punct(tree, '>')
            {
                if let (TokenTree::Punct(p), Some(TokenTree::Ident(name))) =
                    (tree, trees.get(at + 1))
                    && p.as_char() == '\''
                {
                    own.push(format!("'{name}"));
                }
                at += 1;
            }
        }
    }
    own
}

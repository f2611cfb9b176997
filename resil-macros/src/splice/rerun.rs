//! Makes the code that `#[instrument]` wrote able to run more than once.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::shapes::{
    Tokens, async_trait_block, holds, instrument_block, instruments, recorded_block,
};
use crate::tokens::{collect, group_like, is_ident, is_punct};

const FAKE_RETURN: &str = "__tracing_attr_fake_return";

/// Turns the `async move`s that `instrument` wrote into `async`, and borrows the arguments that
/// `async_trait` hoisted into them: `self` by `borrow`. Does the same for each `instrument` inside.
pub(super) fn without_moves(mut tokens: Tokens, borrow: &TokenStream) -> TokenStream {
    if let Some(at) = instrument_block(&tokens) {
        map_group(&mut tokens[at], |mut inner| match recorded_block(&inner) {
            Some(deeper) => {
                map_group(&mut inner[deeper], |block| borrowing(&block, borrow));
                inner.remove(deeper - 1);
                collect(&inner)
            }
            None => borrowing(&inner, borrow),
        });
        tokens.remove(at - 1);
    }
    // In a function that is not async: `(move || { .. })()`.
    if let [keyword, bar, second, block] = tokens.as_slice()
        && is_ident(keyword, "move")
        && is_punct(bar, '|')
        && is_punct(second, '|')
        && holds(std::slice::from_ref(block), FAKE_RETURN)
    {
        tokens.remove(0);
    }
    for token in &mut tokens {
        let one = std::slice::from_ref(token);
        if instruments(one) > 0 || holds(one, FAKE_RETURN) {
            map_group(token, |inner| without_moves(inner, borrow));
        }
    }
    collect(&tokens)
}

/// Turns `async_trait`'s `let __self = self; let x = x;` into borrows.
fn borrowing(tokens: &[TokenTree], borrow: &TokenStream) -> TokenStream {
    let Some(hoisting) = async_trait_block(tokens) else {
        return collect(tokens);
    };
    let end = hoisting.start;
    let mut out = TokenStream::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            [l, TokenTree::Ident(a), eq, TokenTree::Ident(b), semi, ..]
                if at < end && is_ident(l, "let") && is_punct(eq, '=') && is_punct(semi, ';') =>
            {
                if a == "__self" {
                    out.extend(quote!(let #a = #borrow #b;));
                } else if a != b {
                    out.extend(tokens[at..at + 5].iter().cloned());
                }
                at += 5;
            }
            [l, m, TokenTree::Ident(a), eq, TokenTree::Ident(b), semi, ..]
                if at < end
                    && is_ident(l, "let")
                    && is_ident(m, "mut")
                    && a == "__self"
                    && is_punct(eq, '=')
                    && is_punct(semi, ';') =>
            {
                out.extend(quote!(let #a = &mut *#b;));
                at += 6;
            }
            _ => {
                out.extend([tokens[at].clone()]);
                at += 1;
            }
        }
    }
    out
}

fn map_group(token: &mut TokenTree, map: impl FnOnce(Tokens) -> TokenStream) {
    if let TokenTree::Group(g) = token {
        let new = map(g.stream().into_iter().collect());
        *token = TokenTree::Group(group_like(g, new));
    }
}

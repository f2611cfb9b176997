//! Types that read as futures, in functions that are not async.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;

use crate::parse::flat;

/// Whether a type reads as a future: `Pin<Box<dyn Future ..>>`, `impl Future ..`, `BoxFuture<..>`.
pub(crate) fn returns_future(ty: &Type) -> bool {
    flat(&ty.to_token_stream()).iter().any(|t| {
        matches!(t, TokenTree::Ident(i) if i == "Future" || i == "BoxFuture" || i == "LocalBoxFuture")
    })
}

/// `R` of `Output = R`, or the last argument of a `BoxFuture`.
pub(crate) fn future_output(ty: &Type) -> Option<TokenStream> {
    let tokens = flat(&ty.to_token_stream());
    let start = tokens
        .windows(2)
        .position(|w| {
            matches!(&w[0], TokenTree::Ident(i) if i == "Output")
                && matches!(&w[1], TokenTree::Punct(p) if p.as_char() == '=')
        })
        .map(|at| at + 2)
        .or_else(|| {
            // `BoxFuture<'a, R>`: behind the first comma, or the only argument.
            let open = tokens.iter().position(
                |t| matches!(t, TokenTree::Ident(i) if i.to_string().ends_with("BoxFuture")),
            )? + 2;
            let comma = tokens[open..]
                .iter()
                .position(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == ','));
            let lifetime =
                matches!(tokens.get(open), Some(TokenTree::Punct(p)) if p.as_char() == '\'');
            Some(if lifetime { open + comma? + 1 } else { open })
        })?;
    let mut depth = 0_i32;
    let output: TokenStream = tokens[start..]
        .iter()
        .take_while(|t| {
            if let TokenTree::Punct(p) = t {
                match p.as_char() {
                    '<' => depth += 1,
                    '>' => depth -= 1,
                    _ => {}
                }
            }
            depth >= 0
        })
        .cloned()
        .collect();
    (!output.is_empty()).then_some(output)
}

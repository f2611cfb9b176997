//! Futures that a function does not write itself, but gets from a call.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, Stmt};

use crate::tokens::shown_whole;

/// Returns the future that a body ends with, if a call makes it and it is short enough to be shown.
pub(super) fn made_elsewhere(body: TokenStream) -> Option<String> {
    let statements = syn::parse::Parser::parse2(syn::Block::parse_within, body).ok()?;
    let Stmt::Expr(mut made, _) = statements.into_iter().next_back()? else {
        return None;
    };
    loop {
        made = match made {
            Expr::Return(answer) => *answer.expr?,
            Expr::Paren(inner) => *inner.expr,
            Expr::Cast(cast) => *cast.expr,
            Expr::Call(call) if is_box(&call.func) && call.args.len() == 1 => {
                call.args.into_iter().next()?
            }
            made => {
                let simple = matches!(
                    made,
                    Expr::Call(_) | Expr::MethodCall(_) | Expr::Path(_) | Expr::Field(_)
                );
                let text = shown_whole(&made.to_token_stream());
                return (simple && text.len() <= 60).then_some(text);
            }
        }
    }
}

fn is_box(function: &Expr) -> bool {
    let Expr::Path(path) = function else {
        return false;
    };
    let segments: Vec<_> = path.path.segments.iter().map(|s| &s.ident).collect();
    matches!(segments.as_slice(), [.., owner, name]
        if *owner == "Box" && (*name == "pin" || *name == "new"))
}

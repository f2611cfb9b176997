//! Types that read as futures or streams, and futures that functions end with.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Expr, Stmt, Type};

use crate::tokens::{flat, shown_whole};

/// Whether a type reads as a stream: `impl Stream ..`, `BoxStream<..>`. One inside of a `Result` or a
/// future is what a function opens.
pub(crate) fn is_stream(ty: &Type) -> bool {
    const STREAMS: [&str; 6] = [
        "AsyncIterator",
        "BoxStream",
        "FusedStream",
        "LocalBoxStream",
        "Stream",
        "TryStream",
    ];
    let tokens = flat(&ty.to_token_stream());
    let names = tokens.iter().filter_map(|t| match t {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    });
    let opens = |name: &String| name.ends_with("Result") || name.ends_with("Future");
    let mut names = names.skip_while(|name| !opens(name) && !STREAMS.contains(&name.as_str()));
    names.next().is_some_and(|name| !opens(&name))
}

/// The future that a body ends with, where it is made by a call and short enough to be shown.
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

/// The error of `io::Result<T>`: by custom that module's `Error`.
pub(crate) fn error_of_alias(ret: &TokenStream) -> Option<TokenStream> {
    let Ok(Type::Path(ty)) = syn::parse2(ret.clone()) else {
        return None;
    };
    let mut path = ty.path;
    let last = path.segments.pop()?;
    let module = path.segments.last()?.ident.clone();
    let error = if module.to_string().ends_with("eyre") {
        "Report"
    } else {
        "Error"
    };
    let error = Ident::new(error, last.ident.span());
    (last.ident == "Result").then(|| quote!(#path #error))
}

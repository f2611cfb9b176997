//! What the function itself must be: its shape checks, before anything is expanded.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, ReturnType, Type};

use crate::diag::Diag;
use crate::input::{Binding, Input, result_arguments};
use crate::parse::flat;
use crate::policy::Layer;
use crate::splice::{Around, Found, splice};
use crate::stack::Stack;

/// The item is no function at all.
pub(crate) fn not_a_function(stack: &Stack, item: &TokenStream, diag: &Diag) {
    let Some(attribute) = stack.first() else {
        return;
    };
    let word = kind_of_item(item);
    let what = word
        .as_ref()
        .map_or_else(|| "this is none".to_owned(), |w| format!("this is `{w}`"));
    let message = format!(
        "`#[{attribute}]` belongs on an `async fn`, and {what}\n\
         help: write it above `async fn name(..) -> Result<T, E> {{ .. }}`"
    );
    match word {
        Some(word) => diag.error(word, message),
        None => diag.error_at(attribute.span(), message),
    }
}

/// The word that says what an item is: `struct`, `impl`.
fn kind_of_item(item: &TokenStream) -> Option<Ident> {
    const KINDS: [&str; 11] = [
        "struct",
        "enum",
        "union",
        "impl",
        "trait",
        "mod",
        "static",
        "const",
        "type",
        "use",
        "macro_rules",
    ];
    item.clone().into_iter().find_map(|t| match t {
        TokenTree::Ident(word) if KINDS.iter().any(|kind| word == kind) => Some(word),
        _ => None,
    })
}

/// All that is wrong with the function's shape.
pub(crate) fn check(
    input: &Input,
    bindings: &[Binding],
    layers: &[Layer],
    stack: &Stack,
    diag: &Diag,
) {
    let attribute = stack.first().map(ToString::to_string).unwrap_or_default();
    let has_body = check_body(input, &attribute, diag);
    // What can't be async is not told to be it.
    if check_qualifiers(input, &attribute, diag) && has_body {
        check_async(input, &attribute, stack, diag);
    }
    check_result(input, diag);
    if layers.iter().any(|l| matches!(l, Layer::Idempotent(_))) {
        check_recorded(input, diag);
    }
    if layers.iter().any(Layer::runs_again) {
        check_mutable_arguments(input, bindings, layers, diag);
        check_borrow_out(input, diag);
    }
}

/// What can't be async, or can't be run by us.
fn check_qualifiers(input: &Input, attribute: &str, diag: &Diag) -> bool {
    let name = &input.sig.ident;
    let fault = |at: &dyn ToTokens, kind: &str| {
        diag.error(
            at.to_token_stream(),
            format!(
                "`#[{attribute}]` on {kind}, which can't be async\n\
                 help: write `async fn {name}`"
            ),
        );
    };
    let qualifiers = &input.sig;
    if let Some(word) = &qualifiers.constness {
        fault(word, "a `const fn`");
    }
    if let Some(abi) = &qualifiers.abi {
        fault(abi, "an `extern` fn");
    }
    if let Some(dots) = &qualifiers.variadic {
        fault(dots, "a variadic fn");
    }
    qualifiers.constness.is_none() && qualifiers.abi.is_none() && qualifiers.variadic.is_none()
}

/// A trait's method without a body has nothing to guard.
fn check_body(input: &Input, attribute: &str, diag: &Diag) -> bool {
    if input.body.is_none() {
        diag.error(
            &input.sig.ident,
            format!(
                "`#[{attribute}]` on a method without a body has nothing to guard\n\
                 help: write it on the method of each `impl`, or give this one a default body"
            ),
        );
    }
    input.body.is_some()
}

/// Not async, and in none of the shapes that other attributes leave of an async fn.
fn check_async(input: &Input, attribute: &str, stack: &Stack, diag: &Diag) {
    if input.sig.asyncness.is_some() {
        return;
    }
    let Some(body) = &input.body else { return };
    let mut seen = false;
    let known = splice(body.stream(), false, Around::Block, &[], &mut |_| {
        seen = true;
        TokenStream::new()
    });
    if known.is_some() && seen {
        return;
    }
    let name = &input.sig.ident;
    let future = input.output().is_some_and(returns_future);
    let message = match (stack.was_async, stack.strangers.as_slice()) {
        (true, [.., stranger]) => {
            diag.error(
                stranger,
                format!(
                    "`#[{stranger}]` below `#[{attribute}]` takes `async` away from `{name}`\n\
                     help: put the body into an `async fn` of its own, with `#[{attribute}]` on \
                     that, and call it from `{name}`"
                ),
            );
            return;
        }
        _ if future => format!(
            "`#[{attribute}]` can't find the async block of `{name}`\n\
             help: write `async fn {name}(..)`, or end the body with `Box::pin(async move {{ .. }})`"
        ),
        _ => format!(
            "`#[{attribute}]` needs an `async fn`, and `{name}` is none\n\
             help: write `async fn {name}`; if an attribute above took `async` away, put the body into \
             an `async fn` of its own, with `#[{attribute}]` on that, and call it from `{name}`"
        ),
    };
    diag.error(input.sig.fn_token, message);
}

/// A policy acts on the error: there must be one. Aliases are left to the compiler.
fn check_result(input: &Input, diag: &Diag) {
    match &input.sig.output {
        ReturnType::Default => diag.error(
            &input.sig.ident,
            format!(
                "`{0}` returns nothing, and a policy acts on the error of a `Result`\n\
                 help: write `-> Result<(), E>`",
                input.sig.ident
            ),
        ),
        ReturnType::Type(_, ty) => {
            let plain = match &**ty {
                Type::Tuple(_) | Type::Reference(_) | Type::Array(_) | Type::Never(_) => true,
                Type::Path(p) => p.path.get_ident().is_some_and(|i| {
                    let primitives = [
                        "bool", "char", "f32", "f64", "i32", "i64", "String", "u8", "u32", "u64",
                        "usize",
                    ];
                    primitives.iter().any(|p| i == p)
                }),
                _ => false,
            } || is_option(ty);
            if plain {
                diag.error(
                    ty,
                    format!(
                        "`{0}` returns no `Result`, and a policy acts on the error of one\n\
                         help: write `-> Result<{1}, E>`",
                        input.sig.ident,
                        tidy(&ty.to_token_stream())
                    ),
                );
            }
        }
    }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(p) if p.path.segments.last().is_some_and(|s| s.ident == "Option"))
}

/// Tokens as a person would write them.
fn tidy(tokens: &TokenStream) -> String {
    let mut text = tokens.to_string();
    for (from, to) in [
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" ::", "::"),
        (":: ", "::"),
    ] {
        text = text.replace(from, to);
    }
    text
}

/// Changes to a `mut` argument would carry over from one attempt to the next.
fn check_mutable_arguments(input: &Input, bindings: &[Binding], layers: &[Layer], diag: &Diag) {
    let cloned = cloned(layers);
    for b in bindings {
        if let Some(span) = b.mutable
            && !cloned.contains(&b.ident.to_string())
        {
            mutable_argument(span, &b.ident.to_string(), diag);
        }
    }
    if let Some(word) = input.mut_self() {
        diag.error(
            word,
            "`mut self` in a retried function: what one attempt changes would carry over to the next\n\
             help: write `self` and, inside the body, work on a clone of it: `let mut this = self.clone();`",
        );
    }
}

/// The arguments that `clone(..)` names.
pub(crate) fn cloned(layers: &[Layer]) -> Vec<String> {
    layers
        .iter()
        .filter_map(|l| match l {
            Layer::Retry(r) => Some(r.clone.iter().map(ToString::to_string)),
            _ => None,
        })
        .flatten()
        .collect()
}

fn mutable_argument(span: proc_macro2::Span, name: &str, diag: &Diag) {
    diag.error_at(
        span,
        format!(
            "`mut {name}` in a retried function: what one attempt changes would carry over to the next\n\
             help: write `clone({name})` in `#[retry(..)]` for a fresh clone each attempt, or remove `mut`"
        ),
    );
}

/// The same for arguments that `async_trait` has hoisted.
pub(crate) fn check_hoisted(found: &Found, layers: &[Layer], diag: &Diag) {
    if !layers.iter().any(Layer::runs_again) {
        return;
    }
    let cloned = cloned(layers);
    for name in &found.hoisted_mut {
        let text = name.to_string();
        if text != "__self" && !cloned.contains(&text) {
            mutable_argument(name.span(), &text, diag);
        }
    }
}

/// A value that borrows from a `&mut` argument would keep it borrowed while the next attempt runs.
fn check_borrow_out(input: &Input, diag: &Diag) {
    let Some(ret) = input.output() else { return };
    let returned = lifetimes(&ret.to_token_stream());
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
            diag.error(
                tokens,
                "a retried function can't return a borrow out of a `&mut` argument: the next attempt \
                 needs it back\n\
                 help: return an owned value, or take `&` in place of `&mut`",
            );
        }
    }
}

/// What is replayed was read from bytes: it can't borrow. Behind an alias the compiler says so.
fn check_recorded(input: &Input, diag: &Diag) {
    let Some(success) = crate::annotated::return_type(input)
        .and_then(|ret| result_arguments(&ret)?.into_iter().next())
    else {
        return;
    };
    if let Type::Reference(reference) = &success {
        let owned = match &*reference.elem {
            Type::Path(p) if p.path.is_ident("str") => "String".to_owned(),
            Type::Slice(s) => format!("Vec<{}>", tidy(&s.elem.to_token_stream())),
            other => tidy(&other.to_token_stream()),
        };
        diag.error(
            reference,
            format!(
                "the result of an idempotent function is recorded and replayed, and a borrowed one cannot be\n\
                 help: return an owned value: `{owned}`"
            ),
        );
    }
}

/// The lifetimes in a type, the elided ones of references as `'_`; `'static` borrows nothing.
fn lifetimes(tokens: &TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let mut tokens = tokens.clone().into_iter().peekable();
    while let Some(t) = tokens.next() {
        match t {
            TokenTree::Group(g) => found.extend(lifetimes(&g.stream())),
            TokenTree::Punct(p)
                if p.as_char() == '&'
                    && !matches!(tokens.peek(), Some(TokenTree::Punct(q)) if q.as_char() == '\'') =>
            {
                found.push("'_".to_owned());
            }
            TokenTree::Punct(p) if p.as_char() == '\'' => {
                if let Some(TokenTree::Ident(name)) = tokens.next()
                    && name != "static"
                {
                    found.push(format!("'{name}"));
                }
            }
            _ => {}
        }
    }
    found
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

//! A function's return type: its outcome, its success and its error.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericArgument, Path, PathArguments, Type, TypeParamBound, TypePath};

use crate::tokens::{first_span, flat};

/// Returns the type of the function's outcome as its declaration names it: the type itself, or, for a
/// function that returns a future, the future's `Output`.
pub(crate) fn outcome_type(ty: Option<&Type>, is_future: bool) -> Option<TokenStream> {
    let ty = ty?;
    if is_future {
        future_output(ty)
    } else {
        Some(nameable(ty).into_token_stream())
    }
}

/// Returns the same as a type, which `_` stands for if the declaration names none.
pub(crate) fn parsed_outcome_type(ty: Option<&Type>, is_future: bool) -> Option<Type> {
    if is_future {
        syn::parse2(future_output(ty?)?).ok()
    } else {
        ty.map(nameable)
    }
}

/// Replaces every `impl Trait` in `ty` by `_`, so that it can be named inside the function.
fn nameable(ty: &Type) -> Type {
    let mut ty = ty.clone();
    erase_impl_trait(&mut ty);
    ty
}

fn erase_impl_trait(ty: &mut Type) {
    match ty {
        Type::ImplTrait(t) => {
            let span = t.impl_token.span;
            *ty = syn::parse_quote_spanned!(span=> _);
        }
        Type::Paren(t) => erase_impl_trait(&mut t.elem),
        Type::Group(t) => erase_impl_trait(&mut t.elem),
        Type::Reference(t) => erase_impl_trait(&mut t.elem),
        Type::Slice(t) => erase_impl_trait(&mut t.elem),
        Type::Array(t) => erase_impl_trait(&mut t.elem),
        Type::Tuple(t) => t.elems.iter_mut().for_each(erase_impl_trait),
        Type::Path(t) => {
            for segment in &mut t.path.segments {
                if let PathArguments::AngleBracketed(args) = &mut segment.arguments {
                    for arg in &mut args.args {
                        if let GenericArgument::Type(t) = arg {
                            erase_impl_trait(t);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// Returns the span of the error type: of `E` in `Result<T, E>`, else of the whole type.
pub(crate) fn error_span(ret: &Type) -> Span {
    match arguments_of(ret).as_deref() {
        Some([_, error]) => type_span(error),
        _ => type_span(ret),
    }
}

/// Returns the span of the success type: of `T` in `Result<T, ..>`, else of the whole type.
pub(crate) fn success_span(ret: &Type) -> Span {
    match arguments_of(ret).as_deref() {
        Some([success, ..]) => type_span(success),
        _ => type_span(ret),
    }
}

/// Returns the types in `Result<..>`, whatever name it has.
pub(crate) fn result_arguments(ret: &TokenStream) -> Option<Vec<Type>> {
    let ret = syn::parse2::<Type>(ret.clone()).ok()?;
    let types = arguments_of(&ret)?;
    Some(types.into_iter().cloned().collect())
}

/// Returns the types in `Result<..>`, whatever name it has.
pub(crate) fn arguments_of(ret: &Type) -> Option<Vec<&Type>> {
    let Type::Path(ty) = ret else {
        return None;
    };
    match &ty.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(args) => {
            let types = args.args.iter().filter_map(|arg| match arg {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            Some(types.collect())
        }
        _ => None,
    }
}

/// Returns the span of the last name in a type's path.
fn type_span(ty: &Type) -> Span {
    let last = match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    last.map_or_else(
        || first_span(&ty.to_token_stream()),
        |last| last.ident.span(),
    )
}

/// Whether a type is a stream by its own name, also in a `Pin` or a `Box`: `impl Stream ..`,
/// `BoxStream<..>`. A stream inside another type, such as a `Result`, an alias of one or a future, does not
/// count: the function opens it.
pub(crate) fn is_stream(ty: &Type) -> bool {
    let bounds = match ty {
        Type::Paren(ty) => return is_stream(&ty.elem),
        Type::Group(ty) => return is_stream(&ty.elem),
        Type::Reference(ty) => return is_stream(&ty.elem),
        Type::Path(path) if is_pointer(path) => {
            let inside = arguments_of(ty).unwrap_or_default();
            return inside.first().is_some_and(|inside| is_stream(inside));
        }
        Type::Path(path) => return names_stream(&path.path),
        Type::ImplTrait(ty) => &ty.bounds,
        Type::TraitObject(ty) => &ty.bounds,
        _ => return false,
    };
    bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => names_stream(&bound.path),
        _ => false,
    })
}

/// Whether a type is a `Pin` or a `Box` of another one.
fn is_pointer(ty: &TypePath) -> bool {
    let last = ty.path.segments.last();
    last.is_some_and(|last| last.ident == "Pin" || last.ident == "Box")
}

fn names_stream(path: &Path) -> bool {
    const STREAMS: [&str; 6] = [
        "AsyncIterator",
        "BoxStream",
        "FusedStream",
        "LocalBoxStream",
        "Stream",
        "TryStream",
    ];
    let last = path.segments.last();
    last.is_some_and(|last| STREAMS.iter().any(|name| last.ident == name))
}

/// Whether a type is a future by its name: `Pin<Box<dyn Future ..>>`, `impl Future ..`, `BoxFuture<..>`.
pub(crate) fn returns_future(ty: &Type) -> bool {
    flat(&ty.to_token_stream()).iter().any(|t| {
        matches!(t, TokenTree::Ident(i) if i == "Future" || i == "BoxFuture" || i == "LocalBoxFuture")
    })
}

/// Returns `R` of `Output = R`, or the last argument of a `BoxFuture`.
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

/// Returns the error of `io::Result<T>`: by convention that module's `Error`.
pub(crate) fn error_of_alias(ret: &Type) -> Option<TokenStream> {
    let Type::Path(ty) = ret else {
        return None;
    };
    let mut path = ty.path.clone();
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

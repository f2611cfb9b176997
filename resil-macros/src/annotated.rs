//! The pipeline as a whole: what the private attribute does with a stack and a function.

use std::cell::RefCell;

use proc_macro2::{Group, TokenStream};
use quote::quote;

use crate::check;
use crate::diag::Diag;
use crate::document;
use crate::expand::{self, Part, Plan};
use crate::input::{Binding, Input, nameable};
use crate::parse::wording;
use crate::policy::{Ctx, Layer};
use crate::shape;
use crate::splice::{Around, Found, splice};
use crate::stack::{Entry, Stack, is_crate_path};

/// The function with its layers; on any fault the function as written, and all the faults.
pub(crate) fn expand(stack: TokenStream, item: &TokenStream) -> TokenStream {
    let stack = Stack::read(stack);
    let diag = Diag::new();
    let Ok(input) = syn::parse2::<Input>(item.clone()) else {
        shape::not_a_function(&stack, item, &diag);
        let errors = diag.finish();
        return quote!(#errors #item);
    };
    let bindings = input.bindings();
    let params: Vec<_> = bindings.iter().map(|b| b.ident.clone()).collect();
    let generics = input.generics();
    let cx = Ctx {
        diag: &diag,
        params: &params,
        generics: &generics,
    };

    // Outermost first; a part ends where an `#[instrument]` stands.
    let mut layers: Vec<Layer> = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    let mut instruments = stack.instruments();
    for entry in &stack.entries {
        match entry {
            Entry::Layer(layer) => {
                let start = layers.len();
                layers.extend(Layer::parse(layer, &cx));
                match parts.last_mut().filter(|p| p.instruments == instruments) {
                    Some(part) => part.layers.end = layers.len(),
                    None => parts.push(Part {
                        layers: start..layers.len(),
                        instruments,
                    }),
                }
            }
            Entry::Instrument => instruments -= 1,
        }
    }
    for (i, path) in stack.krates.iter().enumerate() {
        if !is_crate_path(path) {
            diag.error(path, wording::no_crate_path(path));
        } else if stack.krates[..i]
            .iter()
            .any(|p| p.to_string() != path.to_string())
        {
            diag.error(path, wording::twice("crate"));
        }
    }
    for layer in &layers {
        layer.check(&cx);
    }
    check::check_stack(&layers, &cx);
    let expanded = build(&stack, &input, &bindings, &layers, &parts, &diag);
    match (diag.finish(), expanded) {
        (None, Some(expanded)) => expanded,
        (errors, _) => quote!(#errors #item),
    }
}

fn build(
    stack: &Stack,
    input: &Input,
    bindings: &[Binding],
    layers: &[Layer],
    parts: &[Part],
    diag: &Diag,
) -> Option<TokenStream> {
    shape::check(input, bindings, layers, stack, diag);
    let body = input.body.as_ref()?;
    let is_async = input.sig.asyncness.is_some();
    let again = layers.iter().any(Layer::runs_again);
    let cloned = shape::cloned(layers);
    let plan = Plan {
        krate: &stack.krate(),
        input,
        bindings,
        layers,
        parts,
        entry: RefCell::default(),
    };
    let fold = |part: usize, found: &Found| {
        shape::check_hoisted(found, layers, diag);
        let ret = found.ret.clone().or_else(|| return_type(input));
        // What is no type is rustc's to report, where it stands.
        let ret = ret.filter(|ret| syn::parse2::<syn::Type>(ret.clone()).is_ok());
        expand::fold(&plan, part, ret.unwrap_or_else(|| quote!(_)), found)
    };

    let mut content = body.stream();
    for (part, Part { instruments, .. }) in parts.iter().enumerate().rev() {
        let around = match *instruments {
            0 => Around::Block,
            below => Around::Instrument { below, again },
        };
        content = splice(content, is_async, around, &cloned, &mut |found| {
            fold(part, &found)
        })?;
    }
    let mut group = Group::new(body.delimiter(), content);
    group.set_span(body.span());
    let docs = document::section(&input.attrs, layers);
    Some(input.with_body(&group, &cloned, &docs))
}

/// What the function answers: its declared type, or the `Output` of the future that it returns.
pub(crate) fn return_type(input: &Input) -> Option<TokenStream> {
    let ty = input.output()?;
    if input.sig.asyncness.is_some() || !shape::returns_future(ty) {
        return Some(nameable(ty));
    }
    shape::future_output(ty)
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Group, Ident, Span, TokenTree};

    use super::*;

    /// `#[above] #[retry] #[stranger] async fn` as the private macro meets it, once `stranger` has
    /// made `fetch` of it.
    fn said_of(fetch: &TokenStream) -> String {
        let deferred = crate::stack::defer(
            Ident::new("retry", Span::call_site()),
            TokenStream::new(),
            quote!(
                #[some::stranger(x)]
                async fn fetch() -> Result<u32, String> {
                    Ok(1)
                }
            ),
        );
        let pending = deferred
            .into_iter()
            .filter_map(|t| match t {
                TokenTree::Group(g) => Some(g.stream()),
                _ => None,
            })
            .find(|attribute| attribute.to_string().contains("__private"))
            .expect("a pending attribute");
        let content = pending
            .into_iter()
            .filter_map(|t| match t {
                TokenTree::Group(g) => Some(Group::stream(&g)),
                _ => None,
            })
            .last()
            .expect("its content");
        expand(content, fetch).to_string()
    }

    #[test]
    fn who_took_async_away_is_named() {
        let taken = quote!(
            fn fetch() -> Result<u32, String> {
                block_on(async { Ok(1) })
            }
        );
        let said = said_of(&taken);
        assert!(
            said.contains("`#[stranger]` below `#[retry]` takes `async` away from `fetch`"),
            "{said}"
        );
        assert!(said.ends_with(&taken.to_string()), "as written: {said}");
        assert_eq!(said.matches("compile_error").count(), 1, "{said}");
    }

    #[test]
    fn who_left_async_there_is_not() {
        let left = quote!(
            async fn fetch() -> Result<u32, String> {
                Ok(2)
            }
        );
        let said = said_of(&left);
        assert!(!said.contains("compile_error"), "{said}");
    }
}

//! The pipeline as a whole: what the private attribute does with a stack and a function.

use std::cell::RefCell;

use proc_macro2::{Group, Span, TokenStream};
use quote::quote;
use syn::Type;

use crate::check;
use crate::diag::Diag;
use crate::document;
use crate::expand::{self, Part, Plan};
use crate::input::{Input, nameable, result_arguments};
use crate::krate;
use crate::parse::{ParseContext, messages};
use crate::policy::{Layer, SPECS};
use crate::shape;
use crate::splice::{Block, Weave, locate};
use crate::stack::{Entry, Stack};
use crate::tokens::HygieneScope;

/// The function with its layers; on any fault the function as written, and all the faults.
pub(crate) fn expand(stack: TokenStream, item: &TokenStream) -> TokenStream {
    let stack = Stack::read(stack);
    let _hygiene = HygieneScope::enter(stack.site);
    let diag = Diag::new();
    let Ok(input) = syn::parse2::<Input>(item.clone()) else {
        shape::not_a_function(&stack, item, &diag);
        let errors = diag.finish();
        return quote!(#errors #item);
    };
    let is_async = input.sig.asyncness.is_some();
    let block = input
        .body
        .as_ref()
        .and_then(|body| locate(body.stream(), is_async));
    let hoisted = block.as_ref().map(Block::hoisted).unwrap_or_default();
    let bindings = input.bindings(&hoisted);
    let params: Vec<_> = bindings.iter().map(|b| b.ident.clone()).collect();
    let generics = input.generics();
    let (success, error) = answers(&input);
    let cx = ParseContext {
        diag: &diag,
        attributes: &SPECS,
        params: &params,
        generics: &generics,
        ok_is_result: success.as_ref().is_some_and(is_result),
        success: success.map(|ty| quote!(#ty)),
        error,
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
        if !krate::is_crate_path(path) {
            diag.error(path, messages::no_crate_path(path));
        } else if stack.krates[..i]
            .iter()
            .any(|p| p.to_string() != path.to_string())
        {
            diag.error(path, messages::twice("crate"));
        }
    }
    for layer in &layers {
        layer.check(&cx);
    }
    check::check_stack(&layers, &cx);
    shape::check(&input, block.as_ref(), &bindings, &layers, &stack, &diag);
    let plan = Plan {
        krate: &stack.krate(),
        input: &input,
        bindings: &bindings,
        layers: &layers,
        parts: &parts,
        entry: RefCell::default(),
    };
    let expanded = block.map(|block| build(&plan, block));
    match (diag.finish(), expanded) {
        (None, Some(expanded)) => expanded,
        (errors, _) => quote!(#errors #item),
    }
}

fn build(plan: &Plan<'_>, block: Block) -> TokenStream {
    let Plan { input, layers, .. } = plan;
    let cloned = shape::cloned(layers);
    let below: Vec<usize> = plan.parts.iter().map(|part| part.instruments).collect();
    let weave = Weave {
        below: &below,
        again: layers.iter().any(Layer::runs_again),
        cloned: &cloned,
        braces: input
            .body
            .as_ref()
            .map_or_else(Span::call_site, Group::span),
    };
    let content = block.weave(&weave, &mut |part, found| {
        let ret = found.ret.clone();
        let ret = ret.or_else(|| return_type(input, found.boxed));
        // What is no type is rustc's to report, where it stands.
        let ret = ret.filter(|ret| syn::parse2::<syn::Type>(ret.clone()).is_ok());
        expand::fold(plan, part, ret.unwrap_or_else(|| quote!(_)), &found)
    });
    let docs = document::section(input, layers);
    input.with_body(content, &cloned, &docs)
}

/// What the function answers, where its declaration says it: its type, or the `Output` of the future
/// that it returns.
pub(crate) fn return_type(input: &Input, boxed: bool) -> Option<TokenStream> {
    let ty = input.output()?;
    if boxed {
        shape::future_output(ty)
    } else {
        Some(nameable(ty))
    }
}

/// The success and the error that the function declares, as far as it names them.
fn answers(input: &Input) -> (Option<Type>, Option<TokenStream>) {
    let boxed = input.sig.asyncness.is_none() && input.output().is_some_and(shape::returns_future);
    let Some(ret) = return_type(input, boxed) else {
        return (None, None);
    };
    let types = result_arguments(&ret).unwrap_or_default();
    let mut types = types.into_iter();
    let (success, error) = (types.next(), types.next());
    let error = error.map(|ty| quote!(#ty));
    (success, error.or_else(|| shape::error_of_alias(&ret)))
}

/// Whether the success is a `Result` by its name.
fn is_result(ty: &Type) -> bool {
    match ty {
        Type::Path(ty) => {
            let last = ty.path.segments.last();
            last.is_some_and(|last| last.ident.to_string().ends_with("Result"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Ident, TokenTree};

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

    /// What an attribute that nobody knows made of the body is run by each attempt.
    #[test]
    fn what_a_stranger_made_of_the_body_is_inside_the_policies() {
        let rewritten = quote!(
            async fn fetch() -> Result<u32, String> {
                before();
                let out = async move { Ok(2) }.await;
                after(out)
            }
        );
        let said = said_of(&rewritten);
        let loops = said.find("loop {").expect("a loop around the body");
        let body = &said[loops..said.find(". pause ()").expect("its delays")];
        for made in ["before ()", "async move { Ok (2) }", "after (out)"] {
            assert_eq!(said.matches(made).count(), 1, "{said}");
            assert!(body.contains(made), "`{made}` is outside: {said}");
        }
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

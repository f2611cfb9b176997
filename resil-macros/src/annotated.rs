//! The pipeline as a whole: what the private attribute does with a stack and a function.

use std::cell::RefCell;

use proc_macro2::{Group, TokenStream};
use quote::quote;

use crate::check;
use crate::diag::Diag;
use crate::expand::{self, Part, Plan};
use crate::input::{Binding, Input, nameable};
use crate::policy::{Ctx, Layer};
use crate::shape;
use crate::splice::{Around, Found, splice};
use crate::stack::{Entry, Stack};

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

    // Outermost first; those before `outer` stand above an `#[instrument]`.
    let mut layers: Vec<Layer> = Vec::new();
    let mut outer = 0;
    for entry in &stack.entries {
        match entry {
            Entry::Layer(layer) => layers.extend(Layer::parse(layer, &cx)),
            Entry::Instrument => outer = layers.len(),
        }
    }
    for layer in &layers {
        layer.check(&cx);
    }
    check::check_stack(&layers, &cx);
    let expanded = build(&stack, &input, &bindings, &layers, outer, &diag);
    match (diag.finish(), expanded) {
        (None, Some(expanded)) => expanded,
        (errors, _) => quote!(#errors #input),
    }
}

fn build(
    stack: &Stack,
    input: &Input,
    bindings: &[Binding],
    layers: &[Layer],
    outer: usize,
    diag: &Diag,
) -> Option<TokenStream> {
    shape::check(input, bindings, layers, stack, diag);
    let body = input.body.as_ref()?;
    let is_async = input.sig.asyncness.is_some();
    let again = layers.iter().any(Layer::runs_again);
    let cloned = shape::cloned(layers);
    let plan = Plan {
        krate: &stack.krate,
        input,
        bindings,
        layers,
        above: outer,
        entry: RefCell::default(),
    };
    let fold = |part, found: &Found| {
        shape::check_hoisted(found, layers, diag);
        let ret = found.ret.clone().or_else(|| return_type(input));
        expand::fold(&plan, part, ret.unwrap_or_else(|| quote!(_)), found)
    };

    let mut content = body.stream();
    if outer < layers.len() || layers.is_empty() {
        let around = Around::Block;
        content = splice(content, is_async, around, &cloned, &mut |found| {
            fold(Part::Below, &found)
        })?;
    }
    if outer > 0 {
        let around = Around::Instrument { again };
        content = splice(content, is_async, around, &cloned, &mut |found| {
            fold(Part::Above, &found)
        })?;
    }
    let mut group = Group::new(body.delimiter(), content);
    group.set_span(body.span());
    Some(input.with_body(&group, &cloned))
}

/// What the function answers: its declared type, or the `Output` of the future that it returns.
pub(crate) fn return_type(input: &Input) -> Option<TokenStream> {
    let ty = input.output()?;
    if input.sig.asyncness.is_some() || !shape::returns_future(ty) {
        return Some(nameable(ty));
    }
    shape::future_output(ty)
}

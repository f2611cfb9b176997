//! Defines shared stacks: checks them, and writes the macro that each is.

use proc_macro2::{TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Visibility;

use super::definition::{Definition, pieces, report_nothing};
use super::hidden::hidden;
use crate::check::check_stack;
use crate::diag::Diag;
use crate::parse::ParseContext;
use crate::policy::{OPTIONS, Policy};
use crate::stack::{LayerTokens, Stack, StackEntry};
use crate::tokens::{group_like, is_ident, is_punct, mixed};
use crate::{document, krate};

/// Returns the macros of the stacks that `stack! { .. }` defines, behind the messages. A stack with a
/// fault is defined too: what names it gets no second message.
pub(crate) fn define(input: &TokenStream) -> TokenStream {
    let pieces = pieces(input);
    let mut out = TokenStream::new();
    let mut is_empty = true;
    for (at, piece) in pieces.iter().enumerate() {
        let is_last = at + 1 == pieces.len();
        if piece.is_empty() && is_last {
            continue;
        }
        is_empty = false;
        let diag = Diag::new();
        let definition = Definition::read(piece, is_last, &diag);
        let written = definition.map(|definition| definition.write(&diag));
        out.extend(diag.finish());
        out.extend(written);
    }
    if is_empty {
        let diag = Diag::new();
        report_nothing(&diag);
        out.extend(diag.finish());
    }
    out
}

impl Definition {
    /// Checks the stack and writes its macro, with the stack in words as its docs.
    fn write(&self, diag: &Diag) -> TokenStream {
        let Self {
            attrs, vis, name, ..
        } = self;
        let policies = self.check(diag);
        let docs = policies.map(|policies| {
            let text = document::stack_section(&name.to_string(), &policies);
            quote!(#[doc = #text])
        });
        let layers = diag.is_empty().then(|| self.content());
        let hidden = hidden(name);
        let is_public = matches!(vis, Visibility::Public(_));
        let export = is_public.then(|| quote!(#[macro_export]));
        let cfgs = attrs.iter().filter(|a| a.path().is_ident("cfg"));
        let text = format!(
            "`{name}` is a stack of attributes: write `#[resil::apply({name})]` above a function"
        );
        quote_spanned! {mixed(name.span())=>
            #(#attrs)*
            #docs
            #[doc(hidden)]
            #[allow(non_local_definitions, unused_macros, unused_macro_rules)]
            #export
            macro_rules! #hidden {
                ({ $($to:tt)* } $asked:tt) => {
                    $($to)* ! { { #name #layers } $asked }
                };
                ($($other:tt)*) => {
                    ::core::compile_error! { #text }
                };
            }
            #(#cfgs)*
            #[doc(inline)]
            #[allow(unused_imports, clippy::pub_use)]
            #vis use #hidden as #name;
        }
    }

    /// Returns the layers as `resolve` reads them.
    fn content(&self) -> TokenStream {
        let layers = &self.layers;
        quote!({ #(#layers)* })
    }

    /// Checks everything that needs no function. `None` if there is a fault.
    fn check(&self, diag: &Diag) -> Option<Vec<Box<dyn Policy>>> {
        let cx = ParseContext {
            diag,
            attributes: OPTIONS,
            params: &[],
            knows_function: false,
            generics: &[],
            error: None,
            success: None,
            ok_is_result: true,
        };
        let mut stack = Stack::new();
        let mut facts = Vec::new();
        let mut policies = Vec::new();
        for LayerTokens { name, args } in &self.layers {
            let args = krate::take_crates(without_dollars(args), &mut stack.krates);
            let layer = LayerTokens {
                name: name.clone(),
                args,
            };
            if let Some(parsed) = layer.parse(&cx) {
                facts.push(parsed.facts);
                policies.extend(parsed.policy);
            }
            stack.entries.push(StackEntry::Layer(layer));
        }
        stack.check_crate_paths(diag);
        for policy in &policies {
            policy.check(&cx);
        }
        check_stack(&facts, diag);
        diag.is_empty().then_some(policies)
    }
}

/// Returns the tokens with `crate` for `$crate`: what the macro makes of it is one token.
fn without_dollars(tokens: &TokenStream) -> TokenStream {
    let trees: Vec<_> = tokens.clone().into_iter().collect();
    let mut out = TokenStream::new();
    for (at, tree) in trees.iter().enumerate() {
        let is_crate = |tree| is_ident(tree, "crate");
        if is_punct(tree, '$') && trees.get(at + 1).is_some_and(is_crate) {
            continue;
        }
        out.extend([match tree {
            TokenTree::Group(group) => {
                let content = without_dollars(&group.stream());
                group_like(group, content).into()
            }
            tree => tree.clone(),
        }]);
    }
    out
}

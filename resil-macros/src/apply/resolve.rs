//! Puts the layers of a shared stack into the pending attribute of a function.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;

use super::beside::{Merged, merge};
use super::reference::Reference;
use crate::diag::Diag;
use crate::krate;
use crate::stack::{Applied, LayerTokens, Stack, StackEntry};
use crate::tokens::{collect, flat, is_ident, placed};

/// Returns the function with its pending attribute, in which the layers of the stack stand in the
/// place of the `#[apply]`. The input is what the stack's macro gives: the name and the layers, then
/// the content of the pending attribute and the function.
pub(crate) fn resolve(input: TokenStream) -> TokenStream {
    let mut groups = input.into_iter().filter_map(|tree| match tree {
        TokenTree::Group(group) => Some(Group::stream(&group)),
        _ => None,
    });
    let definition = groups.next().unwrap_or_default();
    let mut asked = groups.next().unwrap_or_default().into_iter();
    let content = match asked.next() {
        Some(TokenTree::Group(content)) => content.stream(),
        _ => TokenStream::new(),
    };
    let item: TokenStream = asked.collect();

    let diag = Diag::new();
    let attribute = put(definition, Stack::read(content), &item, &diag);
    let errors = diag.finish();
    let attribute = attribute.filter(|_| errors.is_none());
    quote!(#errors #attribute #item)
}

/// Returns the pending attribute with the layers of `definition`; `None` if the definition has a
/// fault, which was reported there, or something beside the name has one.
fn put(
    definition: TokenStream,
    mut stack: Stack,
    item: &TokenStream,
    diag: &Diag,
) -> Option<TokenStream> {
    let mut definition = definition.into_iter();
    let (Some(TokenTree::Ident(mut name)), Some(TokenTree::Group(layers))) =
        (definition.next(), definition.next())
    else {
        return None;
    };
    let is_apply = |entry: &StackEntry| matches!(entry, StackEntry::Apply(_));
    let at = stack.entries.iter().position(is_apply)?;
    let StackEntry::Apply(apply) = stack.entries.remove(at) else {
        return None;
    };
    let reference = Reference::read(&apply, diag)?;
    let place = reference.name.span();
    // Under the name that it was defined by.
    name.set_span(place);
    let layers = placed(layers.stream(), place, scope_of(item));
    let layers = Stack::read(layers).entries.into_iter();
    let layers = layers.filter_map(|entry| match entry {
        StackEntry::Layer(layer) => Some(layer),
        _ => None,
    });
    let Merged { layers, beside } = merge(layers.collect(), reference.layers, &name, diag);

    let applied = StackEntry::Applied(Applied {
        attribute: apply.name,
        name,
        beside,
    });
    let layers = layers.into_iter().map(|LayerTokens { name, args }| {
        let args = krate::take_crates(args, &mut stack.krates);
        StackEntry::Layer(LayerTokens { name, args })
    });
    let entries: Vec<StackEntry> = std::iter::once(applied).chain(layers).collect();
    stack.entries.splice(at..at, entries);
    if stack.runs_again().is_none() {
        stack.site = None;
    }
    Some(stack.to_attribute())
}

/// Returns the hygiene in which the function is written: that of its `fn`.
fn scope_of(item: &TokenStream) -> Span {
    let trees = flat(item);
    let word = trees.iter().find(|tree| is_ident(tree, "fn"));
    word.map_or_else(
        || crate::tokens::first_span(&collect(&trees)),
        TokenTree::span,
    )
}

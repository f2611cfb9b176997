//! Puts what stands beside the name of a stack into its layers.

use proc_macro2::{Ident, Punct, Spacing, TokenStream, TokenTree};
use quote::quote;

use crate::diag::{Diag, help};
use crate::policy::{self, Attribute};
use crate::stack::LayerTokens;
use crate::tokens::{flat, is_equals, is_punct, shown, split_at_commas};

/// The layers of a stack with what stood beside its name.
pub(super) struct Merged {
    /// Outermost first.
    pub(super) layers: Vec<LayerTokens>,
    /// The options that went into layers of the stack.
    pub(super) beside: TokenStream,
}

/// Puts each layer of `beside` into the layer of its kind, or around all of them if the stack `name`
/// has none of that kind. Faults go to the sink.
pub(super) fn merge(
    mut layers: Vec<LayerTokens>,
    beside: Vec<LayerTokens>,
    name: &Ident,
    diag: &Diag,
) -> Merged {
    let mut added = Vec::new();
    let mut merged: Vec<LayerTokens> = Vec::new();
    for other in beside {
        let mut same = (0..layers.len()).filter(|&at| layers[at].name == other.name);
        match (same.next(), same.next()) {
            (None, _) => added.push(other),
            (Some(_), Some(_)) => report_several(&layers, &other, name, diag),
            (Some(_), None) if merged.iter().any(|one| one.name == other.name) => {
                let word = &other.name;
                let message = format!("`{word}` stands twice beside the stack `{name}`");
                let instead = format!("write all of its options into one `{word}(..)`");
                diag.error(&other.name, help(message, instead));
            }
            (Some(_), None) if other.args.is_empty() => {
                let word = &other.name;
                let message = format!(
                    "`{word}` beside the stack `{name}` changes nothing: the stack has one"
                );
                let instead = format!("remove it, or write the options to change: `{word}(..)`");
                diag.error(&other.name, help(message, instead));
            }
            (Some(at), None) => {
                layers[at].args = put(&layers[at], &other);
                merged.push(other);
            }
        }
    }
    added.extend(layers);
    let beside = merged.iter().map(|layer| layer.args.clone());
    Merged {
        layers: added,
        beside: beside.collect(),
    }
}

/// Reports a layer of which the stack has several: which of them is meant is not guessed.
fn report_several(layers: &[LayerTokens], other: &LayerTokens, name: &Ident, diag: &Diag) {
    let count = layers.iter().filter(|layer| layer.name == other.name);
    let written = layers.iter().map(|LayerTokens { name, args }| {
        let args = shown(args);
        let args = if args.is_empty() {
            args
        } else {
            format!("({args})")
        };
        format!("#[{name}{args}]")
    });
    let written: Vec<String> = written.collect();
    let word = &other.name;
    let message = format!(
        "the stack `{name}` has {} layers `{word}`, and `{word}({})` does not say which one is meant",
        count.count(),
        shown(&other.args)
    );
    let instead = format!(
        "write the attributes themselves in place of the name, and change the one that is meant: `{}`",
        written.join(" ")
    );
    diag.error(&other.name, help(message, instead));
}

/// Returns the arguments of `layer`, in which the options of `other` have taken the place of those of
/// the same names, and of those that can't stand beside them.
fn put(layer: &LayerTokens, other: &LayerTokens) -> TokenStream {
    let Some(policy) = policy::find(&layer.name.to_string()) else {
        return other.args.clone();
    };
    let options = |args: &TokenStream| {
        let segments = split_at_commas(args.clone()).into_iter();
        let segments = segments.map(|segment| segment.tokens);
        segments.collect::<Vec<TokenStream>>()
    };
    let new = options(&other.args);
    let replaced: Vec<&str> = new
        .iter()
        .filter_map(|option| name_of(option, policy))
        .flat_map(|name| replaced_by(name, policy))
        .collect();
    let kept = options(&layer.args).into_iter();
    let kept = kept.filter(|option| {
        let name = name_of(option, policy);
        name.is_none_or(|name| !replaced.contains(&name))
    });
    let comma = || {
        let mut comma = Punct::new(',', Spacing::Alone);
        comma.set_span(layer.name.span());
        comma
    };
    let kept: Vec<TokenStream> = kept.collect();
    let is_nameless = |option: &TokenStream| name_of(option, policy) == Some(NAMELESS);
    // A value without a name stands first.
    if new.first().is_some_and(is_nameless) {
        let commas = kept.iter().map(|_| comma());
        let other = without_last_comma(&other.args);
        return quote!(#other #(#commas #kept)*);
    }
    // The arguments of `other` as they are written: a comma too many has to be told.
    let (commas, other) = (kept.iter().map(|_| comma()), &other.args);
    quote!(#(#kept #commas)* #other)
}

/// Returns the tokens without a comma at their end.
fn without_last_comma(args: &TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = args.clone().into_iter().collect();
    trees.pop_if(|tree| is_punct(tree, ','));
    trees.into_iter().collect()
}

/// Returns the options whose place the option `name` takes.
fn replaced_by(name: &'static str, policy: &Attribute) -> Vec<&'static str> {
    let rows = policy.replaces.iter();
    let rows = rows.filter(|(names, _)| names.contains(&name));
    let others = rows.flat_map(|(_, others)| others.iter().copied());
    std::iter::once(name).chain(others).collect()
}

/// The name of a value without one, in [`Attribute::replaces`].
const NAMELESS: &str = "";

/// Returns the name of an option; `None` if the policy has none of that name.
fn name_of(option: &TokenStream, policy: &Attribute) -> Option<&'static str> {
    let trees = flat(option);
    if let Some(TokenTree::Ident(word)) = trees.first()
        && let Some(known) = policy.options.option(&word.to_string())
    {
        return Some(known.name);
    }
    let takes_nameless = policy.options.options.is_empty()
        || policy
            .replaces
            .iter()
            .any(|(names, _)| names.contains(&NAMELESS));
    (takes_nameless && !is_equals(&trees, 1)).then_some(NAMELESS)
}

//! Tells the instances of a generic function apart: by their types, and by the types that a key
//! depends on.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{FnArg, PatType};

use super::context::EmitContext;
use crate::input::{Input, bindings_of};
use crate::tokens::mixed;

impl EmitContext<'_> {
    /// Writes the identity of this instance of the function. The item and the closure must be in one
    /// block, as their paths are compared.
    pub(crate) fn types(&self, span: Span) -> TokenStream {
        let types = self.private("Types", span);
        quote_spanned! {mixed(span)=> {
            #[allow(dead_code, non_camel_case_types)]
            struct __RESIL_FN_;
            #types::of::<__RESIL_FN_, _>(&|| ())
        }}
    }

    /// Writes on which of the function's types the parts of a key depend; `None` if on none.
    pub(crate) fn key_says(&self, key: &[TokenStream], span: Span) -> Option<TokenStream> {
        let mut words = Vec::new();
        for part in key {
            gather(part.clone(), &mut words);
        }
        let input = self.stack.input;
        let own: Vec<String> = input.generics().iter().map(ToString::to_string).collect();
        let has = |word: &str| words.iter().any(|w| w == word);
        let arguments =
            !own.is_empty() || input.sig.inputs.iter().any(|arg| anonymous(arg).is_some());
        let arguments = arguments
            && own
                .iter()
                .all(|param| has(param) || values(input, param).any(|v| has(&v)))
            && input
                .sig
                .inputs
                .iter()
                .filter_map(anonymous)
                .all(|arg| names(arg).iter().any(|n| has(n)));
        let this = has("self") || has("Self");
        let parameter = words.iter().any(|w| is_parameter(w) && !own.contains(w));
        (arguments || this || parameter).then(|| {
            let says = self.private("KeySays", span);
            quote_spanned! {mixed(span)=>
                .key_says(#says { arguments: #arguments, this: #this, parameter: #parameter })
            }
        })
    }
}

/// Gathers all identifiers.
fn gather(tokens: TokenStream, words: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Group(group) => gather(group.stream(), words),
            _ => {}
        }
    }
}

/// Whether the word looks like a type parameter of an `impl`, which an attribute can't see.
fn is_parameter(word: &str) -> bool {
    let mut letters = word.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|letter| letter.is_ascii_digit())
}

/// Returns the argument if its type is an `impl Trait`, or holds one.
fn anonymous(arg: &FnArg) -> Option<&PatType> {
    match arg {
        FnArg::Typed(arg) if mentions(arg, "impl") => Some(arg),
        _ => None,
    }
}

/// Returns the names of the arguments whose types name the type parameter `param`.
fn values<'a>(input: &'a Input, param: &'a str) -> impl Iterator<Item = String> + 'a {
    let inputs = input.sig.inputs.iter();
    let of = inputs.filter_map(move |arg| match arg {
        FnArg::Typed(arg) if mentions(arg, param) => Some(names(arg)),
        _ => None,
    });
    of.flatten()
}

fn mentions(arg: &PatType, word: &str) -> bool {
    let mut words = Vec::new();
    gather(arg.ty.to_token_stream(), &mut words);
    words.iter().any(|w| w == word)
}

fn names(arg: &PatType) -> Vec<String> {
    let mut names = Vec::new();
    bindings_of(&arg.pat, &mut |name, _| names.push(name.to_string()));
    names
}

//! Patterns in generated code, and the closures that ask about an outcome.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Pat;
use syn::parse::Parser;

use super::context::EmitContext;
use crate::input::bindings_of;
use crate::parse::Pattern;
use crate::tokens::mixed;

impl EmitContext<'_> {
    /// Writes a statement that converts the outcome's error into the user's type, so that patterns
    /// can match it.
    pub(crate) fn expose_error(&self, span: Span) -> TokenStream {
        let (expose, conversions) = (self.private("expose_error", span), self.conversions());
        quote_spanned!(mixed(span)=> let __resil_r = #expose(__resil_r, #conversions);)
    }

    /// Writes a closure that asks an error for its class. It names no trait: `Classify` is used if the
    /// type implements it.
    pub(crate) fn class(&self, span: Span) -> TokenStream {
        let probe = self.private("Probe", span);
        quote_spanned!(mixed(span)=> |__resil_e: &_| #probe::new(__resil_e).__resil_class(__resil_e))
    }

    /// Writes a closure that tells whether a value matches; without a pattern no value does.
    pub(crate) fn on_value(&self, pattern: Option<&Pattern>, span: Span) -> TokenStream {
        let at = mixed(span);
        match pattern {
            None => quote_spanned!(at=> |_: &_| false),
            Some(p) => {
                let hit = self.matches(p, &quote!(__resil_v));
                quote_spanned!(at=> |__resil_v: &_| #hit)
            }
        }
    }

    /// Writes a `bool` expression: whether `value`, a reference, matches.
    pub(crate) fn matches(&self, pattern: &Pattern, value: &TokenStream) -> TokenStream {
        let at = mixed(pattern.span);
        let arms = arms(&self.with_self(&pattern.tokens));
        let value: TokenStream = value
            .clone()
            .into_iter()
            .map(|mut t| {
                t.set_span(at);
                t
            })
            .collect();
        let hit = quote_spanned! {at=> {
            match #value { #(#arms => true,)* _ => false }
        }};
        // Only a guard can panic.
        if has_guard(&pattern.tokens) {
            self.asking(hit, pattern.span)
        } else {
            hit
        }
    }
}

/// Writes the pattern as match arms.
///
/// If all alternatives bind the same names, the pattern is one arm, as it is written. Rust refuses
/// `Network(_) | Http(s) if s.is_server_error()`, since `s` is not bound in all of them. Then each
/// alternative becomes an arm, and only those that bind names get the guard.
fn arms(tokens: &TokenStream) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let guard_at = trees.iter().position(is_if).unwrap_or(trees.len());
    let (pattern, guard) = trees.split_at(guard_at);
    let alternatives: Vec<TokenStream> = pattern
        .split(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == '|'))
        .filter(|a| !a.is_empty())
        .map(|a| a.iter().cloned().collect())
        .collect();
    let names: Vec<Vec<String>> = alternatives.iter().map(bound_names).collect();
    let same = names.windows(2).all(|w| w[0] == w[1]);
    if guard.is_empty() || same {
        return vec![tokens.clone()];
    }
    let guard: TokenStream = guard.iter().cloned().collect();
    alternatives
        .iter()
        .zip(&names)
        .map(|(a, names)| {
            if names.is_empty() {
                a.clone()
            } else {
                quote!(#a #guard)
            }
        })
        .collect()
}

fn is_if(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(i) if i == "if")
}

fn has_guard(pattern: &TokenStream) -> bool {
    pattern.clone().into_iter().any(|t| is_if(&t))
}

fn bound_names(pattern: &TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(pat) = Pat::parse_single.parse2(pattern.clone()) {
        bindings_of(&pat, &mut |name, _| names.push(name.to_string()));
    }
    names.sort();
    names
}

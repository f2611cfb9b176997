//! Patterns in generated code.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Pat;
use syn::parse::Parser;

use super::{Cx, mixed};
use crate::input::bindings_of;
use crate::parse::Pattern;

impl Cx<'_> {
    /// Makes the outcome's error the user's, for patterns to look at.
    pub(crate) fn look(&self, span: Span) -> TokenStream {
        let (look, edge) = (self.private("look", span), self.edge());
        quote_spanned!(mixed(span)=> let __resil_r = #look(__resil_r, #edge);)
    }

    /// A closure that asks an error for its class. No trait is named: where the type has it, it is
    /// used.
    pub(crate) fn class(&self, span: Span) -> TokenStream {
        let probe = self.private("Probe", span);
        quote_spanned!(mixed(span)=> |__resil_e: &_| #probe::new(__resil_e).__resil_class())
    }

    /// A closure that says how an error can be shown in an event. No trait is named here either.
    pub(crate) fn shown(&self, span: Span) -> TokenStream {
        let showing = self.private("Showing", span);
        quote_spanned!(mixed(span)=> |__resil_e: &_| #showing::new(__resil_e).__resil_shown())
    }

    /// A closure that says whether a value matches; without a pattern none does.
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

    /// A `bool`: whether `value`, a reference, matches.
    pub(crate) fn matches(&self, pattern: &Pattern, value: &TokenStream) -> TokenStream {
        let at = mixed(pattern.span);
        let arms = arms(&self.this(&pattern.tokens));
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
        // A pattern by itself can't panic.
        if has_guard(&pattern.tokens) {
            self.asking(hit, pattern.span)
        } else {
            hit
        }
    }
}

/// The pattern as match arms.
///
/// Where all alternatives bind the same names it is one arm, as it is written. Rust refuses
/// `Network(_) | Http(s) if s.is_server_error()`, since `s` is not bound in all of them; it says
/// what is meant all the same: the guard is asked of the alternatives that bind what others lack.
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

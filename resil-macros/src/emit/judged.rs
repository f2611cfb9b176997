//! The rules between values that the macro does not know: where a value is a named constant, the compiler
//! judges the layer in a `const` item, by the rules for stacks that are built by hand.
//!
//! Where all values are literals the macro has judged them, and nothing is written.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::context::EmitContext;
use super::inner::{Entry, JudgedPolicy};
use crate::tokens::mixed;

impl Entry {
    /// Notes that a value of the layer at that index is a named constant.
    pub(crate) fn has_constant(&mut self, layer: usize, at: Span) {
        let judged = self.judged.entry(layer).or_default();
        judged.constants.push(at);
    }

    /// Notes that the layer at that index is not judged.
    pub(crate) fn is_not_judged(&mut self, layer: usize) {
        self.judged.entry(layer).or_default().is_exempt = true;
    }

    /// Writes the items in which the compiler judges the layers. The outermost group has them.
    pub(crate) fn judgements(&self, cx: &EmitContext<'_>) -> Option<TokenStream> {
        if self
            .judged
            .values()
            .all(|judged| judged.constants.is_empty())
        {
            return None;
        }
        let mut items = TokenStream::new();
        let mut around: Vec<TokenStream> = Vec::new();
        let mut constant_around = false;
        for judged in self.judged.values().filter(|judged| !judged.is_exempt) {
            let Some(policy) = &judged.policy else {
                continue;
            };
            let layer = policy.layer(cx);
            let places = judged.constants.iter().copied().chain([policy.span]);
            if !judged.constants.is_empty() || constant_around {
                let span = judged.constants.first().copied().unwrap_or(policy.span);
                let origin = cx.stack.origin.as_ref();
                let made_at = origin.and_then(|origin| origin.made_at(span, places));
                let span = made_at.unwrap_or(span);
                let judge = cx.private("judge_layer", span);
                items.extend(quote_spanned! {mixed(span)=>
                    const _: () = #judge(&[#(#around),*], &#layer);
                });
            }
            constant_around |= !judged.constants.is_empty();
            around.push(layer);
        }
        Some(items)
    }
}

impl JudgedPolicy {
    /// Writes it as a value of the runtime's type `Layer`.
    fn layer(&self, cx: &EmitContext<'_>) -> TokenStream {
        let at = mixed(self.span);
        let (layer, policy) = (cx.private("Layer", self.span), &self.tokens);
        let variant = Ident::new(&self.variant, at);
        quote_spanned!(at=> #layer::#variant(#policy))
    }
}

impl EmitContext<'_> {
    /// Notes the policy of this layer, a const expression, for the compiler to judge. `variant` is that of
    /// the runtime's `Layer`. A fault stands at the first named constant, else at `span`.
    pub(crate) fn judge(&self, variant: &str, policy: &TokenStream, span: Span, entry: &mut Entry) {
        // Most layers have no named constant in them or around them, and are not written for it.
        entry.judged.entry(self.layer).or_default().policy = Some(JudgedPolicy {
            variant: variant.to_owned(),
            tokens: policy.clone(),
            span,
        });
    }
}

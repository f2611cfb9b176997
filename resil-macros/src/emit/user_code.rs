//! Writes code of the user's that a layer runs, so that it is seen as a part of the call.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::context::EmitContext;
use super::inner::Inner;
use crate::features;
use crate::tokens::mixed;

impl EmitContext<'_> {
    /// Writes `content`, the user's code with a `?` and a `return` of its own, in an `async` block, or
    /// in a closure that is called at once. `outcome` is an expression over `__resil_r`, its value.
    pub(crate) fn run(
        &self,
        capture: &TokenStream,
        content: &TokenStream,
        outcome: TokenStream,
        span: Span,
    ) -> Inner {
        let own = mixed(span);
        let is_body = false;
        if self.stack.is_async {
            let future = quote_spanned!(own=> async #capture { #content });
            let mut future = self.as_caller(future, span);
            if features::traces() {
                let (traced, seen) = (self.private("traced_code", span), self.seen(span));
                future = quote_spanned!(own=> #traced(#seen, #future));
            }
            if self.is_under_a_claim() {
                let (watch, state) = (self.private("watch_code", span), self.call(span));
                future = quote_spanned!(own=> #watch(#future, #state));
            } else if features::observes() {
                let (seen, state) = (self.private("seen_code", span), self.call(span));
                future = quote_spanned!(own=> #seen(#state, #future));
            }
            Inner::Mapped {
                future,
                outcome,
                is_body,
            }
        } else {
            let run = self.private("run", span);
            let call = quote_spanned!(own=> #run(#capture || { #content }));
            let mut call = self.as_caller(call, span);
            if features::traces() {
                let (traced, seen) = (self.private("traced_code_run", span), self.seen(span));
                call = quote_spanned!(own=> #traced(#seen, || #call));
            }
            if self.is_under_a_claim() {
                let (watch, state) = (self.private("watch_code_run", span), self.call(span));
                call = quote_spanned!(own=> #watch(|| #call, #state));
            } else if features::observes() {
                let state = self.receiver(self.call(span));
                call = quote_spanned!(own=> #state.asking(|| #call));
            }
            Inner::Called {
                call,
                outcome,
                is_body,
            }
        }
    }

    /// Whether a layer around this one holds a claim: what this one has begun may not be forgotten.
    fn is_under_a_claim(&self) -> bool {
        self.above().iter().any(|layer| layer.watches_attempts)
    }
}

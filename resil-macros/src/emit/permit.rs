//! The permit of a layer around, in the code of the layers inside it.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::context::EmitContext;
use super::inner::Inner;
use crate::features;
use crate::tokens::mixed;

impl EmitContext<'_> {
    /// Writes `inner` as an expression, for a layer that acts before and after it. If a layer
    /// around this one holds a permit, it is told of each poll, unless a layer in between polls
    /// this one as a whole.
    pub(crate) fn value(&self, inner: Inner, span: Span) -> TokenStream {
        if self.is_awaited_under_permit() {
            self.under_permit(inner, span).awaited(span)
        } else {
            inner.awaited(span)
        }
    }

    /// Puts each poll of `inner` under the permit that is in scope, if `inner` is a future. In an
    /// expression the layers inside have done so.
    pub(crate) fn under_permit(&self, inner: Inner, span: Span) -> Inner {
        let under = |future: TokenStream| {
            let under_permit = self.private("under_permit", span);
            quote_spanned!(mixed(span)=> #under_permit(&__resil_permit, #future))
        };
        match inner {
            Inner::Future(future) => Inner::Future(under(future)),
            Inner::Mapped {
                future,
                outcome,
                is_body,
            } => Inner::Mapped {
                future: under(future),
                outcome,
                is_body,
            },
            Inner::Called {
                call,
                outcome,
                is_body,
            } => {
                let call = Self::calling(&call, span);
                Inner::Called {
                    call: quote_spanned!(mixed(span)=> (&__resil_permit).run(#call)),
                    outcome,
                    is_body,
                }
            }
            inner => inner,
        }
    }

    fn is_awaited_under_permit(&self) -> bool {
        let start = self.stack.groups[self.group].layers.start;
        let around = self.above().get(start..).unwrap_or_default();
        let polls = around.iter().rev().find(|layer| !layer.in_place);
        polls.is_some_and(|layer| layer.holds_permit)
    }

    /// Whether a layer around this one holds a permit.
    pub(crate) fn has_permit(&self) -> bool {
        self.above().iter().any(|layer| layer.holds_permit)
    }

    /// Whether the pauses of this layer are no part of the call that the permit around it is for. Those of
    /// several copies are: they overlap each other, and the work of other copies.
    pub(crate) fn leaves_out_pauses(&self) -> bool {
        let above = self.above();
        let holder = above.iter().rposition(|layer| layer.holds_permit);
        holder.is_some_and(|at| above[at..].iter().all(|layer| layer.copies.is_none()))
    }

    /// Writes the wait of this layer for its turn: `future` with its `.await`, or `blocking` in a function
    /// that is not async. The wait is no part of the call that a permit around this layer is for.
    pub(crate) fn waits(
        &self,
        mut future: TokenStream,
        mut blocking: TokenStream,
        span: Span,
    ) -> TokenStream {
        let at = mixed(span);
        if self.stack.facts[self.layer].waits.is_some() && self.leaves_out_pauses() {
            future = quote_spanned!(at=> __resil_held.leaving_out(#future));
            blocking = quote_spanned!(at=> __resil_held.leaving_out_run(|| #blocking));
        }
        self.awaits(&future, &blocking, span)
    }

    /// Wraps `question`, an expression that runs the user's code on an outcome. A layer that holds
    /// a permit has to know that a panic in this code belongs to the call.
    pub(crate) fn asking(&self, question: TokenStream, span: Span) -> TokenStream {
        if self.has_permit() {
            quote_spanned!(mixed(span)=> (&__resil_permit).asking(|| #question))
        } else if features::observes() || self.stack.facts.iter().any(|layer| layer.holds_permit) {
            let call = self.receiver(self.call(span));
            quote_spanned!(mixed(span)=> #call.asking(|| #question))
        } else {
            question
        }
    }
}

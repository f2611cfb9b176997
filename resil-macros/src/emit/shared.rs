//! What the layers of a call share: its site, its state, and what is seen of it.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::context::EmitContext;
use crate::tokens::{first_span, mixed};

impl EmitContext<'_> {
    /// Writes a reference to the static that says where the attributes stand.
    pub(crate) fn site(span: Span) -> TokenStream {
        quote_spanned!(mixed(span)=> &__RESIL_SITE)
    }

    /// Writes a reference to the state of the call.
    pub(crate) fn call(&self, span: Span) -> TokenStream {
        self.shared(quote_spanned!(mixed(span)=> __resil_call))
    }

    /// Writes a reference to what is seen of the call.
    pub(crate) fn seen(&self, span: Span) -> TokenStream {
        self.shared(quote_spanned!(mixed(span)=> __resil_seen))
    }

    fn shared(&self, name: TokenStream) -> TokenStream {
        if self.stack.owns_shared() {
            let at = first_span(&name);
            quote_spanned!(at=> &#name)
        } else {
            name
        }
    }

    /// Writes `shared`, one of these references, as what a method is called on: a user's trait for all types, with a
    /// method of that name, would take a variable by value.
    pub(crate) fn receiver(&self, shared: TokenStream) -> TokenStream {
        if self.stack.owns_shared() {
            let at = first_span(&shared);
            quote_spanned!(at=> (#shared))
        } else {
            shared
        }
    }

    /// Writes the state of the call in a `Some(..)`, or `None` if the stack has no such state.
    pub(crate) fn call_state(&self, span: Span) -> TokenStream {
        if self.stack.has_call_state() {
            let call = self.call(span);
            quote_spanned!(mixed(span)=> ::core::option::Option::Some(#call))
        } else {
            quote_spanned!(mixed(span)=> ::core::option::Option::None)
        }
    }
}

//! The settings in force for a call, where they can be changed while the program runs.
//!
//! A call loads the settings of its function once, on entry. Each layer then asks them for its own, where
//! it otherwise names a constant.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;

use super::context::EmitContext;
use super::inner::Entry;
use crate::facts::Facts;
use crate::features;
use crate::tokens::mixed;

impl EmitContext<'_> {
    /// Notes that this layer is a `written`: the name of a variant of the runtime's `Written`, with its
    /// fields.
    pub(crate) fn describe(
        &self,
        variant: &str,
        fields: &TokenStream,
        span: Span,
        entry: &mut Entry,
    ) {
        let at = mixed(span);
        let (written, variant) = (self.private("Written", span), Ident::new(variant, at));
        entry.describe(
            self.layer,
            quote_spanned!(at=> #written::#variant { #fields }),
        );
    }

    /// Writes the settings of this layer: what `method` of the settings in force returns for it, and for
    /// a further argument.
    pub(crate) fn in_force(
        &self,
        method: &str,
        span: Span,
        argument: Option<TokenStream>,
    ) -> TokenStream {
        let at = mixed(span);
        let (method, layer) = (Ident::new(method, at), index(self.layer, at));
        let argument = argument.map(|argument| quote_spanned!(at=> , #argument));
        quote_spanned!(at=> __resil_control.#method(#layer #argument))
    }

    /// Writes whether this layer is switched on, if it can be switched.
    pub(crate) fn is_on(&self, span: Span) -> Option<TokenStream> {
        features::controls().then(|| self.in_force("is_on", span, None))
    }

    /// Writes whether the layer of this group that `which` finds is switched on, if it can be switched.
    pub(crate) fn is_on_in_group(
        &self,
        which: impl Fn(&Facts) -> bool,
        span: Span,
    ) -> Option<TokenStream> {
        let layers = self.stack.groups[self.group].layers.clone();
        let found = self.stack.facts[layers.clone()].iter().position(which)?;
        let at = mixed(span);
        let layer = index(layers.start + found, at);
        features::controls().then(|| quote_spanned!(at=> __resil_control.is_on(#layer)))
    }
}

impl Entry {
    /// Writes the statements by which a call loads the settings of its function.
    pub(crate) fn control(&self, span: Span, cx: &EmitContext<'_>) -> Option<TokenStream> {
        if !features::controls() {
            return None;
        }
        let at = mixed(span);
        let site = cx.private("ControlSite", span);
        let layers = self.described();
        Some(quote_spanned! {at=>
            static __RESIL_CONTROL: #site = #site::new(&__RESIL_SITE);
            let __resil_control = &(&__RESIL_CONTROL).begin(const { &[#(#layers),*] });
        })
    }
}

fn index(layer: usize, at: Span) -> Literal {
    let mut index = Literal::usize_unsuffixed(layer);
    index.set_span(at);
    index
}

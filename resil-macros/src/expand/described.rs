//! The entry of a function in the catalog, which is there before the function was called.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use crate::described::{Described, DescribedLayer};
use crate::emit::{EmitContext, StackContext};
use crate::tokens::mixed;

/// Writes the entry, and the statement that notes a call; nothing where functions are not listed.
pub(super) fn listed(stack: &StackContext<'_>, cx: &EmitContext<'_>) -> Option<TokenStream> {
    let of = stack.described.as_ref()?;
    let span = stack.input.sig.ident.span();
    let at = mixed(span);
    let (submit, described) = (cx.private("submit", span), cx.private("Described", span));
    let listed = cx.private("Listed", span);
    let note_call = cx.private("note_call", span);
    let Described {
        shared_stack,
        decided,
        worst_case,
        attempts,
        times,
        layers,
    } = of;
    let times = if let Some((own, asked)) = times {
        let (own, asked) = (duration(*own), duration(*asked));
        quote_spanned!(at=> ::core::option::Option::Some((#own, #asked)))
    } else {
        quote_spanned!(at=> ::core::option::Option::None)
    };
    let layers = layers.iter().map(|of| layer(of, stack, cx));
    // Only literals of structs: what they borrow lives as long as the static around them.
    Some(quote_spanned! {at=>
        static __RESIL_DESCRIBED: #described = #described {
            site: &__RESIL_SITE,
            file: ::core::file!(),
            shared_stack: #shared_stack,
            decided: #decided,
            worst_case: #worst_case,
            attempts: #attempts,
            times: #times,
            layers: &[#(#layers),*],
        };
        // Its macros copy their tokens several times: it gets few of them.
        #submit!(#listed(&__RESIL_DESCRIBED));
        #note_call(&__RESIL_SITE);
    })
}

fn layer(of: &DescribedLayer, stack: &StackContext<'_>, cx: &EmitContext<'_>) -> TokenStream {
    let span = stack.input.sig.ident.span();
    let at = mixed(span);
    let DescribedLayer {
        policy,
        words,
        settings,
        live,
    } = of;
    let layer = cx.private("DescribedLayer", span);
    let states = cx.private("DescribedState", span);
    let state = if let Some(kind) = live {
        let kind = Ident::new(kind, at);
        let site = Ident::new(&format!("__RESIL_{}", policy.to_uppercase()), at);
        quote_spanned!(at=> #states::#kind(&#site))
    } else {
        quote_spanned!(at=> #states::Nothing)
    };
    let settings = settings
        .iter()
        .map(|(option, value)| quote!((#option, #value)));
    quote_spanned! {at=>
        #layer {
            policy: #policy,
            words: #words,
            settings: &[#(#settings),*],
            state: #state,
        }
    }
}

fn duration(time: Duration) -> TokenStream {
    let (secs, nanos) = (time.as_secs(), time.subsec_nanos());
    quote!(::core::time::Duration::new(#secs, #nanos))
}

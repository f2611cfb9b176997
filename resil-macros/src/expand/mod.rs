//! Folds the layers around the body, from the innermost outwards.
//!
//! The body is the only `async` block inside a retry loop: a layer that must poll is a combinator
//! over the future inside it, one that acts before and after is plain statements. So rustc's
//! errors stay at the user's own tokens and the future stays small.

mod body;
mod described;
mod site;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Type;

use crate::emit::{EmitContext, Emitted, Entry, Inner, StackContext};
use crate::features;
use crate::input::split_inner_attributes;
use crate::policy::Policy;
use crate::splice::BodySite;
use crate::tokens::mixed;

/// The code of one group of layers.
pub(crate) struct Folded {
    /// The statements and the value that take the place of the block.
    pub(crate) content: TokenStream,
    /// Statements on entry that a group further out has to run.
    pub(crate) entry: Entry,
}

/// Wraps the layers of `group` around a block whose value has the type `ret`.
///
/// The groups are folded from the innermost to the outermost. `entry` has the statements that the
/// groups inside this one run on entry.
pub(crate) fn fold(
    policies: &[Box<dyn Policy>],
    stack: &StackContext<'_>,
    group: usize,
    ret: &Type,
    site: &BodySite,
    mut entry: Entry,
) -> Folded {
    let range = stack.groups[group].layers.clone();
    let span = stack.facts[range.clone()]
        .first()
        .map_or_else(Span::call_site, |layer| layer.span);
    let mut cx = EmitContext::new(stack, group, ret, site.self_ident.clone());
    let mut inner = body::innermost(&policies[range.clone()], site, &cx);
    for layer in range.rev() {
        cx.layer = layer;
        let emitted: Emitted = policies[layer].expand(inner, &cx);
        entry.append(emitted.entry);
        inner = emitted.inner;
    }

    let (inner_attributes, _) = split_inner_attributes(site.body.clone());
    let inner_attributes = (!inner_attributes.is_empty()).then_some(inner_attributes);
    let (statics, conversions) = (site::statics(stack, &cx), cx.conversions());
    let control = entry.control(span, &cx);
    let judgements = entry.judgements(&cx);
    if let Inner::Returned(mut value) = inner {
        if features::observes() {
            let seen = cx.receiver(cx.seen(span));
            value = quote_spanned! {mixed(span)=>
                let __resil_out = #value;
                #seen.end_alone(__resil_out, #conversions)
            };
        }
        let content = quote_spanned! {mixed(span)=>
            #inner_attributes
            #statics
            #control
            #judgements
            #entry
            #value
        };
        let entry = Entry::default();
        return Folded { content, entry };
    }
    let value = inner.awaited(span);
    if group == 0 {
        let into_return = cx.private("into_return", span);
        let end = features::observes().then(|| {
            let seen = cx.receiver(cx.seen(span));
            quote_spanned!(mixed(span)=> #seen.end(&__resil_out);)
        });
        let content = quote_spanned! {mixed(span)=>
            #inner_attributes
            #statics
            #control
            #judgements
            #entry
            let __resil_out = #value;
            #end
            #into_return(__resil_out, #conversions)
        };
        let entry = Entry::default();
        return Folded { content, entry };
    }
    let into_return = cx.private("into_return_carrying", span);
    let content = quote_spanned! {mixed(span)=>
        #inner_attributes
        let __resil_out = #value;
        #into_return(__resil_out, #conversions, __resil_carry)
    };
    Folded { content, entry }
}

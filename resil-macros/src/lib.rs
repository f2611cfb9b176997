//! The attributes of `resil`. Use the package `resil`, which re-exports them beside the runtime
//! that they expand into.
//!
//! The pipeline is in `pipeline.rs`: tokens → `stack` (the layers in written order) → `apply`
//! (those of a shared stack) → `policy` (what
//! each attribute says, read with the tools of `parse`) → `check` (rules over the whole stack) →
//! `splice` (the user's block) and `expand` (the layers around it) → tokens that call the runtime.

mod apply;
mod check;
mod classify;
mod described;
mod diag;
mod document;
mod emit;
mod expand;
mod facts;
mod features;
mod input;
mod krate;
#[cfg(test)]
mod messages;
mod parse;
mod pipeline;
mod policy;
#[cfg(test)]
mod random_items;
mod return_type;
mod shape;
#[cfg(test)]
mod snapshots;
mod splice;
mod stack;
mod tokens;

use proc_macro::TokenStream;
use proc_macro2::{Ident, Span};

/// One public attribute for each policy, with its page in `docs/`.
macro_rules! attributes {
    ($($name:ident,)*) => {$(
        #[doc = include_str!(concat!("../docs/", stringify!($name), ".md"))]
        #[proc_macro_attribute]
        pub fn $name(args: TokenStream, item: TokenStream) -> TokenStream {
            let name = Ident::new(stringify!($name), Span::call_site());
            stack::defer(name, args.into(), item.into()).into()
        }
    )*};
}

policy::policies!(attributes);

#[doc = include_str!("../docs/apply.md")]
#[proc_macro_attribute]
pub fn apply(args: TokenStream, item: TokenStream) -> TokenStream {
    let name = Ident::new(stack::APPLY, Span::call_site());
    stack::defer(name, args.into(), item.into()).into()
}

// The private attribute has the name `stack` here, and this macro has it in `resil`.
#[doc = include_str!("../docs/stack.md")]
#[proc_macro]
pub fn shared_stack(input: TokenStream) -> TokenStream {
    apply::define(&input.into()).into()
}

/// Puts the layers of a shared stack into the private attribute. Not to be written by hand.
#[doc(hidden)]
#[proc_macro]
pub fn resolve_stack(input: TokenStream) -> TokenStream {
    apply::resolve(input.into()).into()
}

#[doc = include_str!("../docs/classify.md")]
#[proc_macro_derive(
    Classify,
    attributes(transient, permanent, throttled, neutral, classify)
)]
pub fn derive_classify(input: TokenStream) -> TokenStream {
    classify::derive(input.into()).into()
}

/// Expands the layers that the public attributes have gathered. Not to be written by hand.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn stack(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::expand(args.into(), &item.into()).into()
}

/// Expands the layers as `stack` does, for a function under a policy that may run it again. If the body moves an
/// argument, rustc reports the error at tokens of this attribute and prints its name, so the name
/// says what to write.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn write_clone_of_the_moved_argument_in_retry(
    args: TokenStream,
    item: TokenStream,
) -> TokenStream {
    pipeline::expand(args.into(), &item.into()).into()
}

/// Expands the layers as `write_clone_of_the_moved_argument_in_retry` does, for a function of which
/// copies are started.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn write_clone_of_the_moved_argument_in_hedge(
    args: TokenStream,
    item: TokenStream,
) -> TokenStream {
    pipeline::expand(args.into(), &item.into()).into()
}

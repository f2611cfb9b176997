//! The attributes of `resil`. Use the package `resil`, which re-exports them beside the runtime
//! that they expand into.
//!
//! The pipeline: tokens → `stack` (layers in written order) → `parse` and `policy` (what each says)
//! → `check` (rules over the whole stack) → `splice` and `expand` (code) → the runtime.

mod annotated;
mod check;
mod classify;
mod diag;
mod document;
mod expand;
mod input;
mod krate;
#[cfg(test)]
mod messages;
mod parse;
mod policy;
#[cfg(test)]
mod random_items;
mod shape;
#[cfg(test)]
mod snapshots;
mod splice;
mod stack;
mod tokens;

use proc_macro::TokenStream;
use proc_macro2::{Ident, Span};

/// The public attributes: name, docs.
macro_rules! attributes {
    ($($(#[$docs:meta])* $name:ident;)*) => {$(
        $(#[$docs])*
        #[proc_macro_attribute]
        pub fn $name(args: TokenStream, item: TokenStream) -> TokenStream {
            let name = Ident::new(stringify!($name), Span::call_site());
            stack::defer(name, args.into(), item.into()).into()
        }
    )*};
}

attributes! {
    #[doc = include_str!("../docs/retry.md")]
    retry;
    #[doc = include_str!("../docs/timeout.md")]
    timeout;
    #[doc = include_str!("../docs/circuit.md")]
    circuit;
    #[doc = include_str!("../docs/idempotent.md")]
    idempotent;
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
    annotated::expand(args.into(), &item.into()).into()
}

/// The same for a function that runs again. rustc names the attribute behind an error that stems from
/// its own tokens, and such a one is that of an argument which the body moves: the name is the mend.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn write_clone_of_the_moved_argument_in_retry(
    args: TokenStream,
    item: TokenStream,
) -> TokenStream {
    annotated::expand(args.into(), &item.into()).into()
}

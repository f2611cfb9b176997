//! From a layer's argument tokens to values of known kinds.
//!
//! `split` and `pieces` cut at commas, `args` finds each piece's row in the policy's `table`, and
//! one module per kind reads the value. Whatever is wrong goes to the sink in the words of
//! `wording`, and parsing goes on.

mod answers;
mod args;
mod constant;
mod duration;
mod habits;
mod look;
mod moment;
mod named;
mod number;
mod pattern;
mod pieces;
mod split;
mod strategy;
mod table;
#[cfg(test)]
mod tests;
mod value;
pub(crate) mod wording;

use proc_macro2::{Span, TokenStream};

pub(crate) use args::Args;
pub(crate) use constant::Const;
pub(crate) use duration::{show, with_units};
pub(crate) use look::{Look, describe, is_endless, look};
pub(crate) use moment::DurationValue;
pub(crate) use pattern::Pattern;
pub(crate) use pieces::{crate_path, pieces};
pub(crate) use split::{Piece, at_commas, flat, inside, is_equals, is_punct, shown, shown_whole};
pub(crate) use table::{Asked, Elsewhere, Guess, Here, Kind, Opt, Spec};
pub(crate) use value::{Place, Value};

/// The span of the first token; the call site's where there is none.
pub(crate) fn first_span(tokens: &TokenStream) -> Span {
    tokens
        .clone()
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |tree| tree.span())
}

//! Tools for token streams: cutting, looking at tokens, showing them as text, spans and hygiene.
//!
//! The lowest part of the crate: nothing here imports anything from outside this folder.

mod attributes;
mod hygiene;
mod piece;
mod segments;
mod span;
mod text;
mod tree;

pub(crate) use attributes::{bracketed, last_segment, path_of, split_attributes};
pub(crate) use hygiene::{HygieneScope, mixed};
pub(crate) use piece::Piece;
pub(crate) use segments::{Segment, split_at_commas};
pub(crate) use span::{first_span, last_span, same_place};
pub(crate) use text::{shown, shown_whole};
pub(crate) use tree::{
    collect, flat, group_like, inside, is_brace, is_equals, is_ident, is_punct, mentions, open,
    placed,
};

//! What a faulty argument was probably meant to be, with the text to write instead.
//!
//! Here is all that resil knows of other libraries and of common slips. The readers of the values ask
//! once they can't read an argument, or where it reads as something that nobody can have meant.

pub(super) mod broken_durations;
mod carry_over;
pub(super) mod foreign_patterns;
mod names;
mod nearest;
mod strategies;
mod type_names;
mod unknown_options;

pub(crate) use nearest::nearest;

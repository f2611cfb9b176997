//! What a faulty argument was probably meant to be, with the text to write instead.
//!
//! Here is all that resil knows of other libraries and of common slips. The readers of the values ask
//! once they can't read an argument, or where it reads as something that nobody can have meant.

mod broken_durations;
mod carry_over;
mod foreign_patterns;
mod names;
mod nearest;
mod strategies;
mod type_names;
mod unknown_options;

pub(super) use broken_durations::{
    BrokenDuration, broken_duration, intended_duration, unit_literal,
};
pub(super) use foreign_patterns::{
    foreign_pattern, is_closure, pattern_of_arms, with_single_bars, without_result_variant,
};
pub(crate) use nearest::nearest;

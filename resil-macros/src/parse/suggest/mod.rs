//! Guesses what a faulty argument was meant to be, and finds the text to write instead.
//!
//! The syntax of other libraries and common slips are known here alone. Other libraries' names for
//! options stand in the tables of the policies. The readers of values ask here once they can't read
//! an argument, or where it reads as something that nobody can have meant.

mod broken_durations;
mod carry_over;
mod foreign_patterns;
mod names;
mod strategies;
mod type_names;
mod unknown_options;

pub(super) use broken_durations::{
    BrokenDuration, broken_duration, intended_duration, unit_literal,
};
pub(super) use foreign_patterns::{
    foreign_pattern, is_closure, pattern_of_arms, with_single_bars, without_result_variant,
};

//! Reads an attribute's arguments into values of known kinds.
//!
//! `split_options` cuts at commas, `read` finds each argument's row in the attribute's `table`, and
//! one module per kind reads the value. Every fault goes to the sink in the words of `messages`, and
//! reading goes on. Nothing here knows a policy: a policy brings its table and reads its own options.
//!
//! `suggest` answers what a faulty argument was probably meant to be: other libraries' names and
//! syntax, slips of the finger, durations in pieces.

mod args;
mod const_value;
mod context;
mod duration_value;
mod item;
pub(crate) mod messages;
mod number;
mod pattern;
mod read;
mod separators;
mod spelling;
mod split_options;
mod suggest;
mod syntax;
#[cfg(test)]
mod tests;
mod value;
mod written;

pub(crate) use args::Args;
pub(crate) use const_value::Const;
pub(crate) use context::ParseContext;
use resil_language::{duration, table};

pub(crate) use duration::{show, with_units};
pub(crate) use duration_value::DurationValue;
pub(crate) use pattern::{Pattern, any_guard_names_arguments};
pub(crate) use resil_language::nearest::nearest;
pub(crate) use split_options::split_options;
pub(crate) use syntax::{Syntax, describe, is_endless, syntax_of};
pub(crate) use table::{Alias, AliasTarget, Kind, Opt, PatternSubject, Spec};
pub(crate) use value::{Place, Value};
pub(crate) use written::written_options;

//! The language of resil's attributes, without tokens: the tables of options, what a number with a unit
//! means, and the words in which a fault is told.
//!
//! `resil-macros` reads attributes with it, and `resil-runtime` configuration, so that both take the same
//! values and refuse the same ones in the same words. It is part of these two and promises no API.

#[doc(hidden)]
pub mod carry_over;
#[doc(hidden)]
pub mod duration;
#[doc(hidden)]
pub mod messages;
#[doc(hidden)]
pub mod names;
#[doc(hidden)]
pub mod nearest;
#[doc(hidden)]
pub mod number;
#[doc(hidden)]
pub mod plural;
#[doc(hidden)]
pub mod slot;
#[doc(hidden)]
pub mod table;
#[doc(hidden)]
pub mod tables;

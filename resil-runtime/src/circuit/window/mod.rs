//! The two windows in which a breaker counts: the last so many calls, and the last so much time.

pub(crate) mod counted;
mod divisor;
mod sample;
pub(crate) mod timed;

pub(crate) use self::sample::{Sample, Tally};

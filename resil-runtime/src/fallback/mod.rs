//! `#[fallback]`: what comes instead of an error.
//!
//! Generated code hands the outcome of the layers inside to [`fall_back`](recover::fall_back). A
//! value passes. An error that the fallback is for comes back by value, and the user's expression
//! takes its place. With `last_ok` there is no expression: [`LastOkSite`](last_ok::LastOkSite) keeps
//! the last good value of each key, and gives a clone of it.
//!
//! A success pays nothing, except with `last_ok`: it stores a clone under a lock.

pub(crate) mod last_ok;
pub(crate) mod recover;
pub(crate) mod value;
mod values;

#[cfg(test)]
mod tests;

//! The settings of the policies by name, for configuration at run time: one table a policy, with the
//! name of each option, how it is read and how it is written.
//!
//! Options and values are those of the attributes: a value is the text that an attribute has there, a
//! bare word is `true`. What an attribute refuses is refused in the same words (`resil-language`).

#![allow(
    dead_code,
    unused_imports,
    reason = "each feature that reads settings by name uses its part"
)]

mod bulkhead;
mod circuit;
mod given;
#[cfg(feature = "hedge")]
mod hedge;
#[cfg(feature = "idempotent")]
mod idempotent;
mod lists;
mod rate_limit;
mod read;
mod retry;
#[cfg(feature = "serde")]
mod serde;
mod show;
#[cfg(feature = "serde")]
mod stack;
mod table;
#[cfg(test)]
mod tests;
mod timeout;
mod value;

use crate::stack::Layer;

pub(crate) use self::given::Given;
#[cfg(all(feature = "control", not(loom)))]
pub(crate) use self::show::{count, ratio, time};
pub(crate) use self::table::{Setting, Table, Written};
pub(crate) use self::timeout::read as read_timeout;
pub(crate) use self::value::Value;

/// A policy whose settings have names.
pub(crate) trait Named: Copy + 'static {
    /// The name of the policy, as its attribute is called.
    const NAME: &'static str;
    /// The options.
    const TABLE: &'static Table<Self>;
    /// What a policy without options is.
    const BASE: Self;

    /// The policy as a layer of a stack, if it can be one.
    fn layer(self) -> Option<Layer>;
}

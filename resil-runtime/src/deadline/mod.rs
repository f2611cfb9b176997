//! The ambient deadline: the soonest of all limits in force, seen across function borders.

mod ambient;
mod carry;
pub(crate) mod scope;

#[doc(hidden)]
pub use self::ambient::InForce;
pub use self::carry::{Carried, carry, spawn};
pub use self::scope::{Deadline, Scoped};

pub(crate) use self::ambient::{AmbientFrame, Enclosing, Kept};

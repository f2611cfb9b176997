//! An annotated function and one call of it: the site of the function, the id of the call, and the
//! values that the layers of a stack pass to each other.
//!
//! A *call* runs through the layers of its stack. Each layer gives the layer above it an
//! [`Outcome`]. [`Conversions`](conversions::Conversions) turn the user's return type into an
//! outcome and back. The [`CallState`] holds what an outcome cannot say, such as that a body was
//! dropped half-way.

#[cfg(feature = "catalog")]
pub(crate) mod caller;
#[cfg(feature = "catalog")]
pub(crate) mod callers;
pub(crate) mod conversions;
mod id;
#[cfg(any(feature = "shutdown", loom))]
pub(crate) mod in_flight;
pub(crate) mod map_output;
#[cfg(any(feature = "edge", feature = "hedge"))]
pub(crate) mod may_copy;
#[cfg(not(feature = "catalog"))]
mod no_caller;
mod outcome;
mod per_type;
pub(crate) mod run;
mod site;
mod state;
mod types;
mod watch;

pub use self::conversions::FromResil;
pub use self::id::CallId;
pub use self::outcome::{Failure, Outcome};
pub use self::site::Site;
pub use self::state::CallState;
pub use self::types::Types;
pub use self::watch::{watch, watch_code, watch_code_run, watch_run};

#[cfg(feature = "catalog")]
pub(crate) use self::caller::Caller;
pub(crate) use self::id::CallNumber;
#[cfg(not(feature = "catalog"))]
pub(crate) use self::no_caller::Caller;
pub(crate) use self::outcome::AnyRefusal;
pub(crate) use self::per_type::PerType;
pub(crate) use self::state::id_of;
#[cfg(not(loom))]
pub(crate) use self::types::this_of;

//! Policies as values: `POLICY.run(|| ..)`, and [`Stack`], which puts several together.
//!
//! A [`Stack`] is data: its layers in written order. `Walk` goes through them over the
//! same pieces that generated code calls, so that a rule cannot differ between an attribute and a value.
//! It knows nothing of the types of the user's closure: these are behind `Body`, and
//! compiled for each closure; the walk is compiled once.

mod body;
mod checks;
mod delays;
#[cfg(feature = "edge")]
pub(crate) mod edge;
#[cfg(feature = "edge")]
pub(crate) mod failed;
mod fault;
mod first;
mod frames;
#[cfg(feature = "control")]
pub(crate) mod given;
#[cfg(feature = "hedge")]
mod hedged;
mod held;
pub(crate) mod judged;
#[cfg(feature = "idempotent")]
mod keyed;
#[cfg(feature = "catalog")]
mod last_run;
mod layer;
pub(crate) mod outline;
mod place;
mod run;
mod single;
mod state;
mod straight;
mod value;
mod walk;
#[cfg(any(feature = "hedge", feature = "idempotent"))]
mod walked;

#[cfg(feature = "settings")]
pub(crate) use self::checks::policy as check_policy;
#[cfg(feature = "serde")]
pub(crate) use self::checks::{layer as check_layer, name as check_name};
pub use self::fault::StackError;
#[cfg(feature = "idempotent")]
pub use self::keyed::{
    ErrorsForgotten, ErrorsStored, ForgetsOk, KeyedRun, KeyedStack, Matching, OksRecorded,
    StoresErrors,
};
#[cfg(feature = "catalog")]
pub(crate) use self::last_run::{Claim, RunUnder};
pub use self::layer::{Layer, MAX_LAYERS};
#[cfg(feature = "catalog")]
pub(crate) use self::state::{State, all};
pub use self::value::Stack;

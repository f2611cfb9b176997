//! Policies as values: `POLICY.run(|| ..)`, and [`Stack`], which puts several together.
//!
//! A [`Stack`] is data: its layers in written order. `Walk` goes through them over the
//! same pieces that generated code calls, so that a rule cannot differ between an attribute and a value.
//! It knows nothing of the types of the user's closure: these are behind `Body`, and
//! compiled for each closure; the walk is compiled once.

mod body;
mod checks;
mod delays;
mod fault;
mod first;
mod frames;
#[cfg(feature = "control")]
pub(crate) mod given;
#[cfg(feature = "hedge")]
mod hedged;
mod held;
#[cfg(feature = "catalog")]
mod last_run;
mod layer;
mod outline;
mod place;
mod run;
mod single;
mod state;
mod value;
mod walk;
pub(crate) mod words;

pub use self::fault::StackError;
pub use self::layer::Layer;
#[cfg(feature = "catalog")]
pub(crate) use self::state::{State, all};
pub use self::value::{MAX_LAYERS, Stack};

#![doc = include_str!("../README.md")]

#[cfg(feature = "client")]
pub mod balance;
#[cfg(feature = "client")]
pub mod client;
#[cfg(any(feature = "client", feature = "tower"))]
mod ended;
#[cfg(feature = "tower")]
pub mod layers;
mod names;
pub mod outcome;
#[cfg(feature = "tower")]
mod ready;
#[cfg(feature = "axum")]
pub mod server;
#[cfg(feature = "client")]
mod shown;
#[cfg(feature = "client")]
mod tls;

pub use outcome::{ErrorOutcome, HttpOutcome, Outcome, Verdict};

/// An error of any type, as tower has it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

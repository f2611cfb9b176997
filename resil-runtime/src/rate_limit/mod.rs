//! `#[rate_limit]`: at most so many calls in so much time, evenly.
//!
//! A rate limit is one atomic word: the time at which the calls that were let in so far are paid for,
//! if each pays for `per / max` of time (the theoretical arrival time of the generic cell rate
//! algorithm, GCRA). A call may come when this time, with the call itself, is no more than `burst` calls
//! ahead of the clock. So a call reads the clock once and changes the word once, and in any span of time
//! `t` at most `burst + max·t/per` calls are let in.
//!
//! * A call that waits moves the word when it comes, and sleeps until its turn: turns come in the order
//!   in which the calls came. A call whose turn would come too late moves nothing.
//! * A waiter that is dropped moves the word back, unless another call has moved it since.
//! * Time is counted in fractions of a nanosecond, in which one call pays a whole number: no rounding
//!   adds up.
//! * Under one name there may be a rate limit for each key: see [`RateLimit::key`].
//! * Calls of several hosts are counted in a store, which asks the same question of the same time: see
//!   the module `store` (feature `store`).
//!
//! The attribute makes all calls into this module; by hand, [`rate_limit`](crate::rate_limit()) returns
//! the handle of a rate limit.
//!
//! From the bottom up: `rules` computes the next word, `limit` adds threads, the clock and events, `turn`
//! waits, `named` finds rate limits, and `site` and `handle` are what callers hold.

pub(crate) mod handle;
pub(crate) mod limit;
mod looking;
mod named;
mod outcome;
mod patience;
pub(crate) mod policy;
mod refusing;
pub(crate) mod registry;
#[cfg(all(feature = "control", not(loom)))]
mod replacing;
mod rules;
mod settings;
pub(crate) mod site;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "store")]
pub(crate) mod stored;
pub(crate) mod turn;

#[cfg(test)]
mod tests;

pub use self::handle::{KeyedRateLimit, RateLimit};
pub use self::policy::RateLimitPolicy;
pub use self::settings::{OnOutage, RateLimitSettings};

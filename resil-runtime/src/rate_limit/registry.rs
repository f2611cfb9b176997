//! The rate limits of this process by name.

use std::sync::Arc;
use std::time::Duration;

use super::handle::RateLimit;
use super::limit::Limit;
use super::settings::RateLimitSettings;
use crate::clock;
use crate::named::Shared;
use crate::registry::Registry;

/// The state of one rate limit, as [`Registry::rate_limits`] returns it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RateLimitSnapshot {
    /// The name of the rate limit.
    pub name: &'static str,
    /// The key of the rate limit: `None` for that of the name itself,
    /// [`OVERFLOW`](crate::registry::OVERFLOW) for the one that keys beyond
    /// [`max_keys`](RateLimitSettings::max_keys) share.
    pub key: Option<Arc<str>>,
    /// The settings in use; `None` as long as nothing is limited.
    pub settings: Option<RateLimitSettings>,
    /// The number of calls that would be let in now; `u32::MAX` as long as nothing is limited.
    pub available: u32,
    /// The time until the next call would be let in: zero, unless `available` is 0.
    pub next_in: Duration,
}

impl Registry {
    /// Returns the state of every rate limit, ordered by name and then by key. Each name has a rate
    /// limit of its own, which comes before those of its keys.
    ///
    /// The rate limits are read one after the other, with no lock held, so their states need not be of
    /// one moment.
    pub fn rate_limits(&self) -> Vec<RateLimitSnapshot> {
        Limit::names().snapshot(RateLimitSnapshot::of)
    }
}

impl RateLimitSnapshot {
    pub(crate) fn of(limit: &Limit) -> Self {
        Self {
            name: limit.name(),
            key: limit.key().cloned(),
            settings: limit.settings(),
            available: limit.available(clock::now_ns),
            next_in: limit.next_in(clock::now_ns),
        }
    }
}

/// Returns the handle of the rate limit called `name`, and makes the rate limit if there is none.
///
/// All who use a name share its rate limit, whether they give the name here or in
/// `#[rate_limit(name = ..)]`. The name of a function without one is its path.
///
/// A new rate limit limits nothing until it adopts the settings of the first function with settings
/// that is called, or those of [`RateLimit::configure`]. This function makes at most
/// [`MAX_BY_HAND`](crate::registry::MAX_BY_HAND) names; beyond that, new names share one rate limit,
/// [`OVERFLOW`](crate::registry::OVERFLOW).
pub fn rate_limit(name: &str) -> RateLimit {
    RateLimit::new(Limit::names().get(name))
}

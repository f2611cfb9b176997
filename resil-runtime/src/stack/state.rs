//! The state of all calls under one name, or from one place in the source.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::bulkhead::site::BulkheadSite;
use crate::call::Site;
use crate::circuit::site::CircuitSite;
#[cfg(feature = "hedge")]
use crate::hedge::site::HedgeSite;
use crate::named::{MAX_BY_HAND, OVERFLOW};
use crate::rate_limit::site::RateLimitSite;
use crate::retry::site::RetrySite;

/// The static state of the layers: that of generated code, one of each kind.
///
/// It is never freed. The places in the source bound those without a name, [`MAX_BY_HAND`] those with
/// one.
#[derive(Debug)]
pub(super) struct State {
    pub(super) site: &'static Site,
    pub(super) retry: RetrySite,
    pub(super) circuit: CircuitSite,
    pub(super) bulkhead: BulkheadSite,
    pub(super) rate_limit: RateLimitSite,
    #[cfg(feature = "hedge")]
    pub(super) hedge: HedgeSite,
}

impl State {
    /// Makes the state of `name`, or, without one, of the place that `function` shows.
    pub(super) fn leak(name: Option<&'static str>, function: &'static str) -> &'static Self {
        let site: &'static Site = Box::leak(Box::new(Site::new(function, 0)));
        Box::leak(Box::new(Self {
            site,
            // Its own budget, as a function without a `budget = NAME` has.
            retry: RetrySite::new(site, None),
            circuit: CircuitSite::new(site, name),
            bulkhead: BulkheadSite::new(site, name),
            rate_limit: RateLimitSite::new(site, name),
            #[cfg(feature = "hedge")]
            hedge: HedgeSite::new(site),
        }))
    }

    /// Returns the state of all stacks called `name`, and makes it if there is none.
    pub(super) fn named(name: &str) -> &'static Self {
        static ALL: OnceLock<Mutex<HashMap<&'static str, &'static State>>> = OnceLock::new();
        let mut all = ALL
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(&state) = all.get(name) {
            return state;
        }
        let name = if all.len() >= MAX_BY_HAND {
            OVERFLOW
        } else {
            name
        };
        if let Some(&state) = all.get(name) {
            return state;
        }
        let name: &'static str = Box::leak(name.into());
        let state = Self::leak(Some(name), name);
        all.insert(name, state);
        state
    }
}

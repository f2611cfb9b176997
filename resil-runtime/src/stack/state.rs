//! The state of all calls under one name, or from one place in the source.

use std::collections::HashMap;
#[cfg(feature = "catalog")]
use std::sync::MutexGuard;
use std::sync::{Mutex, OnceLock, PoisonError};

#[cfg(feature = "catalog")]
use super::last_run::LastRun;
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
pub(crate) struct State {
    pub(crate) site: &'static Site,
    pub(crate) retry: RetrySite,
    pub(crate) circuit: CircuitSite,
    pub(crate) bulkhead: BulkheadSite,
    pub(crate) rate_limit: RateLimitSite,
    #[cfg(feature = "hedge")]
    pub(crate) hedge: HedgeSite,
    /// Whether it is shown by its place in the source.
    #[cfg(feature = "catalog")]
    pub(crate) is_place: bool,
    /// What a call has run under last.
    #[cfg(feature = "catalog")]
    pub(crate) last_run: LastRun,
}

/// Returns the states of all values that were run.
#[cfg(feature = "catalog")]
pub(crate) fn all() -> Vec<&'static State> {
    lock().clone()
}

#[cfg(feature = "catalog")]
fn lock() -> MutexGuard<'static, Vec<&'static State>> {
    static ALL: Mutex<Vec<&'static State>> = Mutex::new(Vec::new());
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Makes the state of `name`, or, without one, of the place that `function` shows.
    pub(super) fn leak(name: Option<&'static str>, function: &'static str) -> &'static Self {
        let site: &'static Site = Box::leak(Box::new(Site::new(function, 0)));
        let state: &'static Self = Box::leak(Box::new(Self {
            site,
            // Its own budget, as a function without a `budget = NAME` has.
            retry: RetrySite::new(site, None),
            circuit: CircuitSite::new(site, name),
            bulkhead: BulkheadSite::new(site, name),
            rate_limit: RateLimitSite::new(site, name),
            #[cfg(feature = "hedge")]
            hedge: HedgeSite::new(site),
            #[cfg(feature = "catalog")]
            is_place: name.is_none(),
            #[cfg(feature = "catalog")]
            last_run: LastRun::new(),
        }));
        #[cfg(feature = "catalog")]
        lock().push(state);
        state
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

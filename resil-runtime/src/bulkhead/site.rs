//! The entry for generated code: a static for each annotated function, and a place for each call.

use super::core::BulkheadCore;
use super::place::Place;
use super::policy::BulkheadPolicy;
use super::wait::Full;
use crate::call::{CallState, PerType, Site, Types};
#[cfg(feature = "catalog")]
use crate::named::Named;
use crate::named::key::Key;
use crate::named::{NamedSite, site_of_named_state};
use crate::sync::Arc;

/// The static state of one annotated function: its bulkhead, once it has been called.
#[derive(Debug)]
pub struct BulkheadSite {
    named: NamedSite<BulkheadCore>,
    /// The sites of other `Self` types, if it has no name.
    types: PerType<Self>,
}

site_of_named_state!(BulkheadSite, BulkheadPolicy, "bulkhead");

impl BulkheadSite {
    /// Returns the state of the function and of its other `Self` types, as far as calls have made it.
    #[cfg(feature = "catalog")]
    pub(crate) fn known(&'static self) -> impl Iterator<Item = &'static Named<BulkheadCore>> {
        let sites = self.types.with(self);
        sites.filter_map(|site| site.named.known())
    }

    /// Lets a call in that finds a place at once.
    ///
    /// `policy` holds the settings of the function; it is `None` if only a name was given. The
    /// first call of the site reads it; all instances of a generic function are one site.
    ///
    /// # Errors
    ///
    /// Returns the call, which then waits for a place.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn enter<'a>(
        &'static self,
        policy: Option<&BulkheadPolicy>,
        call: Option<&'a CallState>,
    ) -> Result<Place<'a>, Full<'a>> {
        let bulkhead: &'static BulkheadCore = self.named.get(policy);
        bulkhead.enter(call)
    }

    /// Lets a call in, as [`enter`](Self::enter) does; while the layer is switched off, every call comes in
    /// and takes no place.
    #[cfg(all(feature = "control", not(loom)))]
    #[inline]
    pub fn enter_if<'a>(
        &'static self,
        is_on: bool,
        policy: Option<&BulkheadPolicy>,
        call: Option<&'a CallState>,
    ) -> Result<Place<'a>, Full<'a>> {
        if is_on {
            return self.enter(policy, call);
        }
        Ok(Place::none(self.named.get(policy), call))
    }

    /// Returns the bulkhead of `key`. Generated code calls it once per call, whose attempts all share
    /// the result; the bulkhead keeps its place among the keys until the result is dropped.
    pub fn keyed(
        &'static self,
        policy: Option<&BulkheadPolicy>,
        key: &(impl Key + ?Sized),
    ) -> KeyedPlaces {
        KeyedPlaces(self.named.keyed(policy, key))
    }
}

/// The bulkhead of one call's key.
#[derive(Debug)]
pub struct KeyedPlaces(Arc<BulkheadCore>);

impl KeyedPlaces {
    /// Lets a call in that finds a place at once.
    ///
    /// # Errors
    ///
    /// Returns the call, which then waits for a place.
    pub fn enter<'a>(&'a self, call: Option<&'a CallState>) -> Result<Place<'a>, Full<'a>> {
        self.0.enter(call)
    }

    /// Lets a call in, as [`enter`](Self::enter) does; while the layer is switched off, every call comes in
    /// and takes no place.
    #[cfg(all(feature = "control", not(loom)))]
    pub fn enter_if<'a>(
        &'a self,
        is_on: bool,
        call: Option<&'a CallState>,
    ) -> Result<Place<'a>, Full<'a>> {
        if is_on {
            self.enter(call)
        } else {
            Ok(Place::none(&self.0, call))
        }
    }
}

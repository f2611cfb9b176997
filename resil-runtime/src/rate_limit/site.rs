//! The entry for generated code: a static for each annotated function, and the turn of each call.

use super::limit::{Limit, Taken};
use super::policy::RateLimitPolicy;
use super::turn::Turn;
use crate::call::{CallState, PerType, Site, Types};
use crate::clock;
use crate::error::Refusal;
#[cfg(feature = "catalog")]
use crate::named::Named;
use crate::named::key::Key;
use crate::named::{Held, NamedSite, site_of_named_state};
use crate::sync::Arc;

/// The static state of one annotated function: its rate limit, once it has been called.
#[derive(Debug)]
pub struct RateLimitSite {
    named: NamedSite<Limit>,
    /// The sites of other `Self` types, if it has no name.
    types: PerType<Self>,
}

site_of_named_state!(RateLimitSite, RateLimitPolicy, "rate limit");

impl RateLimitSite {
    /// Returns the state of the function and of its other `Self` types, as far as calls have made it.
    #[cfg(feature = "catalog")]
    pub(crate) fn known(&'static self) -> impl Iterator<Item = &'static Named<Limit>> {
        let sites = self.types.with(self);
        sites.filter_map(|site| site.named.known())
    }

    /// Lets a call of `cost` in: now, if there is nothing to wait for, or at its turn.
    ///
    /// `policy` holds the settings of the function; it is `None` if only a name was given. The first
    /// call of the site reads it. `call` is the state of the call, where its stack keeps one.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn admit(
        &'static self,
        policy: Option<&RateLimitPolicy>,
        cost: u32,
        call: Option<&CallState>,
    ) -> Result<Option<Turn>, Refusal> {
        let limit = self.named.get(policy);
        let taken = limit.take(cost, clock::now_ns);
        if taken == Taken::In {
            return Ok(None);
        }
        let reserved = limit.admit(taken, cost, call)?;
        Ok(reserved.map(|reserved| Turn::new(Held::Named(limit), reserved)))
    }

    /// Lets a call in, as [`admit`](Self::admit) does; while the layer is switched off, every call at once.
    #[cfg(all(feature = "control", not(loom)))]
    #[inline]
    pub fn admit_if(
        &'static self,
        is_on: bool,
        policy: Option<&RateLimitPolicy>,
        cost: u32,
        call: Option<&CallState>,
    ) -> Result<Option<Turn>, Refusal> {
        if is_on {
            self.admit(policy, cost, call)
        } else {
            Ok(None)
        }
    }

    #[cfg(feature = "store")]
    pub(super) fn named(&'static self) -> &'static NamedSite<Limit> {
        &self.named
    }

    /// Returns the rate limit of `key`. Generated code calls it once per call, whose attempts all
    /// share the result; the rate limit keeps its place until the result is dropped.
    pub fn keyed(
        &'static self,
        policy: Option<&RateLimitPolicy>,
        key: &(impl Key + ?Sized),
    ) -> LimitOfKey {
        LimitOfKey(self.named.keyed(policy, key))
    }
}

/// The rate limit of one call's key.
#[derive(Debug)]
pub struct LimitOfKey(Arc<Limit>);

impl LimitOfKey {
    /// Lets a call of `cost` in: now, if there is nothing to wait for, or at its turn.
    pub fn admit(&self, cost: u32, call: Option<&CallState>) -> Result<Option<Turn>, Refusal> {
        let taken = self.0.take(cost, clock::now_ns);
        if taken == Taken::In {
            return Ok(None);
        }
        let reserved = self.0.admit(taken, cost, call)?;
        let held = || Held::Keyed(Arc::clone(&self.0));
        Ok(reserved.map(|reserved| Turn::new(held(), reserved)))
    }

    /// Lets a call in, as [`admit`](Self::admit) does; while the layer is switched off, every call at once.
    #[cfg(all(feature = "control", not(loom)))]
    pub fn admit_if(
        &self,
        is_on: bool,
        cost: u32,
        call: Option<&CallState>,
    ) -> Result<Option<Turn>, Refusal> {
        if is_on {
            self.admit(cost, call)
        } else {
            Ok(None)
        }
    }
}

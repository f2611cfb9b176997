//! The entry for generated code: a static for each annotated function, and a permit for each call.

use super::breaker::BreakerCore;
use super::breaker::call::AdmittedCall;
use super::callers::{Caller, Reported};
use super::named::NamedBreaker;
use super::permit::Permit;
use super::policy::CircuitPolicy;
use crate::call::{CallState, PerType, Site, Types};
use crate::compact_duration::CompactDuration;
use crate::error::Refusal;
use crate::event;
#[cfg(feature = "catalog")]
use crate::named::Named;
use crate::named::key::Key;
use crate::named::{NamedSite, site_of_named_state};
use crate::observe::count::COUNTS_REFUSALS;
use crate::sync::Arc;

/// The static state of one annotated function: its breaker, once it has been called.
#[derive(Debug)]
pub struct CircuitSite {
    named: NamedSite<BreakerCore>,
    /// The outer functions under which its calls were reported to enter the breaker again.
    reported: Reported,
    /// The sites of other `Self` types, if it has no name.
    types: PerType<Self>,
}

site_of_named_state!(CircuitSite, CircuitPolicy, "breaker", reported: Reported = Reported::new());

impl CircuitSite {
    /// Returns the state of the function and of its other `Self` types, as far as calls have made it.
    #[cfg(feature = "catalog")]
    pub(crate) fn known(&'static self) -> impl Iterator<Item = &'static Named<BreakerCore>> {
        let sites = self.types.with(self);
        sites.filter_map(|site| site.named.known())
    }

    /// Lets a call in, or refuses it. A call under a permit of the same breaker is never refused.
    ///
    /// `policy` holds the settings of the function; it is `None` if only a name was given. The
    /// first call of the site reads it; all instances of a generic function are one site.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn admit<'a>(
        &'static self,
        policy: Option<&CircuitPolicy>,
        call: &'a CallState,
    ) -> Result<Permit<'a>, Refusal> {
        let breaker = self.named.get(policy);
        let admitted = match breaker.begin_at_once() {
            Some(admitted) => admitted,
            None => self.begin(breaker, call)?,
        };
        Ok(Permit::new(breaker, call, self.named.site(), admitted))
    }

    /// Lets a call in, or refuses it, as [`admit`](Self::admit) does; while the layer is switched off, it
    /// lets every call in, and records nothing.
    #[cfg(all(feature = "control", not(loom)))]
    #[inline]
    pub fn admit_if<'a>(
        &'static self,
        is_on: bool,
        policy: Option<&CircuitPolicy>,
        call: &'a CallState,
    ) -> Result<Permit<'a>, Refusal> {
        if is_on {
            return self.admit(policy, call);
        }
        let breaker = self.named.get(policy);
        let admitted = AdmittedCall::nested();
        Ok(Permit::new(breaker, call, self.named.site(), admitted))
    }

    /// Lets a call in, or refuses it, where there is more to do than to let it in.
    #[inline(never)]
    fn begin(
        &'static self,
        breaker: &'static NamedBreaker,
        call: &CallState,
    ) -> Result<AdmittedCall, Refusal> {
        if let Some(left) = breaker.refuses_for() {
            return Err(refuse(breaker, breaker, Some(left), call));
        }
        self.begin_by_steps(breaker, call)
    }

    #[inline(never)]
    fn begin_by_steps(
        &'static self,
        breaker: &'static NamedBreaker,
        call: &CallState,
    ) -> Result<AdmittedCall, Refusal> {
        let begun = breaker.begin(self.caller());
        begun.map_err(|retry_in| refuse(breaker, breaker, retry_in, call))
    }

    fn caller(&self) -> Caller<'_> {
        Caller {
            function: Some(self.named.site()),
            reported: &self.reported,
        }
    }

    /// Returns the breaker of `key`. Generated code calls it once per call, whose attempts all
    /// share the result; the breaker keeps its place until the result is dropped.
    pub fn keyed(
        &'static self,
        policy: Option<&CircuitPolicy>,
        key: &(impl Key + ?Sized),
    ) -> KeyedCircuit {
        KeyedCircuit {
            core: self.named.keyed(policy, key),
            of: self,
        }
    }
}

/// The breaker of one call's key.
#[derive(Debug)]
pub struct KeyedCircuit {
    core: Arc<BreakerCore>,
    of: &'static CircuitSite,
}

impl KeyedCircuit {
    /// Lets a call in, or refuses it. A call under a permit of the same key is never refused.
    pub fn admit<'a>(&'a self, call: &'a CallState) -> Result<Permit<'a>, Refusal> {
        self.begun(self.core.begin(self.of.caller()), call)
    }

    /// Lets a call in, or refuses it, as [`admit`](Self::admit) does; while the layer is switched off, it
    /// lets every call in, and records nothing.
    #[cfg(all(feature = "control", not(loom)))]
    pub fn admit_if<'a>(&'a self, is_on: bool, call: &'a CallState) -> Result<Permit<'a>, Refusal> {
        if is_on {
            self.admit(call)
        } else {
            self.begun(Ok(AdmittedCall::nested()), call)
        }
    }

    fn begun<'a>(
        &'a self,
        begun: Result<AdmittedCall, Option<u64>>,
        call: &'a CallState,
    ) -> Result<Permit<'a>, Refusal> {
        match begun {
            Ok(admitted) => Ok(Permit::new(
                &self.core,
                call,
                self.of.named.site(),
                admitted,
            )),
            Err(retry_in) => Err(refuse(&self.core, self.of.named.get(None), retry_in, call)),
        }
    }
}

#[inline]
fn refuse(
    core: &BreakerCore,
    named: &'static NamedBreaker,
    retry_in: Option<u64>,
    call: &CallState,
) -> Refusal {
    if COUNTS_REFUSALS || event::is_awake() {
        core.tell_refused(Some(call));
    }
    Refusal::CircuitOpen {
        name: named.name_ref(),
        retry_in: retry_in.map(CompactDuration::from_millis),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::call::{Failure, Outcome};
    use crate::circuit::CircuitState;
    use crate::registry::breaker;

    static POLICY: CircuitPolicy = CircuitPolicy::new().failures(1).probes(2);

    /// One call that ends with `out`, replayed or not.
    fn call(site: &'static CircuitSite, replayed: bool, out: Outcome<(), ()>) {
        let state = CallState::new();
        let permit = site.admit(Some(&POLICY), &state).unwrap();
        state.set_replayed(replayed);
        let _ = permit.settle(out, |()| None);
        std::mem::forget(permit);
    }

    #[tokio::test(start_paused = true)]
    async fn a_replay_is_neutral() {
        static AT: Site = Site::new("site.replay", 1);
        static SITE: CircuitSite = CircuitSite::new(&AT, None);
        let state = || breaker("site.replay").state();
        call(&SITE, true, Err(Failure::Body(())));
        assert_eq!(state(), CircuitState::Closed);
        call(&SITE, false, Err(Failure::Body(())));
        assert_eq!(state(), CircuitState::Open);
        tokio::time::advance(Duration::from_secs(40)).await;
        for _ in 0..5 {
            call(&SITE, true, Ok(()));
        }
        let counts = breaker("site.replay").counts();
        assert_eq!((counts.probes_out, counts.probes_succeeded), (0, 0));
        call(&SITE, false, Ok(()));
        call(&SITE, false, Ok(()));
        assert_eq!(state(), CircuitState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_of_the_stack_that_drops_the_call_is_a_failure() {
        static AT: Site = Site::new("site.timing_out", 1);
        static SITE: CircuitSite = CircuitSite::new(&AT, None);
        let state = CallState::new();
        let permit = SITE.admit(Some(&POLICY), &state).unwrap();
        drop(permit);
        assert_eq!(breaker("site.timing_out").state(), CircuitState::Closed);
        let permit = SITE.admit(Some(&POLICY), &state).unwrap();
        state.while_timing_out(|| drop(permit));
        assert_eq!(breaker("site.timing_out").state(), CircuitState::Open);
    }
}

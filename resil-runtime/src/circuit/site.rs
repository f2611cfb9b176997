//! The entry for generated code: a static for each annotated function, and a permit for each call.

use std::fmt::Display;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::breaker::BreakerCore;
use super::breaker::call::AdmittedCall;
use super::callers::{Caller, Reported};
use super::key_text::KeyText;
use super::named::NamedBreaker;
use super::names;
use super::permit::Permit;
use super::policy::CircuitPolicy;
use crate::call::{CallState, PerType, Site, Types};
use crate::compact_duration::CompactDuration;
use crate::error::Refusal;
use crate::event;
use crate::sync::Arc;

/// Stands in place of an instance's settings once a conflict of two instances was noted.
static CONFLICT: CircuitPolicy = CircuitPolicy::new();

/// The static state of one annotated function: its breaker, once it has been called.
#[derive(Debug)]
pub struct CircuitSite {
    site: &'static Site,
    name: Option<&'static str>,
    breaker: OnceLock<&'static NamedBreaker>,
    /// The settings of the instance that called last, if they are those in use; or [`CONFLICT`].
    instance: AtomicPtr<CircuitPolicy>,
    /// The outer functions under which its calls were reported to enter the breaker again.
    reported: Reported,
    /// The sites of other `Self` types, if it has no name.
    types: PerType<Self>,
}

impl CircuitSite {
    /// Creates the state of `site`; `name` is the name of a breaker shared with others.
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "each static has a copy of its own"
    )]
    pub const fn new(site: &'static Site, name: Option<&'static str>) -> Self {
        // Constants, so that the compiler evaluates them once and not for each annotated function.
        const BREAKER: OnceLock<&'static NamedBreaker> = OnceLock::new();
        const INSTANCE: AtomicPtr<CircuitPolicy> = AtomicPtr::new(std::ptr::null_mut());
        const REPORTED: Reported = Reported::new();
        const TYPES: PerType<CircuitSite> = PerType::new();

        Self {
            site,
            name,
            breaker: BREAKER,
            instance: INSTANCE,
            reported: REPORTED,
            types: TYPES,
        }
    }

    /// Returns the state for the `Self` of `types`. It is for breakers without a name: a named one
    /// is shared by all types. The site of each type but the first is shown with its type:
    /// `<app::Visa as app::Pay>::charge`.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn of(&'static self, types: Option<Types>) -> &'static Self {
        match types {
            Some(types) if !self.types.is_first(types.instance()) => self.other(types),
            _ => self,
        }
    }

    #[inline(never)]
    fn other(&'static self, types: Types) -> &'static Self {
        let make = || {
            let site = Site::new(types.function(), self.site.line());
            Self::new(Box::leak(Box::new(site)), None)
        };
        self.types
            .other(types.instance(), types.this(), make)
            .unwrap_or(self)
    }

    /// Returns `policy` unchanged, after comparing it with the settings in use. Generated code
    /// calls it before each call of a function whose settings may depend on a generic. All
    /// instances are one site, and different settings of two instances are a conflict, as those of
    /// two functions are.
    ///
    /// An instance is recognised by the address of its settings. The compiler may place them
    /// several times, in different codegen units: then they are compared once more.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn instance(
        &'static self,
        policy: Option<&'static CircuitPolicy>,
    ) -> Option<&'static CircuitPolicy> {
        if let Some(policy) = policy
            && !std::ptr::eq(self.instance.load(Ordering::Relaxed), policy)
        {
            self.compare(policy);
        }
        policy
    }

    #[cold]
    fn compare(&'static self, policy: &'static CircuitPolicy) {
        let conflict = std::ptr::from_ref(&CONFLICT).cast_mut();
        if self.instance.load(Ordering::Relaxed) == conflict {
            return;
        }
        let breaker = self.breaker(Some(policy));
        let same = names::configure(breaker, policy, self.site.name());
        let policy = std::ptr::from_ref(policy).cast_mut();
        // A conflict is listed once for the function: from there on nothing is compared any more.
        let seen = if same { policy } else { conflict };
        self.instance.store(seen, Ordering::Relaxed);
    }

    /// Lets a call in, or refuses it. A call under a permit of the same breaker is never refused.
    ///
    /// `policy` holds the settings of the function; it is `None` if only a name was given. The
    /// first call of the site reads it; all instances of a generic function are one site.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn admit<'a>(
        &'static self,
        policy: Option<&'static CircuitPolicy>,
        call: &'a CallState,
    ) -> Result<Permit<'a>, Refusal> {
        let breaker = self.breaker(policy);
        let admitted = match breaker.begin_at_once() {
            Some(admitted) => admitted,
            None => self.begin(breaker, call)?,
        };
        Ok(Permit::new(breaker, call, self.site, admitted))
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
            function: Some(self.site),
            reported: &self.reported,
        }
    }

    /// Returns the breaker of `key`. Generated code calls it once per call, whose attempts all
    /// share the result; the breaker keeps its place until the result is dropped.
    pub fn keyed(
        &'static self,
        policy: Option<&'static CircuitPolicy>,
        key: &(impl Display + ?Sized),
    ) -> KeyedCircuit {
        // The key's `Display` is the user's code: it runs first, with no lock held.
        let key = KeyText::of(key);
        let base = self.breaker(policy);
        KeyedCircuit {
            core: base.keys().get(&key),
            of: self,
        }
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn breaker(&self, policy: Option<&'static CircuitPolicy>) -> &'static NamedBreaker {
        match self.breaker.get() {
            Some(breaker) => breaker,
            None => self.register(policy),
        }
    }

    /// Registers the site. It does so outside of the `OnceLock`'s initialiser: registering may tell
    /// listeners, and one of them may call this very function.
    #[cold]
    fn register(&self, policy: Option<&'static CircuitPolicy>) -> &'static NamedBreaker {
        let breaker = names::register(self.site, self.name, policy);
        self.breaker.get_or_init(|| breaker)
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
        match self.core.begin(self.of.caller()) {
            Ok(admitted) => Ok(Permit::new(&self.core, call, self.of.site, admitted)),
            Err(retry_in) => Err(refuse(&self.core, self.of.breaker(None), retry_in, call)),
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
    if event::is_awake() {
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

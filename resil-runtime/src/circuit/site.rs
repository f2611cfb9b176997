//! What generated code calls: a static per annotated function, and a permit per call.

use std::fmt::Display;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::Duration;

use super::key_text::KeyText;
use super::machine::Core;
use super::nesting::{Caller, Told};
use super::permit::Permit;
use super::policy::CircuitPolicy;
use crate::classify::Class;
use crate::error::{Packed, Raised, Refusal};
use crate::failure::Failure;
use crate::mark::Mark;
use crate::registry;
use crate::site::Site;
use crate::sync::Arc;
use crate::types::{PerType, Types};

/// What an outcome says of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitVerdict {
    /// It failed.
    Failure,
    /// It answered.
    Success,
    /// Nothing.
    Neutral,
}

/// What an error of the body's is where no pattern decides: a permanent one proves that the other
/// side answers.
fn by_class(class: Option<Class>) -> CircuitVerdict {
    match class {
        None | Some(Class::Transient | Class::Throttled { .. }) => CircuitVerdict::Failure,
        Some(Class::Permanent) => CircuitVerdict::Success,
        Some(Class::Neutral) => CircuitVerdict::Neutral,
    }
}

/// What a failed call says of the other side: by the patterns, and where they say nothing by `class`.
pub(super) fn judge<E>(
    failure: &Failure<E, Refusal>,
    replayed: bool,
    verdict: impl FnOnce(&E) -> Option<CircuitVerdict>,
    class: impl FnOnce(&E) -> Option<Class>,
) -> CircuitVerdict {
    let said = failure.error().and_then(verdict);
    let class = || failure.error().and_then(class);
    match failure.raised() {
        None if replayed => CircuitVerdict::Neutral,
        None => match said {
            None => by_class(class()),
            // As below, where it comes from another function.
            Some(CircuitVerdict::Success) if class() == Some(Class::Neutral) => {
                CircuitVerdict::Neutral
            }
            Some(said) => said,
        },
        Some(Raised::Timeout { inherited: false }) => said.unwrap_or(CircuitVerdict::Failure),
        // Ended before the body ran, or cut by the caller's own deadline: that a pattern does not
        // name it is no success.
        Some(
            Raised::Timeout { inherited: true } | Raised::CircuitOpen { .. } | Raised::Idempotency,
        ) => match said {
            Some(CircuitVerdict::Failure) => CircuitVerdict::Failure,
            _ => CircuitVerdict::Neutral,
        },
    }
}

/// In place of an instance's settings: a conflict of two has been told.
static TOLD: CircuitPolicy = CircuitPolicy::new();

/// The static state of one annotated function: its breaker, once it has been called.
#[derive(Debug)]
pub struct CircuitSite {
    site: &'static Site,
    name: Option<&'static str>,
    core: OnceLock<&'static Core>,
    /// The settings of the instance that called last, of one that sets what is in use; or [`TOLD`].
    instance: AtomicPtr<CircuitPolicy>,
    /// Of its calls under a permit of the same breaker.
    told: Told,
    /// The sites of other `Self` types, where it has no name.
    types: PerType<Self>,
}

impl CircuitSite {
    /// The state of `site`; `name` is that of a breaker shared with others.
    pub const fn new(site: &'static Site, name: Option<&'static str>) -> Self {
        Self {
            site,
            name,
            core: OnceLock::new(),
            instance: AtomicPtr::new(std::ptr::null_mut()),
            told: Told::new(),
            types: PerType::new(),
        }
    }

    /// The site for the `Self` of `types`, for a function without a name. One that is not the first
    /// is shown with its type: `<app::Visa as app::Pay>::charge`.
    #[inline(always)]
    pub fn of(&'static self, types: Option<Types>) -> &'static Self {
        match types {
            Some(types) if !self.types.is_first(types) => self.other(types),
            _ => self,
        }
    }

    #[inline(never)]
    fn other(&'static self, types: Types) -> &'static Self {
        let make = || {
            let site = Site::new(types.function(), self.site.line());
            Self::new(Box::leak(Box::new(site)), None)
        };
        self.types.other(types, make).unwrap_or(self)
    }

    /// Gives back `policy`, the settings of a function in which they may depend on a generic. All
    /// instances are one site, and one that sets something else is a conflict, as a second function
    /// is.
    ///
    /// Called before each call, and only there. An instance is told by where its settings lie; that
    /// may be several places, in different units of code: they are compared once more.
    #[inline(always)]
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
        let told = std::ptr::from_ref(&TOLD).cast_mut();
        if self.instance.load(Ordering::Relaxed) == told {
            return;
        }
        let core = self.core(Some(policy));
        let same = registry::configure(core, policy, self.site.name());
        let policy = std::ptr::from_ref(policy).cast_mut();
        // It is listed once for the function: from there on nothing is compared any more.
        let seen = if same { policy } else { told };
        self.instance.store(seen, Ordering::Relaxed);
    }

    /// Lets a call in, or refuses it; one under a permit of the same breaker it never refuses.
    /// `policy` is what the function sets; `None` if only a name was given. It is looked at with the
    /// first call of the site; all instances of a generic function are one site.
    #[inline(always)]
    pub fn admit<'a>(
        &'static self,
        policy: Option<&'static CircuitPolicy>,
        mark: &'a Mark,
    ) -> Result<Permit<'a>, Refusal> {
        let core = self.core(policy);
        match core.begin(self.caller()) {
            Ok(call) => Ok(Permit::new(core, mark, self.site, call)),
            Err(retry_in) => Err(refuse(core, core, retry_in, mark)),
        }
    }

    #[inline(always)]
    fn caller(&self) -> Caller<'_> {
        Caller {
            function: Some(self.site),
            told: &self.told,
        }
    }

    /// The breaker of `key`, looked for once per call, whose attempts all share it. It is in use,
    /// and not another one's place, until that is dropped.
    pub fn keyed(
        &'static self,
        policy: Option<&'static CircuitPolicy>,
        key: &(impl Display + ?Sized),
    ) -> KeyedCircuit {
        // The user's code first, with nothing held.
        let key = KeyText::of(key);
        let base = self.core(policy);
        KeyedCircuit {
            core: base.keys().get(&key),
            of: self,
        }
    }

    #[inline(always)]
    fn core(&self, policy: Option<&'static CircuitPolicy>) -> &'static Core {
        match self.core.get() {
            Some(core) => core,
            None => self.register(policy),
        }
    }

    /// Not inside the `OnceLock`'s own initialiser: registering may tell listeners, and one of them
    /// may call this very function.
    #[cold]
    fn register(&self, policy: Option<&'static CircuitPolicy>) -> &'static Core {
        let core = registry::register(self.site, self.name, policy);
        self.core.get_or_init(|| core)
    }
}

/// The breaker of one call's key.
#[derive(Debug)]
pub struct KeyedCircuit {
    core: Arc<Core>,
    of: &'static CircuitSite,
}

impl KeyedCircuit {
    /// Lets a call in, or refuses it; one under a permit of the same key it never refuses.
    pub fn admit<'a>(&'a self, mark: &'a Mark) -> Result<Permit<'a>, Refusal> {
        match self.core.begin(self.of.caller()) {
            Ok(call) => Ok(Permit::new(&self.core, mark, self.of.site, call)),
            Err(retry_in) => Err(refuse(&self.core, self.of.core(None), retry_in, mark)),
        }
    }
}

#[cold]
fn refuse(core: &Core, named: &'static Core, retry_in: Option<u64>, mark: &Mark) -> Refusal {
    core.tell_refused(Some(mark));
    Refusal::CircuitOpen {
        name: named.name_ref(),
        retry_in: retry_in.map(|ms| Packed::new(Duration::from_millis(ms))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::CircuitState;
    use crate::failure::Outcome;
    use crate::registry::breaker;

    static POLICY: CircuitPolicy = CircuitPolicy::new().failures(1).probes(2);

    /// One call that ends with `out`, replayed or not.
    fn call(site: &'static CircuitSite, replayed: bool, out: &Outcome<(), ()>) {
        let mark = Mark::new();
        let permit = site.admit(Some(&POLICY), &mark).unwrap();
        mark.set_replayed(replayed);
        permit.settle(out, |()| None, |()| None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_replay_is_neutral() {
        static AT: Site = Site::new("site.replay", 1);
        static SITE: CircuitSite = CircuitSite::new(&AT, None);
        let state = || breaker("site.replay").state();
        call(&SITE, true, &Err(Failure::Body(())));
        assert_eq!(state(), CircuitState::Closed);
        call(&SITE, false, &Err(Failure::Body(())));
        assert_eq!(state(), CircuitState::Open);
        tokio::time::advance(Duration::from_secs(40)).await;
        for _ in 0..5 {
            call(&SITE, true, &Ok(()));
        }
        let counts = breaker("site.replay").counts();
        assert_eq!((counts.probes_out, counts.probes_succeeded), (0, 0));
        call(&SITE, false, &Ok(()));
        call(&SITE, false, &Ok(()));
        assert_eq!(state(), CircuitState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_of_the_stack_that_drops_the_call_is_a_failure() {
        static AT: Site = Site::new("site.timing_out", 1);
        static SITE: CircuitSite = CircuitSite::new(&AT, None);
        let mark = Mark::new();
        let permit = SITE.admit(Some(&POLICY), &mark).unwrap();
        drop(permit);
        assert_eq!(breaker("site.timing_out").state(), CircuitState::Closed);
        let permit = SITE.admit(Some(&POLICY), &mark).unwrap();
        mark.while_timing_out(|| drop(permit));
        assert_eq!(breaker("site.timing_out").state(), CircuitState::Open);
    }
}

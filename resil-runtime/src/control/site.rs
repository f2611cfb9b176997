//! The static state of an annotated function whose settings can be changed, and the settings of one call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;

#[cfg(feature = "chaos")]
use super::faults::Injection;
use super::written::Written;
use crate::bulkhead::BulkheadPolicy;
use crate::call::Site;
use crate::circuit::CircuitPolicy;
use crate::fallback::last_ok::LastOkPolicy;
#[cfg(feature = "hedge")]
use crate::hedge::HedgePolicy;
#[cfg(feature = "idempotent")]
use crate::idempotency::IdempotentPolicy;
use crate::rate_limit::RateLimitPolicy;
use crate::retry::RetryPolicy;
use crate::timeout::TimeoutPolicy;

/// The function has not been called yet.
const UNKNOWN: u8 = 0;
/// Its attributes hold.
const AS_WRITTEN: u8 = 1;
/// Other settings are in force.
const CHANGED: u8 = 2;

/// The static state of one annotated function.
#[derive(Debug)]
pub struct ControlSite {
    site: &'static Site,
    #[cfg(feature = "chaos")]
    runs: Runs,
    /// It is read before the pointer, which costs more.
    state: AtomicU8,
    changed: ArcSwapOption<Changed>,
}

/// What a run of the body can come to.
#[cfg(feature = "chaos")]
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs {
    pub(super) is_async: bool,
    pub(super) can_fail: bool,
}

/// The settings in force for one function, by the instances that have been called. Each instance of a
/// generic function has a list of layers of its own.
#[derive(Debug)]
pub(super) struct Changed(Vec<Arc<Settings>>);

impl Changed {
    /// Returns the faults that are injected, if any are.
    #[cfg(feature = "chaos")]
    pub(super) fn chaos(&self) -> Option<&Arc<Injection>> {
        self.0.first()?.chaos.as_ref()
    }

    /// Returns the settings of the instance with these layers.
    pub(super) fn of(&self, written: &'static [Written]) -> Option<Arc<Settings>> {
        let found = self.0.iter().find(|one| std::ptr::eq(one.written, written));
        found.cloned()
    }
}

/// The settings in force for one instance of a function.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) written: &'static [Written],
    pub(super) layers: Box<[Written]>,
    /// The layers that are switched off, a bit each.
    pub(super) off: u32,
    #[cfg(feature = "chaos")]
    pub(super) chaos: Option<Arc<Injection>>,
}

impl ControlSite {
    /// Creates the state of `site`.
    pub const fn new(site: &'static Site) -> Self {
        Self {
            site,
            #[cfg(feature = "chaos")]
            runs: Runs {
                is_async: true,
                can_fail: true,
            },
            state: AtomicU8::new(UNKNOWN),
            changed: ArcSwapOption::const_empty(),
        }
    }

    /// Sets whether a run of the body can hang, and whether it can fail with a `resil::Error`.
    #[cfg(feature = "chaos")]
    pub const fn runs(mut self, is_async: bool, can_fail: bool) -> Self {
        self.runs = Runs { is_async, can_fail };
        self
    }

    #[cfg(feature = "chaos")]
    pub(super) fn can(&self) -> Runs {
        self.runs
    }

    /// Returns whether the attributes hold, as far as is known.
    #[inline]
    pub(super) fn is_as_written(&self) -> bool {
        self.state.load(Ordering::Acquire) == AS_WRITTEN
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.state.load(Ordering::Acquire) == UNKNOWN
    }

    /// Returns the settings in force; `None` if the attributes hold.
    pub(super) fn changed(&self) -> Option<Arc<Changed>> {
        self.changed.load_full()
    }

    pub(super) fn site(&self) -> &'static Site {
        self.site
    }

    /// Puts settings in force, or, with `None`, those of the attributes.
    pub(super) fn set(&self, changed: Option<Vec<Arc<Settings>>>) {
        let state = if changed.is_some() {
            CHANGED
        } else {
            AS_WRITTEN
        };
        self.changed
            .store(changed.map(|all| Arc::new(Changed(all))));
        self.state.store(state, Ordering::Release);
    }
}

/// The settings of one call, from its beginning to its end.
#[derive(Debug)]
pub struct Controlled {
    written: &'static [Written],
    /// `None` if the attributes hold.
    changed: Option<Arc<Settings>>,
}

/// Returns the part of a layer that generated code asks for. The index and the policy are those that it has
/// written.
macro_rules! part {
    ($layer:expr, $pattern:pat => $part:expr) => {
        match $layer {
            $pattern => $part,
            other => unreachable!("the layer is another one: {other:?}"),
        }
    };
}

impl Controlled {
    #[inline]
    pub(super) fn new(written: &'static [Written], changed: Option<Arc<Settings>>) -> Self {
        Self { written, changed }
    }

    #[inline]
    fn layer(&self, layer: usize) -> &Written {
        match &self.changed {
            None => &self.written[layer],
            Some(changed) => &changed.layers[layer],
        }
    }

    /// Returns whether the layer is switched on.
    #[inline]
    pub fn is_on(&self, layer: usize) -> bool {
        match &self.changed {
            None => true,
            Some(changed) => changed.off >> layer & 1 == 0,
        }
    }

    /// Returns the settings of a retry.
    #[inline]
    pub fn retry(&self, layer: usize) -> &RetryPolicy {
        part!(self.layer(layer), Written::Retry { policy, .. } => policy)
    }

    /// Returns the limit of a timeout.
    #[inline]
    pub fn limit(&self, layer: usize) -> Duration {
        part!(self.layer(layer), Written::Timeout { limit } => limit.unwrap_or(TimeoutPolicy::OFF))
    }

    /// Returns the limit of a timeout; `computed` is the limit that the call has computed.
    #[inline]
    pub fn limit_or(&self, layer: usize, computed: Duration) -> Duration {
        part!(self.layer(layer), Written::Timeout { limit } => limit.unwrap_or(computed))
    }

    /// Returns the settings of a circuit as the attribute writes them: those in force belong to the name.
    #[inline]
    pub fn circuit(&self, layer: usize) -> Option<&'static CircuitPolicy> {
        part!(&self.written[layer], Written::Circuit { policy, .. } => policy.as_ref())
    }

    /// Returns the settings of a bulkhead as the attribute writes them: those in force belong to the name.
    #[inline]
    pub fn bulkhead(&self, layer: usize) -> Option<&'static BulkheadPolicy> {
        part!(&self.written[layer], Written::Bulkhead { policy, .. } => policy.as_ref())
    }

    /// Returns the settings of a rate limit as the attribute writes them: those in force belong to the name.
    #[inline]
    pub fn rate_limit(&self, layer: usize) -> Option<&'static RateLimitPolicy> {
        part!(&self.written[layer], Written::RateLimit { policy, .. } => policy.as_ref())
    }

    /// Returns the settings of a hedge.
    #[cfg(feature = "hedge")]
    #[inline]
    pub fn hedge(&self, layer: usize) -> &HedgePolicy {
        part!(self.layer(layer), Written::Hedge { policy } => policy)
    }

    /// Returns the settings of an `#[idempotent]`.
    #[cfg(feature = "idempotent")]
    #[inline]
    pub fn idempotent(&self, layer: usize) -> &IdempotentPolicy {
        part!(self.layer(layer), Written::Idempotent { policy, .. } => policy)
    }

    /// Returns the settings of a `last_ok`.
    #[inline]
    pub fn last_ok(&self, layer: usize) -> &LastOkPolicy {
        part!(self.layer(layer), Written::Fallback { last_ok: Some(policy), .. } => policy)
    }

    /// Returns the faults that are injected, if any are.
    #[cfg(feature = "chaos")]
    #[inline(always)]
    pub(super) fn chaos(&self) -> Option<&Injection> {
        self.changed.as_ref()?.chaos.as_deref()
    }
}

//! The layers of an annotated function, as its attributes are written.

use std::time::Duration;

use resil_language::messages::help;
use resil_language::nearest::nearest;

use crate::bulkhead::BulkheadPolicy;
use crate::circuit::CircuitPolicy;
use crate::fallback::last_ok::LastOkPolicy;
#[cfg(feature = "hedge")]
use crate::hedge::HedgePolicy;
#[cfg(feature = "idempotent")]
use crate::idempotency::IdempotentPolicy;
use crate::rate_limit::RateLimitPolicy;
use crate::retry::RetryPolicy;
use crate::timeout::TimeoutPolicy;

/// One layer of an annotated function. Generated code writes a list of them, outermost first.
#[derive(Debug, Clone, Copy)]
pub enum Written {
    /// `#[retry]`.
    Retry {
        /// Its settings.
        policy: RetryPolicy,
        /// The name of its budget, if it has one.
        budget: Option<&'static str>,
        /// Whether the body can run again. With a literal `max = 1` it may move its arguments.
        again: bool,
        /// Whether a `backoff` of the user's gives the delays.
        backoff: bool,
    },
    /// `#[timeout]`.
    Timeout {
        /// The limit; `None` if each call computes it.
        limit: Option<Duration>,
    },
    /// `#[circuit]`.
    Circuit {
        /// The name that it gives.
        name: Option<&'static str>,
        /// Its settings; `None` if it gives a name alone.
        policy: Option<CircuitPolicy>,
        /// Whether it has a `key`.
        key: bool,
    },
    /// `#[bulkhead]`.
    Bulkhead {
        /// The name that it gives.
        name: Option<&'static str>,
        /// Its settings; `None` if it gives a name alone.
        policy: Option<BulkheadPolicy>,
        /// Whether it has a `key`.
        key: bool,
    },
    /// `#[rate_limit]`.
    RateLimit {
        /// The name that it gives.
        name: Option<&'static str>,
        /// Its settings; `None` if it gives a name alone.
        policy: Option<RateLimitPolicy>,
        /// Whether it has a `key`.
        key: bool,
        /// Whether a `store` counts its calls.
        store: bool,
    },
    /// `#[hedge]`.
    #[cfg(feature = "hedge")]
    Hedge {
        /// Its settings.
        policy: HedgePolicy,
    },
    /// `#[idempotent]`.
    #[cfg(feature = "idempotent")]
    Idempotent {
        /// The name that it gives.
        name: Option<&'static str>,
        /// Its settings.
        policy: IdempotentPolicy,
    },
    /// `#[fallback]`.
    Fallback {
        /// The settings of `last_ok`.
        last_ok: Option<LastOkPolicy>,
        /// Whether it has a `key`.
        key: bool,
    },
}

impl Written {
    /// Returns the policy.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Retry { .. } => Kind::Retry,
            Self::Timeout { .. } => Kind::Timeout,
            Self::Circuit { .. } => Kind::Circuit,
            Self::Bulkhead { .. } => Kind::Bulkhead,
            Self::RateLimit { .. } => Kind::RateLimit,
            #[cfg(feature = "hedge")]
            Self::Hedge { .. } => Kind::Hedge,
            #[cfg(feature = "idempotent")]
            Self::Idempotent { .. } => Kind::Idempotent,
            Self::Fallback { .. } => Kind::Fallback,
        }
    }

    /// Returns the name that the layer gives.
    pub(super) fn name(&self) -> Option<&'static str> {
        match self {
            Self::Circuit { name, .. }
            | Self::Bulkhead { name, .. }
            | Self::RateLimit { name, .. } => *name,
            #[cfg(feature = "idempotent")]
            Self::Idempotent { name, .. } => *name,
            _ => None,
        }
    }

    /// Returns the name of its budget.
    pub(super) fn budget(&self) -> Option<&'static str> {
        match self {
            Self::Retry { budget, .. } => *budget,
            _ => None,
        }
    }

    /// Returns the names that settings for a function with these layers may be left out for: its own, and those of
    /// its states and budgets.
    pub(super) fn names<'n>(function: &'n str, written: &'n [Self]) -> Vec<&'n str> {
        let given = written
            .iter()
            .flat_map(|layer| [layer.name(), layer.budget()]);
        given.flatten().chain([function]).collect()
    }

    /// Switches the layer off, where its settings say so.
    pub(super) fn switch_off(&mut self) {
        match self {
            Self::Retry { policy, .. } => *policy = RetryPolicy::OFF,
            // A limit that never comes.
            Self::Timeout { limit } => *limit = Some(TimeoutPolicy::OFF),
            #[cfg(feature = "hedge")]
            Self::Hedge { policy } => *policy = HedgePolicy::OFF,
            _ => {}
        }
    }
}

/// The policies that can be steered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Retry,
    Timeout,
    Circuit,
    Bulkhead,
    RateLimit,
    Hedge,
    Idempotent,
    Fallback,
    /// A retry budget that has a name.
    Budget,
    /// Injected faults.
    Chaos,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Retry,
        Self::Timeout,
        Self::Circuit,
        Self::Bulkhead,
        Self::RateLimit,
        Self::Hedge,
        Self::Idempotent,
        Self::Fallback,
        Self::Budget,
        Self::Chaos,
    ];

    /// Returns the name of the attribute.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Timeout => "timeout",
            Self::Circuit => "circuit",
            Self::Bulkhead => "bulkhead",
            Self::RateLimit => "rate_limit",
            Self::Hedge => "hedge",
            Self::Idempotent => "idempotent",
            Self::Fallback => "fallback",
            Self::Budget => "budget",
            Self::Chaos => "chaos",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the policy of that name, or what is wrong with the name.
    pub(super) fn read(name: &str) -> Result<Self, String> {
        Self::of(name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let instead = match nearest(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are `{}`", names.join("`, `")),
            };
            help(format!("there is no policy `{name}`"), instead)
        })
    }

    /// Returns whether the settings belong to a name, and not to each function.
    pub(crate) const fn is_named(self) -> bool {
        matches!(
            self,
            Self::Circuit | Self::Bulkhead | Self::RateLimit | Self::Budget
        )
    }
}

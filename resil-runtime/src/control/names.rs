//! The names of options, by policy.

use super::written::Kind;
use crate::bulkhead::BulkheadPolicy;
use crate::circuit::CircuitPolicy;
use crate::fallback::last_ok::LastOkPolicy;
use crate::rate_limit::RateLimitPolicy;
use crate::retry::{BudgetPolicy, RetryPolicy};
use crate::settings::Named;

/// Returns whether the policy has an option of that name that can be set from outside.
pub(super) fn has_option(kind: Kind, option: &str) -> bool {
    match kind {
        Kind::Retry => has::<RetryPolicy>(option),
        Kind::Circuit => has::<CircuitPolicy>(option),
        Kind::Bulkhead => has::<BulkheadPolicy>(option),
        Kind::RateLimit => has::<RateLimitPolicy>(option),
        #[cfg(feature = "hedge")]
        Kind::Hedge => has::<crate::hedge::HedgePolicy>(option),
        #[cfg(feature = "idempotent")]
        Kind::Idempotent => has::<crate::idempotency::IdempotentPolicy>(option),
        Kind::Fallback => has::<LastOkPolicy>(option),
        Kind::Budget => has::<BudgetPolicy>(option),
        #[cfg(feature = "chaos")]
        Kind::Chaos => has::<super::faults::Faults>(option),
        _ => false,
    }
}

fn has<P: Named>(option: &str) -> bool {
    P::TABLE.has(option)
}

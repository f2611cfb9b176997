//! Settings from outside for what has a name: breakers, bulkheads, rate limits and budgets.

use super::apply::{apply, apply_budget};
use super::setting::Target;
use super::steering;
use super::written::Kind;
use crate::bulkhead::BulkheadPolicy;
use crate::bulkhead::core::BulkheadCore;
use crate::circuit::CircuitPolicy;
use crate::circuit::breaker::BreakerCore;
use crate::named::Shared;
use crate::rate_limit::RateLimitPolicy;
use crate::rate_limit::limit::Limit;
use crate::retry::{BudgetPolicy, budget};
use crate::settings::Named;

/// Puts the settings in force for all names that there are, and for those to come.
pub(super) fn edit_all() {
    BreakerCore::names().edit(circuit);
    BulkheadCore::names().edit(bulkhead);
    Limit::names().edit(rate_limit);
    budget::edit_all(budget_numbers);
}

fn circuit(name: &str, written: Option<&CircuitPolicy>) -> Option<CircuitPolicy> {
    in_force(name, Kind::Circuit, written)
}

fn bulkhead(name: &str, written: Option<&BulkheadPolicy>) -> Option<BulkheadPolicy> {
    in_force(name, Kind::Bulkhead, written)
}

fn rate_limit(name: &str, written: Option<&RateLimitPolicy>) -> Option<RateLimitPolicy> {
    in_force(name, Kind::RateLimit, written)
}

/// Returns the settings in force for a name; `None` if those hold that were written.
fn in_force<P: Named>(name: &str, kind: Kind, written: Option<&P>) -> Option<P> {
    let steering = steering::lock();
    let layers = steering.layers();
    // The state of a function without a name is called as the function is.
    let targets = [
        Target::Name(name.to_owned()),
        Target::Function(name.to_owned()),
    ];
    let mut is_set = targets.iter().map(|of| layers.options(of, kind).count());
    if is_set.all(|count| count == 0) {
        return None;
    }
    let written = written.copied().unwrap_or(P::BASE);
    Some(apply(written, (&targets, kind), &layers, &mut Vec::new()))
}

fn budget_numbers(name: &str, written: BudgetPolicy) -> Option<BudgetPolicy> {
    let steering = steering::lock();
    let layers = steering.layers();
    let target = Target::Name(name.to_owned());
    layers.options(&target, Kind::Budget).next()?;
    Some(apply_budget(written, name, &layers, &mut Vec::new()))
}

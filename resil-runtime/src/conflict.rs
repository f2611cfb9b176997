//! Breakers and retry budgets that two functions set differently.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::{self, Event};

/// A breaker, or a retry budget, that two functions (or two instances of a generic one) set
/// differently.
///
/// The settings of the function that was called first are used. For two instances of one function,
/// [`used`](Self::used) and [`ignored`](Self::ignored) both name that function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Conflict {
    /// Whether the conflict is about a breaker or a budget.
    pub kind: ConflictKind,
    /// The name of the breaker or the budget.
    pub name: &'static str,
    /// The function whose settings are used; `(by hand)` for
    /// [`Breaker::configure`](crate::Breaker::configure).
    pub used: &'static str,
    /// The function whose settings are not used.
    pub ignored: &'static str,
}

/// The subject of a [`Conflict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConflictKind {
    /// The settings of a breaker.
    Circuit,
    /// The settings of a bulkhead.
    Bulkhead,
    /// The numbers of a named retry budget.
    Budget,
    /// The settings of a rate limit.
    RateLimit,
}

/// Every conflict of the process, in the order in which they were found. The number of annotated
/// functions bounds the list.
static ALL: Mutex<Vec<Conflict>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<Conflict>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns every conflict of the process, in the order in which they were found.
pub(crate) fn all() -> Vec<Conflict> {
    lock().clone()
}

/// Lists a conflict, and tells listeners of it once.
pub(crate) fn note(
    kind: ConflictKind,
    name: &'static str,
    used: &'static str,
    function: &'static str,
) {
    if list(kind, name, used, function) {
        event::emit(|| match kind {
            ConflictKind::Circuit => Event::CircuitConflict { name, function },
            ConflictKind::Bulkhead => Event::BulkheadConflict { name, function },
            ConflictKind::Budget => Event::BudgetConflict { name, function },
            ConflictKind::RateLimit => Event::RateLimitConflict { name, function },
        });
    }
}

/// Lists a conflict. Returns false if it was listed before.
fn list(
    kind: ConflictKind,
    name: &'static str,
    used: &'static str,
    function: &'static str,
) -> bool {
    let conflict = Conflict {
        kind,
        name,
        used,
        ignored: function,
    };
    let mut all = lock();
    let known = all.contains(&conflict);
    if !known {
        all.push(conflict);
    }
    !known
}

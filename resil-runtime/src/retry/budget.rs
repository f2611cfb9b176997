//! The token bucket that bounds retries as a whole.
//!
//! It counts what is spent rather than what is left: a full bucket is zero, whatever its capacity,
//! and a success on a full bucket reads one word and writes none.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::policy::BudgetPolicy;
use crate::sync::{AtomicU32, Ordering::Relaxed, broken};

/// Tokens spent. The policy is given with each step: it may depend on the site.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    spent: AtomicU32,
}

impl Budget {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            spent: AtomicU32::new(0),
        }
    }

    /// The model checker's atomics are not const.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes the cost of a retry; false if so much is not left.
    pub(crate) fn take(&self, policy: BudgetPolicy) -> bool {
        self.spent
            .fetch_update(Relaxed, Relaxed, |spent| {
                spent
                    .checked_add(policy.cost)
                    .filter(|&s| s <= policy.capacity)
            })
            .is_ok()
    }

    /// Gives `tokens` back, up to a full bucket.
    #[inline]
    pub(crate) fn give(&self, tokens: u32) {
        if self.spent.load(Relaxed) != 0 {
            self.give_some(tokens);
        }
    }

    #[cold]
    fn give_some(&self, tokens: u32) {
        if broken("give_in_one") {
            let spent = self.spent.load(Relaxed);
            return self.spent.store(spent.saturating_sub(tokens), Relaxed);
        }
        let _ = self.spent.fetch_update(Relaxed, Relaxed, |spent| {
            (spent != 0).then(|| spent.saturating_sub(tokens))
        });
    }
}

/// The budget of that name, shared by all that name it. Made for code sites only: their number
/// bounds the map.
pub(crate) fn named(name: &'static str) -> &'static Budget {
    static ALL: OnceLock<Mutex<HashMap<&'static str, &'static Budget>>> = OnceLock::new();
    let mut all = ALL
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    all.entry(name).or_insert_with(|| Box::leak(Box::default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extremes::{cases, counts};

    #[test]
    fn twenty_tokens_allow_four_retries_and_five_successes_buy_one_more() {
        let (b, p) = (Budget::new(), BudgetPolicy::new(20, 5));
        assert_eq!((0..9).filter(|_| b.take(p)).count(), 4);
        for _ in 0..4 {
            b.give(1);
        }
        assert!(!b.take(p));
        b.give(1);
        assert!(b.take(p));
        assert!(!b.take(p));
    }

    #[test]
    fn it_never_holds_more_than_its_capacity() {
        let (b, p) = (Budget::new(), BudgetPolicy::new(10, 5));
        for _ in 0..100 {
            b.give(5);
        }
        assert_eq!((0..9).filter(|_| b.take(p)).count(), 2);
    }

    #[test]
    fn a_cost_above_all_bounds_is_refused_not_wrapped() {
        let (b, p) = (Budget::new(), BudgetPolicy::new(u32::MAX, u32::MAX));
        assert!(b.take(p));
        assert!(!b.take(p));
    }

    proptest::proptest! {
        #![proptest_config(cases())]

        #[test]
        fn no_more_is_spent_than_there_is(
            (capacity, cost) in (counts(), counts()),
            steps in proptest::collection::vec((proptest::bool::ANY, counts()), 0..20),
        ) {
            let (budget, policy) = (Budget::new(), BudgetPolicy::new(capacity, cost));
            let mut spent = 0_u32;
            for (take, tokens) in steps {
                if take {
                    let fits = spent.checked_add(cost).is_some_and(|s| s <= capacity);
                    proptest::prop_assert_eq!(budget.take(policy), fits);
                    spent += if fits { cost } else { 0 };
                } else {
                    budget.give(tokens);
                    spent = spent.saturating_sub(tokens);
                }
            }
        }
    }
}

//! The token bucket that bounds retries as a whole.
//!
//! It counts the tokens that are spent rather than those that are left: a full bucket is zero,
//! whatever its capacity, and a success on a full bucket reads one word and writes none.
//!
//! Time gives tokens back too, without a task that counts them: the inflow since the last retry is
//! computed when the next one is about to be paid for, and the clock is read only then.

use std::collections::HashMap;
use std::sync::{Mutex as StdMutex, OnceLock, PoisonError};

use super::policy::{BudgetPolicy, RetryPolicy};
use crate::conflict::{self, ConflictKind};
use crate::sync::{AtomicU32, Mutex, MutexGuard, Ordering::Relaxed, broken};

/// The number of parts in one token: the inflow is counted in tokens · ns / s.
const PARTS: u128 = 1_000_000_000;

/// A token bucket, as the number of tokens that are spent. The policy is passed with each step, as
/// it may depend on the site.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    spent: AtomicU32,
    /// Locked only while a retry is paid for.
    inflow: Mutex<Inflow>,
}

/// The time up to which the inflow was counted.
#[derive(Debug, Default, Clone, Copy)]
struct Inflow {
    /// In ns, as [`clock::now_ns`](crate::clock::now_ns) counts them; 0 before the first retry.
    at: u64,
    /// The part of a token that had come in by then, below [`PARTS`].
    part: u128,
}

impl Inflow {
    const NEW: Self = Self { at: 0, part: 0 };

    /// Returns the whole tokens that have come in up to `now`, and the state to keep for the next
    /// time. If `now` lies behind, as another runtime's clock may, nothing has come in.
    fn up_to(self, now: u64, refill: u32) -> (u32, Self) {
        let parts = u128::from(now.saturating_sub(self.at)) * u128::from(refill) + self.part;
        let tokens = u32::try_from(parts / PARTS).unwrap_or(u32::MAX);
        let part = parts % PARTS;
        (tokens, Self { at: now, part })
    }
}

impl Budget {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            spent: AtomicU32::new(0),
            inflow: Mutex::new(Inflow::NEW),
        }
    }

    /// Creates a full bucket; not const, since the model checker's atomics are not.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes the cost of a retry. Returns false, and takes nothing, if not enough is left. `now`
    /// returns the time in nanoseconds; it is called only if time gives tokens back.
    pub(crate) fn take(&self, policy: BudgetPolicy, now: impl FnOnce() -> u64) -> bool {
        if policy.refill == 0 {
            return self.pay(policy, 0).is_some();
        }
        let mut inflow = self.inflow();
        let now = now();
        if now < inflow.at {
            // The kept instant is from another runtime's clock: from here on this one counts.
            *inflow = Inflow { at: now, part: 0 };
        }
        let (came_in, next) = inflow.up_to(now, policy.refill);
        if broken("refill_under_lock") {
            drop(inflow);
            inflow = self.inflow();
        }
        let paid = self.pay(policy, came_in);
        match paid {
            // The bucket was full: the inflow that did not fit is lost.
            Some(Before::Full) => *inflow = Inflow { at: now, part: 0 },
            Some(Before::Short) => *inflow = next,
            // Nothing was taken and nothing given: the inflow is counted with the next retry.
            None => {}
        }
        paid.is_some()
    }

    /// Adds the inflow and takes the cost. Returns `None` if there is not enough.
    fn pay(&self, policy: BudgetPolicy, came_in: u32) -> Option<Before> {
        let mut before = Before::Short;
        let paid = self.spent.fetch_update(Relaxed, Relaxed, |spent| {
            // A function that shares the budget may have set a smaller capacity since.
            let spent = spent.min(policy.capacity).saturating_sub(came_in);
            before = if spent == 0 {
                Before::Full
            } else {
                Before::Short
            };
            spent
                .checked_add(policy.cost)
                .filter(|&s| s <= policy.capacity)
        });
        paid.ok().map(|_| before)
    }

    /// Returns the number of tokens that are left at `now`, in nanoseconds.
    #[cfg(any(feature = "catalog", feature = "metrics"))]
    pub(super) fn left(&self, policy: BudgetPolicy, now: u64) -> u32 {
        let (came_in, _) = match self.inflow() {
            inflow if policy.refill > 0 => inflow.up_to(now, policy.refill),
            inflow => (0, *inflow),
        };
        let spent = self.spent.load(Relaxed).min(policy.capacity);
        policy.capacity - spent.saturating_sub(came_in)
    }

    fn inflow(&self) -> MutexGuard<'_, Inflow> {
        self.inflow.lock().unwrap_or_else(PoisonError::into_inner)
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

/// How full a bucket was before a retry was paid for.
#[derive(Clone, Copy)]
enum Before {
    /// It held all that it can hold.
    Full,
    /// It held less.
    Short,
}

/// A budget that is shared by its name.
#[derive(Debug)]
pub(crate) struct Named {
    pub(super) name: &'static str,
    pub(super) budget: Budget,
    /// The numbers in use and the function that gave them: the first that gave any.
    pub(super) set: OnceLock<(BudgetPolicy, &'static str)>,
    /// Numbers in the place of those.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) instead: super::replacing::Replacing,
}

impl Named {
    /// Returns the numbers in use: the defaults until a function has set others.
    pub(super) fn policy(&self) -> BudgetPolicy {
        #[cfg(all(feature = "control", not(loom)))]
        if let Some(instead) = self.instead.get() {
            return instead;
        }
        self.set
            .get()
            .map_or(BudgetPolicy::DEFAULT, |(set, _)| *set)
    }

    /// Adopts the numbers that `function` gives, if it gives any and is the first. If another
    /// function has given different ones, the conflict is noted and told.
    fn adopt(&self, policy: &RetryPolicy, function: &'static str) {
        let Some(given) = policy.budget.filter(|_| policy.budget_is_given) else {
            return;
        };
        let (set, by) = *self.set.get_or_init(|| (given, function));
        if set != given {
            conflict::note(ConflictKind::Budget, self.name, by, function);
        }
    }
}

/// The budgets that have names.
type Table = HashMap<&'static str, &'static Named>;

pub(super) fn all() -> std::sync::MutexGuard<'static, Table> {
    static ALL: OnceLock<StdMutex<Table>> = OnceLock::new();
    let all = ALL.get_or_init(StdMutex::default);
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the budget called `name`, and makes it if there is none. `function` gives the numbers of
/// its `policy` if they are written out. Only annotated functions make budgets, and their number
/// bounds the map.
pub(crate) fn named(
    name: &'static str,
    policy: &RetryPolicy,
    function: &'static str,
) -> &'static Named {
    let mut all = all();
    let named = *all.entry(name).or_insert_with(|| {
        Box::leak(Box::new(Named {
            name,
            budget: Budget::default(),
            set: OnceLock::new(),
            #[cfg(all(feature = "control", not(loom)))]
            instead: super::replacing::Replacing::default(),
        }))
    });
    drop(all);
    named.adopt(policy, function);
    #[cfg(all(feature = "control", not(loom)))]
    if let Some(edit) = EDIT.get() {
        named.edit(*edit);
    }
    named
}

/// Makes the numbers of a name that take the place of those that were given, if others are to do so.
#[cfg(all(feature = "control", not(loom)))]
pub(crate) type BudgetEdit = fn(&str, BudgetPolicy) -> Option<BudgetPolicy>;

#[cfg(all(feature = "control", not(loom)))]
pub(super) static EDIT: OnceLock<BudgetEdit> = OnceLock::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extremes::{cases, counts};

    const SECOND: u64 = 1_000_000_000;

    /// Where time gives nothing.
    fn plain(capacity: u32, cost: u32) -> BudgetPolicy {
        BudgetPolicy::new(capacity, cost).refill(0)
    }

    fn take(b: &Budget, p: BudgetPolicy) -> bool {
        b.take(p, || unreachable!("the clock is not read"))
    }

    #[test]
    fn twenty_tokens_allow_four_retries_and_five_successes_buy_one_more() {
        let (b, p) = (Budget::new(), plain(20, 5));
        assert_eq!((0..9).filter(|_| take(&b, p)).count(), 4);
        for _ in 0..4 {
            b.give(1);
        }
        assert!(!take(&b, p));
        b.give(1);
        assert!(take(&b, p));
        assert!(!take(&b, p));
    }

    #[test]
    fn it_never_holds_more_than_its_capacity() {
        let (b, p) = (Budget::new(), plain(10, 5));
        for _ in 0..100 {
            b.give(5);
        }
        assert_eq!((0..9).filter(|_| take(&b, p)).count(), 2);
    }

    #[test]
    fn a_cost_above_all_bounds_is_refused_not_wrapped() {
        let (b, p) = (Budget::new(), plain(u32::MAX, u32::MAX));
        assert!(take(&b, p));
        assert!(!take(&b, p));
    }

    #[test]
    fn time_gives_tokens_up_to_the_capacity() {
        let (b, p) = (Budget::new(), BudgetPolicy::new(20, 5).refill(2));
        let at = |s: u64| move || SECOND * s;
        assert_eq!((0..9).filter(|_| b.take(p, at(100))).count(), 4);
        assert!(!b.take(p, at(102)), "four have come in");
        assert!(b.take(p, at(103)), "six");
        assert!(!b.take(p, at(104)), "one is left, and two more");
        assert!(b.take(p, at(105)));
        assert_eq!(
            (0..9).filter(|_| b.take(p, at(9_000))).count(),
            4,
            "not more"
        );
    }

    #[test]
    fn no_part_of_a_token_is_lost_however_often_it_is_asked() {
        for (refill, step) in [
            (1, SECOND / 3),
            (3, SECOND / 7),
            (1_500, SECOND / 1_000),
            (7, 1),
        ] {
            let (b, p) = (Budget::new(), BudgetPolicy::new(1_000, 1).refill(refill));
            let mut now = SECOND;
            while b.take(p, || now) {}
            let taken = (0..100_000)
                .filter(|_| {
                    now += step;
                    b.take(p, || now)
                })
                .count();
            let came_in = u128::from(now - SECOND) * u128::from(refill) / u128::from(SECOND);
            // As many as have come in, but for what is left over where more come in than are taken.
            let taken = u128::try_from(taken).unwrap();
            assert!(
                taken == came_in.min(100_000),
                "{refill}: {taken} of {came_in}"
            );
        }
    }

    #[test]
    fn a_full_bucket_saves_nothing_up() {
        let (b, p) = (Budget::new(), BudgetPolicy::new(10, 5).refill(1));
        assert!(b.take(p, || 100 * SECOND));
        b.give(5);
        // A minute later it is as full as it was: two, and then one every five seconds.
        assert_eq!((0..9).filter(|_| b.take(p, || 160 * SECOND)).count(), 2);
        assert!(!b.take(p, || 164 * SECOND));
        assert!(b.take(p, || 165 * SECOND));
    }

    #[test]
    fn a_clock_that_lies_behind_gives_nothing_and_goes_on_from_there() {
        let (b, p) = (Budget::new(), BudgetPolicy::new(5, 5).refill(1));
        assert!(b.take(p, || 1_000 * SECOND));
        assert!(!b.take(p, || 10 * SECOND));
        assert!(!b.take(p, || 14 * SECOND));
        assert!(b.take(p, || 15 * SECOND));
        assert!(b.take(p, || u64::MAX), "and no sum overflows");
    }

    #[test]
    fn a_named_one_takes_the_numbers_of_the_first_that_gives_any() {
        static NONE: RetryPolicy = RetryPolicy::new();
        static SOME: RetryPolicy = RetryPolicy::new().budget(BudgetPolicy::new(10, 5));
        static OTHER: RetryPolicy = RetryPolicy::new().budget(BudgetPolicy::new(20, 5));
        let of = |policy, function| named("budget.tests", policy, function);
        let b = of(&NONE, "one");
        assert_eq!(b.policy(), BudgetPolicy::DEFAULT);
        assert!(std::ptr::eq(of(&SOME, "two"), b));
        assert_eq!(b.policy(), BudgetPolicy::new(10, 5));
        assert!(std::ptr::eq(of(&OTHER, "three"), b));
        assert!(
            std::ptr::eq(of(&SOME, "four"), b),
            "the same numbers are none other"
        );
        assert_eq!(b.policy(), BudgetPolicy::new(10, 5));
        let conflicts = conflict::all();
        let ours: Vec<_> = conflicts
            .iter()
            .filter(|c| c.name == "budget.tests")
            .collect();
        assert_eq!(ours.len(), 1, "{ours:?}");
        assert_eq!((ours[0].used, ours[0].ignored), ("two", "three"));
    }

    proptest::proptest! {
        #![proptest_config(cases())]

        #[test]
        fn no_more_is_spent_than_there_is(
            (capacity, cost, refill) in (counts(), counts(), counts()),
            steps in proptest::collection::vec((proptest::bool::ANY, counts()), 0..20),
        ) {
            let policy = BudgetPolicy::new(capacity, cost).refill(refill);
            let budget = Budget::new();
            // By the second, so that no part of a token is left.
            let (mut spent, mut now, mut since) = (0_u32, SECOND, 0_u64);
            for (take, n) in steps {
                if take {
                    now = now.saturating_add(SECOND * u64::from(n % 4));
                    since += u64::from(n % 4);
                    let came_in = u64::from(refill) * since;
                    let left = spent.saturating_sub(u32::try_from(came_in).unwrap_or(u32::MAX));
                    let fits = left.checked_add(cost).is_some_and(|s| s <= capacity);
                    proptest::prop_assert_eq!(budget.take(policy, || now), fits);
                    if fits {
                        spent = left + cost;
                        since = 0;
                    }
                } else {
                    budget.give(n);
                    spent = spent.saturating_sub(n);
                }
            }
        }
    }
}

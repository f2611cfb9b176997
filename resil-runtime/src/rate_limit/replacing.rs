//! Other settings in the place of those that a rate limit was given.
//!
//! The word of a rate limit counts in units of its rules, so that other rules need another word. They
//! come with a rate limit of their own, which counts in the place of the first one. It begins with no more
//! calls left than the one before it had, and its turns come after those that were promised. One that has counted
//! nothing begins as a new one.
//!
//! Calls come meanwhile. So the word of the one before is *sealed* first: it lies so far ahead that it lets nobody in,
//! and whoever has read it before can't change it any more. Then it is known what was counted. Who finds it sealed
//! waits until the other one is there, and asks that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::limit::{Hot, InUse, Limit, Taken};
use super::policy::RateLimitPolicy;
use super::rules::{Rules, SEAL, SEALED};
use crate::instead::Changing;
use crate::named::MANUAL;

/// What a rate limit had counted when it was sealed.
struct Counted<'a> {
    rules: &'a Rules,
    /// How far ahead the word lay, in the units of the rules.
    ahead: u64,
    /// The time then, in nanoseconds.
    at: u64,
}

impl Taken {
    /// Returns what is left of a look at another rate limit.
    pub(super) fn or_undecided(self) -> Self {
        match self {
            Self::In => Self::In,
            Self::TooEarly(_) | Self::Undecided => Self::Undecided,
        }
    }
}

impl Limit {
    /// Puts the settings of `policy` in the place of those that were adopted, or takes these again. Calls
    /// that wait for a turn keep it.
    pub(super) fn replace(&self, policy: Option<&RateLimitPolicy>, clock: impl Fn() -> u64) {
        let changing = self.instead.change();
        let same = |policy: &RateLimitPolicy| {
            self.settings() == policy.settings() && self.max_keys() == policy.keys()
        };
        match policy {
            Some(policy) if same(policy) => {}
            Some(policy) => {
                let other = self.another();
                let _ = other.adopt(policy, MANUAL, &clock);
                self.count_on(&changing, Some(other), clock);
            }
            None if changing.get().is_some() => self.count_on(&changing, None, clock),
            None => {}
        }
    }

    /// Uses the same settings as `base`, the rate limit of the name that this key is under.
    pub(super) fn follow(&self, base: &Self, clock: impl Fn() -> u64) {
        self.instead.follow(&base.instead, |changing, other| {
            let other = other.map(|of| {
                let other = self.another();
                let _ = other.adopt_settings(of.settings(), of.max_keys(), MANUAL, &clock);
                other
            });
            self.count_on(changing, other, clock);
        });
    }

    /// Creates a rate limit that is to count in the place of this one.
    fn another(&self) -> Self {
        // Not the address: a later one may have that of an earlier one.
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self {
            number: LAST.fetch_add(1, Ordering::Relaxed) + 1,
            ..Self::of(self.name, self.key.clone())
        }
    }

    /// Counts on in `other`, or in this one again.
    fn count_on(
        &self,
        changing: &Changing<'_, Self>,
        other: Option<Self>,
        clock: impl Fn() -> u64,
    ) {
        let before = changing.get();
        if before.is_none() && other.is_none() {
            // What a key follows was taken away before the key was there.
            changing.set(None);
            return;
        }
        let counted = before.as_deref().unwrap_or(self).seal(clock);
        other.as_ref().unwrap_or(self).go_on(counted.as_ref());
        changing.set(other.map(Arc::new));
    }

    /// Lets nobody in from here on. Returns what was counted; `None` if that is nothing.
    fn seal(&self, clock: impl Fn() -> u64) -> Option<Counted<'_>> {
        let InUse { rules, begun, .. } = self.in_use.get()?;
        let rules = rules.as_ref()?;
        let mut word = self.load();
        let mut reach = self.hot.reach.swap(SEALED, Ordering::AcqRel);
        self.reached.store(reach, Ordering::Relaxed);
        loop {
            let at = clock();
            let now = rules.at(at);
            let sealed = now.wrapping_add(SEAL);
            let done =
                self.hot
                    .word
                    .compare_exchange(word, sealed, Ordering::AcqRel, Ordering::Acquire);
            let Err(changed) = done else {
                let ahead = Rules::ahead(word, now, reach);
                return (word != *begun).then_some(Counted { rules, ahead, at });
            };
            // It is of this moment, however far ahead.
            (word, reach) = (changed, rules.farthest());
        }
    }

    /// Begins with what another one has counted; anew if that is nothing.
    fn go_on(&self, counted: Option<&Counted<'_>>) {
        let Some(InUse { rules, begun, .. }) = self.in_use.get() else {
            return;
        };
        let Some(rules) = rules else {
            return;
        };
        let (word, ahead) = match counted {
            None => (*begun, 0),
            Some(counted) => {
                let now = rules.at(counted.at);
                let ahead = rules.go_on(counted.rules, counted.ahead);
                // Where nothing is owed it lies behind the clock: to begin with it did not.
                let from = if ahead == 0 { now.wrapping_sub(1) } else { now };
                (from.wrapping_add(ahead), ahead)
            }
        };
        let Hot { word: hot, reach } = &self.hot;
        let reached = self.reached.load(Ordering::Relaxed);
        let far = reached.max(rules.reach()).max(rules.beyond(ahead));
        // First the word: by this reach a sealed one would lie in the past.
        hot.store(word, Ordering::Release);
        reach.store(far, Ordering::Release);
    }
}

//! Other settings in the place of those that a rate limit was given.
//!
//! The word of a rate limit counts in units of its rules, so that other rules need another word. They
//! come with a rate limit of their own, which counts in the place of the first one. It begins with no more
//! calls left than the one before it had.

use std::sync::Arc;

use super::limit::{Limit, Taken};
use super::policy::RateLimitPolicy;
use crate::named::MANUAL;

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
        let same = |policy: &RateLimitPolicy| {
            self.settings() == policy.settings() && self.max_keys() == policy.keys()
        };
        match policy {
            Some(policy) if same(policy) => {}
            Some(policy) => {
                let other = Self::of(self.name, self.key.clone());
                let _ = other.adopt(policy, MANUAL, &clock);
                self.count_on(Some(other), clock);
            }
            None if self.instead.get().is_some() => self.count_on(None, clock),
            None => {}
        }
    }

    /// Uses the same settings as `base`, the rate limit of the name that this key is under.
    pub(super) fn follow(&self, base: &Self, clock: impl Fn() -> u64) {
        let Some((version, other)) = base.instead.newer_than(&self.instead) else {
            return;
        };
        let other = other.map(|of| {
            let other = Self::of(self.name, self.key.clone());
            let _ = other.adopt_settings(of.settings(), of.max_keys(), MANUAL, &clock);
            other
        });
        self.count_on(other, clock);
        self.instead.follows(version);
    }

    /// Counts on in `other`, or in this one again, with no more calls left than before.
    fn count_on(&self, other: Option<Self>, clock: impl Fn() -> u64) {
        let left = self.available(&clock);
        let take = |now: &Self| {
            let taken = now.available(&clock).saturating_sub(left);
            let _ = now.take(taken, &clock);
        };
        if let Some(other) = other {
            take(&other);
            self.instead.set(Some(Arc::new(other)));
        } else {
            self.instead.set(None);
            take(self);
        }
    }
}

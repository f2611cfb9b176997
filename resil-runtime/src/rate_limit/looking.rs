//! What a rate limit would say to a call that comes now.

use std::time::Duration;

use super::limit::Limit;
use super::rules::{Rules, SEALED};

impl Limit {
    /// Returns how many calls of cost 1 would be let in now; `u32::MAX` as long as nothing
    /// is limited.
    pub(crate) fn available(&self, clock: impl Fn() -> u64) -> u32 {
        self.look(clock, Rules::left).unwrap_or(u32::MAX)
    }

    /// Returns the time until a call of cost 1 would be let in.
    pub(super) fn next_in(&self, clock: impl Fn() -> u64) -> Duration {
        self.look(clock, Rules::until_next).unwrap_or_default()
    }

    /// Whether a new rate limit would let in the same calls from `ns` on, in nanoseconds.
    pub(super) fn is_at_rest(&self, ns: u64) -> bool {
        self.look(|| ns, |_, ahead| ahead == 0).unwrap_or(true)
    }

    /// Returns `look` at how far the word lies ahead; `None` as long as nothing is limited.
    fn look<S>(&self, clock: impl Fn() -> u64, look: impl Fn(&Rules, u64) -> S) -> Option<S> {
        self.counting(|limit| {
            let Some(rules) = limit.rules() else {
                return Some(None);
            };
            let (word, reach) = (limit.load(), limit.reach());
            let ahead = || Rules::ahead(word, rules.at(clock()), reach);
            (reach < SEALED).then(|| Some(look(rules, ahead())))
        })
    }
}

//! The worst case of a rate limit.

use super::options::RateLimit;
use crate::policy::WorstCase;
use crate::policy::words::duration;

impl RateLimit {
    /// Returns the worst case of the code inside, after the wait for a turn.
    pub(super) fn after_its_turn(&self, inside: WorstCase) -> WorstCase {
        match &self.wait {
            Some(wait) => {
                let words = format!("a wait of at most {} for its turn", duration(wait));
                inside.after_wait(wait.literal().copied(), words)
            }
            None if self.may_wait() => inside.after_wait(None, "a wait for its turn".to_owned()),
            None => inside,
        }
    }
}

//! The worst case of a rate limit.

use super::options::RateLimit;
use crate::policy::WorstCase;
use crate::policy::words::duration;

impl RateLimit {
    /// Returns the worst case of the code inside, after the wait for a turn.
    pub(super) fn after_its_turn(&self, inside: WorstCase) -> WorstCase {
        // The settings of the store say how long a call waits for its answer, and the code does not.
        let answer = self.store.as_ref().map(|_| "the store's answer");
        match &self.wait {
            Some(wait) if answer.is_some() => {
                let words = format!(
                    "the store's answer and a wait of at most {} for its turn",
                    duration(wait)
                );
                inside.after_wait(None, words)
            }
            Some(wait) => {
                let words = format!("a wait of at most {} for its turn", duration(wait));
                inside.after_wait(wait.literal().copied(), words)
            }
            None if self.may_wait() && answer.is_some() => inside.after_wait(
                None,
                "the store's answer and a wait for its turn".to_owned(),
            ),
            None if self.may_wait() => inside.after_wait(None, "a wait for its turn".to_owned()),
            None => match answer {
                Some(answer) => inside.after_wait(None, answer.to_owned()),
                None => inside,
            },
        }
    }
}

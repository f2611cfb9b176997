//! The worst case of a hedge.

use std::time::Duration;

use super::options::{After, Budget, Hedge};
use crate::policy::WorstCase;
use crate::policy::worst_case::Times;

impl Hedge {
    /// Returns the worst case of all copies, of at most `one` each. A copy is started when the one
    /// before it has run for the delay, or has failed, whichever is sooner. With a budget it may be the
    /// later one: none may be left after the delay, and some when the copy fails.
    pub(super) fn copied(&self, one: WorstCase) -> WorstCase {
        let copies = self.copies_in_words();
        let runs = match &one.runs {
            None => copies,
            Some(runs) => format!("{copies} of {runs} each"),
        };
        let time = one.time.and_then(|time| {
            let further = self.copies()?.checked_sub(1)?;
            Some(Times {
                own: self.starts(further, time.own)?,
                with_retry_after: self.starts(further, time.with_retry_after)?,
            })
        });
        WorstCase {
            runs: Some(runs),
            time,
            ..one
        }
    }

    /// Returns the end of the last copy, if each takes `one`.
    fn starts(&self, further: u32, one: Duration) -> Option<Duration> {
        let is_paid_for = matches!(self.budget, Some(Budget::Off));
        let after = self.after.as_ref().and_then(After::literal);
        let after = after.filter(|_| is_paid_for);
        let apart = after.map_or(one, |after| after.min(one));
        apart.checked_mul(further)?.checked_add(one)
    }
}

//! The worst case of a retry.

use super::options::{Max, Retry};
use crate::parse::{Const, show};
use crate::policy::WorstCase;
use crate::policy::words::written;
use crate::policy::worst_case::{Times, at_most, bound};

impl Retry {
    /// Returns the worst case of all attempts, of at most `one` each, and of the delays between
    /// them.
    pub(super) fn repeated(&self, one: WorstCase) -> WorstCase {
        let runs = Some(self.runs_in_words());
        if self.runs() == Some(1) {
            return WorstCase { runs, ..one };
        }
        let waits = self.longest_waits();
        let all = one.time.and_then(|time| {
            let (attempts, waits) = (time.own.checked_mul(self.runs()?)?, waits?);
            waits.own.checked_add(attempts)?;
            Some(waits.map(|waits| attempts.saturating_add(waits)))
        });
        // `within` is checked before each delay: the attempt after the last one may still take its
        // time.
        let within = self.within.as_ref().and_then(Const::literal);
        let within = within.and_then(|within| within.checked_add(one.time?.own));
        let time = match (all, within) {
            (Some(all), Some(within)) => Some(all.map(|time| time.min(within))),
            (None, Some(within)) => Some(Times::exactly(within)),
            (all, None) => all,
        };
        WorstCase {
            runs,
            time,
            attempts: Some(self.each_attempt(&one, waits)),
            limits: Vec::new(),
            other_caller: one.other_caller.map(|_| "each attempt's wait"),
            turn: one.turn.map(|turn| format!("{turn} before each attempt")),
        }
    }

    /// Describes one attempt, the delays and the end, if they can't be summed up.
    fn each_attempt(&self, one: &WorstCase, waits: Option<Times>) -> String {
        let each = match (one.time, one.limits.as_slice()) {
            (Some(time), _) => format!("of about {} each", bound(time.own)),
            (None, []) => "each for as long as the body takes".to_owned(),
            (None, limits) => format!("of {} each", at_most(limits)),
        };
        let waits = match waits {
            None => "the waits between them".to_owned(),
            Some(waits) => format!(
                "about {} of waits between them{}",
                bound(waits.own),
                waits.retry_after_in_words("ones")
            ),
        };
        let within = match &self.within {
            None => String::new(),
            Some(within) => match within.literal() {
                Some(within) => format!(", none begun after {}", show(*within)),
                None => format!(", none begun after {}", written(within.tokens())),
            },
        };
        format!(", {each}, and {waits}{within}")
    }

    fn runs_in_words(&self) -> String {
        match (self.runs(), &self.max, &self.policy) {
            (Some(1), ..) => "one attempt".to_owned(),
            (Some(n), ..) => format!("{n} attempts"),
            (None, Some(Max::Count(max)), _) => format!("{} attempts", written(max.tokens())),
            (None, None, Some(policy)) => {
                format!("as many attempts as {} allows", written(policy.tokens()))
            }
            (None, ..) => "any number of attempts".to_owned(),
        }
    }
}

//! Describes a `#[bulkhead]` in words.

use resil_language::plural::counted;

use super::options::Bulkhead;
use crate::parse::Const;
use crate::policy::words::{code, departing, departures, duration, which, written};

impl Bulkhead {
    pub(super) fn in_words(&self) -> String {
        let says = match &self.policy {
            Some(policy) => Some(departing(policy.tokens(), &departures(&self.settings()))),
            // Else another function has its settings, and they are not known here.
            None => self.limit_in_words(),
        };
        let says = says.map_or_else(String::new, |says| format!(": {says}"));
        let which = which(self.name.as_ref(), self.key.as_ref());
        format!("**bulkhead**{which}{says}")
    }

    /// Describes how many calls are inside at once, and how many wait.
    fn limit_in_words(&self) -> Option<String> {
        let limit = match (&self.max, &self.adaptive) {
            (Some(max), _) => {
                let calls = counted(written(max.tokens()), "call", "calls");
                format!("at most {calls} at once")
            }
            (None, Some(adaptive)) => {
                let show = |value: Option<&Const<u32>>, default: u32| match value {
                    Some(value) => written(value.tokens()),
                    None => code(&default.to_string()),
                };
                let bounds = adaptive.bounds_in_words(show);
                format!("as many calls at once as the latency allows, {bounds}")
            }
            (None, None) => return None,
        };
        let Some(queue) = self.queue.as_ref().filter(|q| q.literal() != Some(&0)) else {
            return Some(format!("{limit}; others are refused"));
        };
        let wait = self.wait.as_ref().map_or_else(String::new, |wait| {
            format!(" for at most {}", duration(wait))
        });
        Some(format!(
            "{limit}; {}{wait}",
            counted(written(queue.tokens()), "more waits", "more wait")
        ))
    }

    /// Describes the wait for a place, for the worst case.
    pub(super) fn wait_in_words(&self) -> String {
        match &self.wait {
            Some(wait) => format!("a wait of at most {} for a place", duration(wait)),
            None => "the wait for a place".to_owned(),
        }
    }
}

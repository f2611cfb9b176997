//! Describes a `#[rate_limit]` in words.

use super::options::RateLimit;
use crate::policy::words::{departing, departures, duration, which, written};

impl RateLimit {
    pub(super) fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if let Some(policy) = &self.policy {
            parts.push(departing(policy.tokens(), &departures(&self.settings())));
        } else if let (Some(max), Some(per)) = (&self.max, &self.per) {
            let burst = self.burst.as_ref().unwrap_or(max);
            parts.push(format!(
                "at most {} calls in {}, {} at once",
                written(max.tokens()),
                duration(per),
                written(burst.tokens())
            ));
            parts.extend(self.wait.as_ref().map(|wait| {
                format!(
                    "a call that is too early waits for at most {}",
                    duration(wait)
                )
            }));
        }
        // Else it has a name alone: another function has its settings, and they are not known here.
        parts.extend(
            self.cost
                .as_ref()
                .map(|cost| format!("a call weighs {}", written(&cost.tokens))),
        );
        let colon = if parts.is_empty() { "" } else { ": " };
        let which = which(self.name.as_ref(), self.key.as_ref());
        format!("**rate limit**{which}{colon}{}", parts.join("; "))
    }
}

//! Describes a `#[rate_limit]` in words.

use super::options::RateLimit;
use crate::policy::words::{code, departing, duration, written};
use crate::tokens::shown_whole;

impl RateLimit {
    pub(super) fn in_words(&self) -> String {
        let name = self
            .name
            .as_ref()
            .map_or_else(String::new, |n| format!(" {}", code(&n.value())));
        let per_key = self
            .key
            .as_ref()
            .map_or_else(String::new, |k| format!(", one for each {}", written(k)));
        let mut parts = Vec::new();
        if let Some(policy) = &self.policy {
            parts.push(departing(policy.tokens(), &self.departures()));
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
        format!("**rate limit**{name}{per_key}{colon}{}", parts.join("; "))
    }

    /// Formats the settings that are written.
    fn departures(&self) -> Vec<String> {
        self.settings()
            .iter()
            .map(|setting| {
                let value = shown_whole(setting.tokens());
                code(&format!("{} = {value}", setting.name))
            })
            .collect()
    }
}

//! Describes a `#[rate_limit]` in words.

use quote::quote;
use resil_language::plural::counted;

use super::options::RateLimit;
use crate::policy::store::Store;
use crate::policy::words::{departing, departures, duration, which, written};

impl RateLimit {
    pub(super) fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if let Some(policy) = &self.policy {
            parts.push(departing(policy.tokens(), &departures(&self.settings())));
        } else if let (Some(max), Some(per)) = (&self.max, &self.per) {
            let burst = self.burst.as_ref().unwrap_or(max);
            parts.push(format!(
                "at most {} in {}, {} at once",
                counted(written(max.tokens()), "call", "calls"),
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
        parts.extend(self.store.as_ref().map(|store| {
            let store = match store {
                Store::Named(name) => written(&quote!(#name)),
                Store::Of(value) => written(value),
            };
            let outage = match (&self.on_outage, &self.policy) {
                (Some(word), _) => format!("; while it is away, {}", in_an_outage(word.word)),
                // Those of a policy, or of another function that gives the name, are not known here.
                (None, None) if !self.settings().is_empty() => {
                    format!("; while it is away, {}", in_an_outage("local"))
                }
                _ => String::new(),
            };
            format!("counted over all hosts in the store {store}{outage}")
        }));
        let colon = if parts.is_empty() { "" } else { ": " };
        let which = which(self.name.as_ref(), self.key.as_ref());
        format!("**rate limit**{which}{colon}{}", parts.join("; "))
    }
}

/// Describes the calls while the store is away.
fn in_an_outage(on_outage: &str) -> &'static str {
    match on_outage {
        "open" => "all calls are let in",
        "closed" => "all calls are refused",
        _ => "each process counts alone",
    }
}

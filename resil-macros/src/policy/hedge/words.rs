//! Describes a `#[hedge]` in words.

use super::options::{After, Budget, Hedge};
use crate::facts::Classifies;
use crate::policy::words::{code, departing, duration, written};
use crate::tokens::shown_whole;

impl Hedge {
    pub(super) fn in_words(&self) -> String {
        let mut parts = Vec::new();
        parts.push(if let Some(policy) = &self.policy {
            departing(policy.tokens(), &self.departures())
        } else {
            let after = self.after.as_ref().map_or_else(String::new, after_in_words);
            format!("up to {}, a further one {after}", self.copies_in_words())
        });
        parts.extend(
            self.on
                .as_ref()
                .map(|p| format!("at once after {}", written(&p.written))),
        );
        parts.extend(
            self.unless
                .as_ref()
                .map(|p| format!("{} ends the call", written(&p.written))),
        );
        if self.policy.is_none() {
            parts.push(match &self.budget {
                None => "at most `10%` more calls on average".to_owned(),
                Some(Budget::Ratio(share)) => {
                    format!("at most {} more calls on average", written(share.tokens()))
                }
                Some(Budget::Off) => "no budget".to_owned(),
            });
        }
        format!("**hedge**: {}", parts.join("; "))
    }

    /// Returns the decision that is left to the class of an error.
    pub(super) fn classifies(&self) -> Option<Classifies> {
        self.on.is_none().then(|| Classifies {
            consequence: "starts the next copy at once",
            has_exceptions: self.unless.is_some(),
        })
    }

    /// Returns the number of copies in words: `2 copies`.
    pub(super) fn copies_in_words(&self) -> String {
        match (self.copies(), &self.max, &self.policy) {
            (Some(n), ..) => format!("{n} copies"),
            (None, Some(max), _) => format!("{} copies", written(max.tokens())),
            (None, None, Some(policy)) => {
                format!("as many copies as {} allows", written(policy.tokens()))
            }
            (None, None, None) => "several copies".to_owned(),
        }
    }

    /// Formats the options beside a `policy`, without those that have a phrase of their own.
    fn departures(&self) -> Vec<String> {
        let option = |name: &str, value: &str| code(&format!("{name} = {value}"));
        let mut all = Vec::new();
        all.extend(
            self.after
                .as_ref()
                .map(|after| option("after", &shown_whole(after.tokens()))),
        );
        all.extend(
            self.max
                .as_ref()
                .map(|max| option("max", &shown_whole(max.tokens()))),
        );
        all.extend(self.budget.as_ref().map(|budget| match budget {
            Budget::Off => option("budget", "off"),
            Budget::Ratio(share) => option("budget", &shown_whole(share.tokens())),
        }));
        all
    }
}

fn after_in_words(after: &After) -> String {
    match after {
        After::Delay(delay) => format!("after {}", duration(delay)),
        After::Percentile { name, default, .. } => {
            let until = match default {
                None => "none until `100` successes have come".to_owned(),
                Some(default) => {
                    format!(
                        "after {} until `100` successes have come",
                        duration(default)
                    )
                }
            };
            format!(
                "when the others have run for longer than {} of the latest successes took ({until})",
                code(name)
            )
        }
    }
}

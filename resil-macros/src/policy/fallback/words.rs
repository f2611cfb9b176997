//! Describes a `#[fallback]` in words.

use super::options::{Fallback, Source};
use crate::policy::words::{code, duration, written};
use crate::tokens::shown_whole;

/// The longest expression that is shown; a longer one is called an expression.
const LONGEST: usize = 60;

impl Fallback {
    pub(super) fn in_words(&self) -> String {
        let value = match &self.source {
            Source::Expression(expression) => {
                let text = shown_whole(&expression.written);
                if text.chars().count() <= LONGEST {
                    code(&text)
                } else {
                    "an expression of its own".to_owned()
                }
            }
            Source::LastOk => self.last_ok_in_words(),
        };
        let mut parts = vec![format!("{value} in place of an error")];
        parts.extend(
            self.on
                .as_ref()
                .map(|p| format!("only for {}", written(&p.written))),
        );
        parts.extend(
            self.unless
                .as_ref()
                .map(|p| format!("never for {}", written(&p.written))),
        );
        format!("**fallback**: {}", parts.join("; "))
    }

    fn last_ok_in_words(&self) -> String {
        let key = self.key.as_ref();
        let key = key.map_or_else(String::new, |key| format!(" of {}", written(key)));
        let age = self.max_age.as_ref();
        let age = age.map_or_else(String::new, |age| {
            format!(", at most {} old,", duration(age))
        });
        format!("the last good value{key}{age}")
    }
}

//! Describes a `#[timeout]` in words.

use super::options::Timeout;
use crate::parse::{DurationValue, show};
use crate::policy::words::{code, written};

impl Timeout {
    pub(super) fn in_words(&self) -> String {
        format!("**timeout**: {}", limit_in_words(&self.limit))
    }
}

/// Formats the limit as a code span.
pub(super) fn limit_in_words(limit: &DurationValue) -> String {
    match limit.literal() {
        Some(limit) => code(&show(limit)),
        None => written(limit.tokens()),
    }
}

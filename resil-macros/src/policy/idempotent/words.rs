//! Describes an `#[idempotent]` in words.

use super::options::Idempotent;
use crate::policy::words::{code, duration};
use crate::tokens::shown_whole;

impl Idempotent {
    pub(super) fn in_words(&self) -> String {
        let key: Vec<String> = self.key.iter().map(shown_whole).collect();
        let ttl = self
            .ttl
            .as_ref()
            .map_or_else(|| "`24h`".to_owned(), duration);
        let conflict = if self.conflict_reject {
            "a second caller meanwhile is refused"
        } else {
            "a second caller meanwhile waits"
        };
        let forgotten = self.forget_ok.as_ref().map_or_else(String::new, |p| {
            let ok = format!("Ok({})", shown_whole(&p.written));
            format!("; not for {}, which frees the key", code(&ok))
        });
        format!(
            "**idempotent**: by {}, replayed for {ttl}; {conflict}{forgotten}",
            code(&key.join(", "))
        )
    }
}

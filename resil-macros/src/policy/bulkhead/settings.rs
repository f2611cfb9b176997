//! The settings of a bulkhead that are written, as one list for code and docs.

use super::adaptive::MOST;
use super::options::Bulkhead;
use crate::emit::{Setting, SettingCode, not_zero};

impl Bulkhead {
    /// Returns the settings that are written.
    pub(super) fn settings(&self) -> Vec<Setting<'_>> {
        let adaptive = self.adaptive.as_ref().map(|a| a as &dyn SettingCode);
        [
            Setting::count("max", self.max.as_ref(), (1, MOST), "between 1 and 65535"),
            Setting::other("adaptive", adaptive),
            Setting::count("queue", self.queue.as_ref(), (0, u32::MAX), "a count"),
            Setting::duration("wait", self.wait.as_ref(), not_zero),
            Setting::count(
                "max_keys",
                self.max_keys.as_ref(),
                (1, u32::MAX),
                "at least 1",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

//! The beginning of a call: it takes the settings in force, and keeps them to its end.

use super::operations;
use super::site::{ControlSite, Controlled};
use super::written::Written;

impl ControlSite {
    /// Returns the settings of a call that begins. `written` has the layers as the attributes write them.
    #[inline]
    pub fn begin(&'static self, written: &'static [Written]) -> Controlled {
        if self.is_as_written() {
            Controlled::new(written, None)
        } else {
            self.find(written)
        }
    }

    #[cold]
    #[inline(never)]
    fn find(&'static self, written: &'static [Written]) -> Controlled {
        if self.is_unknown() {
            operations::register(self, written);
        }
        let of = || self.changed().map(|changed| changed.of(written));
        let changed = match of() {
            // Another instance of the function has been called before.
            Some(None) => {
                operations::register(self, written);
                of().flatten()
            }
            found => found.flatten(),
        };
        Controlled::new(written, changed)
    }
}

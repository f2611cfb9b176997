//! A call that is in flight.

use std::sync::Arc;

use super::scope;
use super::work::{Kind, Work};
use crate::call::Site;
use crate::call::in_flight::Counts;

/// A call that is in flight until this is dropped.
#[derive(Debug)]
#[must_use = "dropped, the call is over"]
pub struct InFlight {
    counts: &'static Counts,
    /// The scopes of shutdowns around the call.
    around: Box<[Arc<Work>]>,
}

/// Counts a call of `site` as in flight.
#[inline]
pub fn in_flight(site: &'static Site) -> InFlight {
    let counts = site.counts();
    counts.begin();
    let around = scope::works();
    for work in &around {
        work.begin(counts.function(), Kind::Call);
    }
    InFlight { counts, around }
}

impl Drop for InFlight {
    #[inline]
    fn drop(&mut self) {
        for work in &self.around {
            work.end(self.counts.function(), Kind::Call);
        }
        self.counts.end();
    }
}

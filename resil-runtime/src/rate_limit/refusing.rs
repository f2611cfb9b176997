//! How a rate limit refuses a call, and tells listeners of it.

use std::sync::Arc;
use std::time::Duration;

use super::limit::{Limit, Reserved, Taken, TooEarly};
use super::patience::until_deadline;
use crate::call::{CallId, CallState, id_of};
use crate::clock;
use crate::compact_duration::CompactDuration;
use crate::error::{Error, Refusal};
use crate::event::{self, Event};
use crate::observe::count;

impl Limit {
    /// Lets a call of an annotated function in, after the first look at it has come to `taken`. It waits
    /// as long as the settings say.
    #[inline(never)]
    pub(super) fn admit(
        &self,
        taken: Taken,
        cost: u32,
        call: Option<&CallState>,
    ) -> Result<Option<Reserved>, Refusal> {
        let entered = match (taken, self.rules()) {
            (Taken::TooEarly(units), Some(rules)) => Err(TooEarly(Some(rules.duration(units)))),
            _ => self.enter(cost, clock::now_ns, |longest| {
                longest.and_then(until_deadline)
            }),
        };
        let TooEarly(retry_after) = match entered {
            Ok(reserved) => return Ok(reserved),
            Err(early) => early,
        };
        Err(self.refuse(retry_after, || self.key.clone(), call))
    }

    /// Returns the refusal of a call of an annotated function, and tells listeners of it.
    pub(super) fn refuse(
        &self,
        retry_after: Option<Duration>,
        key: impl FnOnce() -> Option<Arc<str>>,
        call: Option<&CallState>,
    ) -> Refusal {
        if count::COUNTS_REFUSALS || event::is_awake() {
            self.tell_refused(retry_after, key, || Some(id_of(call)));
        }
        Refusal::RateLimited {
            name: self.name,
            retry_after: retry_after.map(CompactDuration::new),
        }
    }

    /// Tells listeners of the refusal of a manual call, and returns it as the public error.
    #[cold]
    pub(super) fn refused(&self, TooEarly(retry_after): TooEarly) -> Error {
        self.tell_refused(retry_after, || self.key.clone(), || None);
        Error::RateLimited {
            name: self.name,
            retry_after,
        }
    }

    /// Tells listeners of a refusal. `key` and `call` are asked only if somebody listens.
    fn tell_refused(
        &self,
        retry_after: Option<Duration>,
        key: impl FnOnce() -> Option<Arc<str>>,
        call: impl FnOnce() -> Option<CallId>,
    ) {
        count::refused("rate_limit", self.name);
        event::emit(|| Event::RateLimited {
            name: self.name,
            key: key(),
            retry_after,
            call: call(),
        });
    }
}

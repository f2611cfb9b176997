//! What a timeout answers with when its limit has passed.

use std::time::Duration;

use super::timer::Elapsed;
use crate::call::{CallState, Failure, Outcome, Site, id_of};
use crate::compact_duration::CompactDuration;
use crate::error::Refusal;
use crate::event::{self, Event};
use crate::observe::count::Count;

/// Returns the outcome of a [`timeout`](super::timeout) whose `limit` has passed, and tells listeners
/// of it.
///
/// `call` is the state of the call, where its stack keeps one: all events of the call bear its
/// number.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn refuse_late<T, E>(
    elapsed: Elapsed,
    site: &'static Site,
    limit: Duration,
    call: Option<&CallState>,
) -> Outcome<T, E, Refusal> {
    Err(Failure::Policy(refuse(elapsed, site, limit, call)))
}

#[cold]
#[inline(never)]
fn refuse(
    Elapsed { inherited }: Elapsed,
    site: &'static Site,
    limit: Duration,
    call: Option<&CallState>,
) -> Refusal {
    let limit = CompactDuration::new(limit);
    site.count(Count::LimitPassed);
    event::emit(|| Event::TimedOut {
        function: site.name(),
        limit: limit.get(),
        call: id_of(call),
    });
    Refusal::Timeout {
        site,
        limit,
        inherited,
    }
}

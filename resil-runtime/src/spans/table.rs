//! The open spans of calls, by the id of the call.
//!
//! An event is told between the polls of a body, where the span of its call is not entered, and it knows
//! no more of the call than its id. So a span is found here. An entry is there from the first poll of
//! a call until its span is closed: there are as many as calls in flight.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::own::Place;
use crate::call::CallId;
use crate::sync::Line;

/// The number of maps. Calls are counted on, so that each call takes the next map.
const SHARDS: u64 = 16;

type Shard = Mutex<HashMap<CallId, Place>>;

static OPEN: LazyLock<Vec<Line<Shard>>> =
    LazyLock::new(|| (0..SHARDS).map(|_| Line::default()).collect());

fn shard(call: CallId) -> MutexGuard<'static, HashMap<CallId, Place>> {
    let at = usize::try_from(call.as_u64() % SHARDS).expect("it is below 16");
    OPEN[at].0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes `place` the span of `call`.
pub(super) fn open(call: CallId, place: Place) {
    let other = shard(call).insert(call, place);
    // A subscriber that is dropped with its last span is the user's code: not under the lock.
    drop(other);
}

/// Forgets the span of `call`.
pub(super) fn close(call: CallId) {
    let place = shard(call).remove(&call);
    drop(place);
}

/// Returns the span of `call`, if it is open.
pub(super) fn find(call: CallId) -> Option<Place> {
    shard(call).get(&call).cloned()
}

/// Returns the number of spans that are open.
pub fn open_spans() -> usize {
    let shards = OPEN.iter().map(|shard| shard.0.lock());
    shards
        .map(|shard| shard.unwrap_or_else(PoisonError::into_inner).len())
        .sum()
}

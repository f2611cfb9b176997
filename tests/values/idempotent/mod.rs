//! LANGUAGE.md, sections 6 and 16, on paused time: `IdempotentPolicy` as a value, by itself and around a stack.

mod forms;
#[cfg(feature = "store")]
mod installed;
mod policy;
mod same;
mod script;
mod stacks;
#[cfg(feature = "store")]
mod stores;

use std::fmt::Debug;

use resil::Error;
use resil::event::Event;
use resil::idempotency::{IdempotencyError, IdempotencyEvent};

use crate::support::{Events, Fault};

/// Why idempotency refused.
#[track_caller]
fn refused<T: Debug>(out: Result<T, Fault>) -> IdempotencyError {
    match out {
        Err(Fault::Resil(Error::Idempotency(error))) => error,
        other => panic!("not refused: {other:?}"),
    }
}

/// What idempotency did under one name.
fn did(events: &Events) -> Vec<IdempotencyEvent> {
    let what = |event: &Event| match event {
        Event::Idempotency { what, .. } => Some(*what),
        _ => None,
    };
    events.all().iter().filter_map(what).collect()
}

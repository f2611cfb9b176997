//! LANGUAGE.md, section 6, rule by rule, on paused time: which keys are one, who runs, who waits, which
//! results are replayed, and what an owner that vanished leaves behind.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]
#![allow(
    clippy::extra_unused_type_parameters,
    clippy::many_single_char_names,
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "functions as short as they can be: a type that only tells calls apart, `r` and `k` in all of them"
)]

mod fallbacks;
mod forget;
#[cfg(feature = "store")]
mod given_stores;
#[cfg(feature = "store")]
mod installed;
mod keys;
mod owners;
mod place;
mod reentrant;
mod results;
mod seen;
mod shapes;
mod sharing;
#[path = "../support/mod.rs"]
mod support;
mod types;

use std::fmt::Debug;
use std::future::pending;

use resil::Error;
use resil::event::Event;
use resil::idempotency::{IdempotencyError, IdempotencyEvent as Did};
use support::{Events, Fault, Record};

/// Why idempotency refused.
#[track_caller]
fn refused<T: Debug>(out: Result<T, Fault>) -> IdempotencyError {
    match out {
        Err(Fault::Resil(Error::Idempotency(e))) => e,
        other => panic!("not refused: {other:?}"),
    }
}

/// What idempotency did in one function.
fn did(events: &Events) -> Vec<Did> {
    let what = |e: &Event| match e {
        Event::Idempotency { what, .. } => Some(*what),
        _ => None,
    };
    events.all().iter().filter_map(what).collect()
}

/// What the body is to do.
#[derive(Clone, Copy)]
enum Do {
    Succeed,
    Fail,
    Hang,
    Panic,
}

async fn act(r: &Record, what: Do) -> Result<u32, Fault> {
    let n = r.attempt();
    match what {
        Do::Succeed => Ok(n),
        Do::Fail => Err(Fault::Network(n)),
        Do::Hang => pending().await,
        Do::Panic => panic!("the body's own"),
    }
}

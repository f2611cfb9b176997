//! LANGUAGE.md, section 14: policies on functions that are not async. They block the thread, so these
//! tests run in real time, with delays of a few milliseconds.

#![allow(
    clippy::wildcard_imports,
    clippy::disallowed_methods,
    clippy::items_after_statements,
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "each function stands where it is called, and threads sleep for real"
)]

#[path = "../support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use resil::event::{Event, StopReason};
use resil::{
    BulkheadPolicy, Deadline, Error, breaker, bulkhead, circuit, fallback, idempotent, rate_limit,
    retry,
};
use support::{Events, Fault, ms};

/// Fails so often, and then answers with the number of the call.
#[derive(Debug, Default)]
struct Flaky {
    calls: AtomicU32,
    failures: u32,
}

impl Flaky {
    fn new(failures: u32) -> Self {
        let calls = AtomicU32::new(0);
        Self { calls, failures }
    }

    fn ask(&self) -> Result<u32, Fault> {
        let n = self.calls.fetch_add(1, SeqCst) + 1;
        if n > self.failures {
            Ok(n)
        } else {
            Err(Fault::Network(n))
        }
    }

    fn count(&self) -> u32 {
        self.calls.load(SeqCst)
    }
}

mod circuits;
mod fallbacks;
mod keys;
mod paused;
mod places;
mod retries;
mod shapes;
mod turns;
mod workers;

//! What threads do to each other, in every order that there is: models for `loom`, over the very
//! code that users run.
//!
//! Each says what must hold whoever comes first, and has variants of the code in which one step is
//! left out ([`broken`](crate::sync::broken)): in each of them the checker has to find the fault.
//! `scripts/loom` runs all. Time stands still here, so that what must happen must happen without a
//! timer; a wake-up that is lost shows as a deadlock.

mod circuit;
mod retry;
mod windows;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use crate::clock::Instant;

/// Something that must hold in every order.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// What it is about.
    pub name: &'static str,
    /// Panics if it does not hold.
    pub check: fn(),
    /// Steps that it fails without.
    pub variants: &'static [&'static str],
}

/// All models.
pub fn models() -> Vec<Model> {
    let mut all = Vec::new();
    all.extend_from_slice(circuit::MODELS);
    all.extend_from_slice(windows::MODELS);
    all.extend_from_slice(crate::circuit::models::MODELS);
    all.extend_from_slice(retry::MODELS);
    #[cfg(feature = "idempotent")]
    all.extend_from_slice(crate::idempotency::models::MODELS);
    all
}

/// Runs `f` in every order that makes a difference.
pub(crate) fn explore(f: impl Fn() + Sync + Send + 'static) {
    explore_within(None, f);
}

/// Runs `f` in every order with at most so many interruptions of a thread that could have gone on:
/// for models of which there are too many.
pub(crate) fn explore_within(interruptions: Option<usize>, f: impl Fn() + Sync + Send + 'static) {
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = interruptions;
    builder.max_branches = 10_000;
    let orders = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&orders);
    builder.check(move || {
        count.fetch_add(1, Relaxed);
        f();
    });
    println!("{}", orders.load(Relaxed));
}

/// A timer that never fires.
#[derive(Debug)]
pub struct Sleep(Instant);

impl Sleep {
    pub(crate) fn until(at: Instant) -> Self {
        Self(at)
    }

    /// When it would.
    pub fn deadline(&self) -> Instant {
        self.0
    }

    /// Sets another time at which it does not fire.
    pub fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.0 = at;
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

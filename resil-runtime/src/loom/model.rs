//! The definition of a model, and running one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// An assertion that must hold in every order.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// What it is about.
    pub name: &'static str,
    /// Panics if it does not hold.
    pub check: fn(),
    /// Steps that it fails without.
    pub variants: &'static [&'static str],
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

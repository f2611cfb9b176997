//! When a process deletes rows that have ended: with its first step, and with every thousandth after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// The number of steps from one sweep to the next.
const SWEEP_EVERY: u64 = 1_000;

/// The most rows that a sweep deletes.
pub(super) const BATCH: u64 = 1_000;

/// The steps on one table, and whether its rows are being swept.
#[derive(Default)]
pub(super) struct Sweeps {
    steps: AtomicU64,
    running: AtomicBool,
}

/// A sweep that runs. If its task goes down with its runtime, the next sweep may run all the same.
pub(super) struct Sweeping(Arc<Sweeps>);

impl Sweeps {
    /// Counts a step. Returns the sweep that is due with it, if none runs.
    ///
    /// The first step sweeps: a process that makes few of them would never come to it.
    pub(super) fn count(self: &Arc<Self>) -> Option<Sweeping> {
        let is_due = self.steps.fetch_add(1, Relaxed).is_multiple_of(SWEEP_EVERY);
        let begins = is_due && !self.running.swap(true, Relaxed);
        begins.then(|| Sweeping(Arc::clone(self)))
    }
}

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.0.running.store(false, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_and_every_thousandth_after_it_sweep() {
        let sweeps = Arc::new(Sweeps::default());
        let due: Vec<_> = (0..3_000).filter(|_| sweeps.count().is_some()).collect();
        assert_eq!(due, [0, 1_000, 2_000]);
    }

    #[test]
    fn one_sweep_runs_at_a_time() {
        let sweeps = Arc::new(Sweeps::default());
        let first = sweeps.count();
        assert!(first.is_some());
        assert!((1..=1_000).all(|_| sweeps.count().is_none()));
        drop(first);
        assert!((1_001..2_000).all(|_| sweeps.count().is_none()));
        assert!(sweeps.count().is_some());
    }

    #[test]
    fn a_sweep_that_goes_down_with_its_runtime_is_not_the_last_one() {
        let sweeps = Arc::new(Sweeps::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime");
        let sweeping = sweeps.count().expect("the first step");
        runtime.spawn(async move {
            std::future::pending::<()>().await;
            drop(sweeping);
        });
        runtime.block_on(tokio::task::yield_now());
        drop(runtime);
        assert!((1..1_000).all(|_| sweeps.count().is_none()));
        assert!(sweeps.count().is_some());
    }
}

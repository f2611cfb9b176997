//! The wait for a turn that was taken in a store.

use std::future::Future;
use std::time::Duration;

use resil_runtime::__private::stores::until_stopped;
use resil_runtime::Deadline;
use resil_runtime::clock::{self, Instant};
use resil_runtime::event::StopReason;
use resil_runtime::rate_limit::store::{LimitKey, LimitState};
use tokio::runtime::Handle;

use super::shared::SharedLimits;
use crate::tasks::PendingOf;

/// A turn. Dropped before it comes, it is sent back to the store.
pub(super) struct StoredTurn {
    shared: SharedLimits,
    key: LimitKey,
    state: LimitState,
    price: u64,
    at: Instant,
    runtime: Handle,
    pending: PendingOf,
    came: bool,
}

impl StoredTurn {
    /// Makes the turn that comes after `wait` in the limit called `name`, and that left `state` behind.
    pub(super) fn new(
        name: &'static str,
        (shared, key): (&SharedLimits, LimitKey),
        (state, price): (LimitState, u64),
        wait: Duration,
    ) -> Self {
        Self {
            shared: shared.clone(),
            key,
            state,
            price,
            at: clock::add(clock::now(), wait),
            runtime: Handle::current(),
            pending: PendingOf::here(name),
            came: false,
        }
    }

    /// Whether it comes at the deadline in force or after it: the answer of the store took its time.
    pub(super) fn comes_too_late(&self) -> bool {
        Deadline::current().is_some_and(|deadline| self.at >= deadline.instant())
    }

    /// Waits until it comes.
    ///
    /// # Errors
    ///
    /// Returns why the wait was ended from outside. The turn is given back then.
    pub(super) async fn comes(mut self) -> Result<(), StopReason> {
        until_stopped(clock::sleep_until(self.at)).await?;
        self.came = true;
        Ok(())
    }

    fn give_back(&self) -> impl Future<Output = ()> + Send + 'static {
        let (shared, key, state, price) = (self.shared.clone(), self.key, self.state, self.price);
        async move {
            let until = clock::add(clock::now(), shared.answer_time());
            // Nobody is left to hear of a failure: then the turn stays empty.
            let _ = clock::within(until, shared.store().give_back(&key, state, price)).await;
        }
    }
}

impl Drop for StoredTurn {
    fn drop(&mut self) {
        if !self.came {
            let tasks = &self.shared.live.tasks;
            tasks.spawn(&self.runtime, self.pending.clone(), self.give_back());
        }
    }
}

//! The question for a sign of life of a store that is away.

use std::sync::{Arc, Weak};
use std::time::Duration;

use resil_runtime::__private::stored_limits::tell_away;
use resil_runtime::clock;
use resil_runtime::rate_limit::store::{LimitKey, StoreError, StoreErrorKind, TakeRequest};

use super::outage::Look;
use super::shared::{Live, SharedLimits};

/// The time for a sign of life: as long as the stores wait for a connection.
const SIGN_WITHIN: Duration = Duration::from_secs(2);

impl SharedLimits {
    /// Returns whether the store is to be asked. If it is away for long enough, has it asked for a sign of
    /// life.
    pub(super) fn look(&self) -> Look {
        let found = self.live.outage.look();
        if let Look::Away { is_due: true, .. } = found {
            self.ask_for_a_sign();
        }
        found
    }

    /// Asks the store in a task of its own: no call waits for it, and one that is made anew has the time
    /// that it needs to connect.
    fn ask_for_a_sign(&self) {
        let asking = Asking {
            live: Arc::downgrade(&self.live),
            store: self.store().describe().to_owned(),
            answered: false,
        };
        let shared = self.clone();
        tokio::spawn(async move {
            let mut asking = asking;
            let until = clock::add(clock::now(), SIGN_WITHIN.max(shared.answer_time()));
            let (key, nothing) = (LimitKey::new([0; 32]), TakeRequest::of_nothing());
            let answer = clock::within(until, shared.store().take(&key, &nothing)).await;
            asking.answered = matches!(answer, Some(Ok(_)));
        });
    }

    /// Notes that the store gave `error` in place of an answer.
    pub(super) fn failed(&self, turn: u64, error: &StoreError) {
        let store = self.store().describe();
        if error.kind() == StoreErrorKind::Corrupt {
            // The state of one key: those of the others may be well.
            tell_away(store, error);
        } else {
            self.live.outage.failed(turn, store, error);
        }
    }
}

/// A question for a sign of life. If the task goes down with its runtime, there was no answer.
struct Asking {
    live: Weak<Live>,
    store: String,
    answered: bool,
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(live) = self.live.upgrade() {
            live.outage.asked(self.answered, &self.store);
        }
    }
}

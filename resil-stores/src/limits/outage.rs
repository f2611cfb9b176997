//! Whether a store is away, and when it is asked again.
//!
//! A store that gave no answer is *away*, and no call asks it. After a pause the next call has the store
//! asked for a sign of life, in a task beside it; the pause grows as long as there is none.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use resil_runtime::__private::stored_limits::{tell_away, tell_back};
use resil_runtime::clock::{self, Instant};
use resil_runtime::rate_limit::store::{LimitKey, StoreError, StoreErrorKind, TakeRequest};

use super::shared::{Live, SharedLimits};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The time for a sign of life: as long as the stores wait for a connection.
const SIGN_WITHIN: Duration = Duration::from_secs(2);

/// What is known of one store.
pub(super) struct Outage {
    /// The number of times that the store went away and came back: an odd one if it is away.
    turns: AtomicU64,
    away: Mutex<Away>,
}

/// An outage: of the one in progress, or the last one.
struct Away {
    since: Instant,
    /// The time from which the store is asked again.
    again: Instant,
    pause: Duration,
    /// Whether it is being asked.
    asking: bool,
}

/// What a call finds.
pub(super) enum Look {
    /// The store is to be asked; the number says in which of its times.
    Up(u64),
    /// It is away, and is asked again after so long.
    Away(Duration),
}

impl Outage {
    pub(super) fn new() -> Self {
        let now = clock::now();
        Self {
            turns: AtomicU64::new(0),
            away: Mutex::new(Away {
                since: now,
                again: now,
                pause: FIRST_PAUSE,
                asking: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Away> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the store gave `error` for an answer to a call that found it up at `turn`.
    pub(super) fn failed(&self, turn: u64, store: &str, error: &StoreError) {
        let mut away = self.lock();
        if self.turns.load(Ordering::Relaxed) != turn {
            // Noted already; or the store has come back since the call asked.
            return;
        }
        let now = clock::now();
        *away = Away {
            since: now,
            again: clock::add(now, FIRST_PAUSE),
            pause: FIRST_PAUSE,
            asking: false,
        };
        self.turns.store(turn + 1, Ordering::Release);
        drop(away);
        tell_away(store, error);
    }

    /// Returns when the store, which is away, is asked again, and whether the caller is to ask it.
    fn due(&self) -> (Duration, bool) {
        let mut away = self.lock();
        let now = clock::now();
        if away.asking {
            return (away.pause, false);
        }
        if now >= away.again {
            away.asking = true;
            return (away.pause, true);
        }
        (away.again - now, false)
    }

    /// Notes that the store was asked for a sign of life, and whether it gave one.
    fn asked(&self, answered: bool, store: &str) {
        let mut away = self.lock();
        away.asking = false;
        let now = clock::now();
        if !answered {
            away.pause = (away.pause * 2).min(LONGEST_PAUSE);
            away.again = clock::add(now, away.pause);
            return;
        }
        let since = away.since;
        // The calls that see it go on as if the store had never been away.
        self.turns.fetch_add(1, Ordering::Release);
        drop(away);
        tell_back(store, now.saturating_duration_since(since));
    }
}

impl SharedLimits {
    /// Returns whether the store is to be asked. If it is away for long enough, has it asked for a sign of
    /// life.
    pub(super) fn look(&self) -> Look {
        let turn = self.live.outage.turns.load(Ordering::Acquire);
        if turn.is_multiple_of(2) {
            return Look::Up(turn);
        }
        let (again, is_mine) = self.live.outage.due();
        if is_mine {
            self.ask_for_a_sign();
        }
        Look::Away(again)
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

//! Whether a store is away, and when it is asked again.
//!
//! A store that gave no answer is *away*, and no call asks it. After a pause the next call has the store
//! asked for a sign of life, in a task beside it; the pause grows as long as there is none.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resil_runtime::__private::stored_limits::{tell_away, tell_back};
use resil_runtime::clock::{self, Instant};
use resil_runtime::rate_limit::store::StoreError;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What is known of one store.
pub(super) struct Outage {
    /// The number of times that the store went away and came back: an odd one if it is away.
    turns: AtomicU64,
    away: Mutex<Away>,
    /// The number of answers to calls.
    answers: AtomicU64,
    /// Whether a question goes on whose caller has given up.
    is_in_doubt: AtomicBool,
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
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The store is to be asked; the number says in which of its times.
    Up(u64),
    /// It is away, and is asked again after `again`. If `is_due`, the caller is to ask it for a sign of life,
    /// and nobody else does until [`asked`](Outage::asked).
    Away { again: Duration, is_due: bool },
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
            answers: AtomicU64::new(0),
            is_in_doubt: AtomicBool::new(false),
        }
    }

    /// Returns the number of answers that calls have had.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Notes that a call has had its answer.
    pub(super) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns whether the caller is to find out if the store still answers, and nobody else does until
    /// [`doubt_is_over`](Self::doubt_is_over): there have been no more than so many answers.
    pub(super) fn doubt(&self, answers: u64) -> bool {
        self.answers() == answers && !self.is_in_doubt.swap(true, Ordering::Relaxed)
    }

    /// Notes that it was found out.
    pub(super) fn doubt_is_over(&self) {
        self.is_in_doubt.store(false, Ordering::Relaxed);
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

    /// Returns whether the store is to be asked.
    pub(super) fn look(&self) -> Look {
        let turn = self.turns.load(Ordering::Acquire);
        if turn.is_multiple_of(2) {
            return Look::Up(turn);
        }
        let mut away = self.lock();
        let now = clock::now();
        let is_due = !away.asking && now >= away.again;
        if is_due {
            away.asking = true;
        }
        let again = if away.asking {
            away.pause
        } else {
            away.again - now
        };
        Look::Away { again, is_due }
    }

    /// Notes that the store was asked for a sign of life, and whether it gave one.
    pub(super) fn asked(&self, answered: bool, store: &str) {
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

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn error() -> StoreError {
        StoreError::unavailable("test", "no answer")
    }

    fn away(again: u32, is_due: bool) -> Look {
        let again = MS * again;
        Look::Away { again, is_due }
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_asks_and_the_pauses_grow() {
        let outage = Outage::new();
        assert_eq!(outage.look(), Look::Up(0));
        outage.failed(0, "test", &error());
        assert_eq!(outage.look(), away(100, false));
        for pause in [100, 200, 400, 800, 1_600, 2_000, 2_000] {
            tokio::time::advance(MS * (pause - 1)).await;
            assert_eq!(outage.look(), away(1, false));
            tokio::time::advance(MS).await;
            assert_eq!(outage.look(), away(pause, true));
            assert_eq!(outage.look(), away(pause, false), "one is enough");
            outage.asked(false, "test");
        }
        tokio::time::advance(MS * 2_000).await;
        assert_eq!(outage.look(), away(2_000, true));
        outage.asked(true, "test");
        assert_eq!(outage.look(), Look::Up(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_from_before_the_store_came_back_says_nothing() {
        let outage = Outage::new();
        outage.failed(0, "test", &error());
        outage.failed(0, "test", &error());
        tokio::time::advance(MS * 100).await;
        assert_eq!(outage.look(), away(100, true));
        outage.asked(true, "test");
        outage.failed(0, "test", &error());
        assert_eq!(outage.look(), Look::Up(2));
        outage.failed(2, "test", &error());
        assert_eq!(outage.look(), away(100, false));
    }
}

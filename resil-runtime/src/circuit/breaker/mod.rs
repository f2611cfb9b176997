//! One breaker: its word, its settings and its name, and the steps by which threads change them.
//!
//! Every step reads the word, then the settings, computes the next word with the pure functions of
//! [`machine`](super::machine), and replaces the word that it read by compare-exchange. Settings
//! are put in place before the word that goes with them, so that no step works on a newer state
//! with older settings. Events are told after the change, with nothing held.

mod admit;
pub(super) mod call;
mod control;
mod ready;
mod record;
mod reentry;

use std::sync::Arc;

use super::callers::Caller;
use super::identity::{Identity, Name};
use super::settings::{DEFAULTS, Settings};
use super::word::{State, Word};
use crate::call::{CallState, id_of};
use crate::event::{self, Event};
use crate::in_use::{InUse, Ref};
use crate::sync::{AtomicU64, Line, Notify, Ordering, broken};

/// Returns the time in milliseconds, as [`clock::now_ms`](crate::clock::now_ms) counts them.
pub(crate) type Clock = fn() -> u64;

/// One breaker, which its handles, sites and permits share.
#[derive(Debug)]
pub(crate) struct BreakerCore {
    hot: Line<Hot>,
    identity: Identity,
    settings: InUse<Settings>,
    /// Wakes the waiters in [`ready`](Self::ready).
    freed: Notify,
}

/// The fields that every call reads, on one cache line.
#[derive(Debug)]
struct Hot {
    word: AtomicU64,
    /// The time at which the last probe was let in, in milliseconds. It is written only together
    /// with the word, so that it costs nothing while the breaker is closed. See
    /// [`admit`](self::admit).
    last_probe_at: AtomicU64,
}

impl BreakerCore {
    /// Creates the breaker called `name`.
    pub(crate) fn new(name: &'static str) -> Self {
        Self::of(Identity::Named(Name::new(name)))
    }

    /// Creates the breaker of one key under `name`.
    pub(crate) fn keyed(name: &'static Name, key: Arc<str>) -> Self {
        Self::of(Identity::Keyed { name, key })
    }

    fn of(identity: Identity) -> Self {
        Self {
            hot: Line(Hot {
                word: AtomicU64::new(Word::new(0, DEFAULTS.closed()).0),
                last_probe_at: AtomicU64::new(0),
            }),
            identity,
            settings: InUse::new(),
            freed: Notify::new(),
        }
    }

    #[inline(always)]
    pub(crate) fn load(&self) -> Word {
        Word(self.hot.0.word.load(Ordering::Acquire))
    }

    fn last_probe_at(&self) -> &AtomicU64 {
        &self.hot.0.last_probe_at
    }

    pub(crate) fn settings(&self) -> Ref<'_, Settings> {
        self.settings.get_or(&DEFAULTS)
    }

    /// Changes the word if it still is `from`, and tells of a change of state. Returns false if it
    /// is another one.
    fn change(&self, from: Word, to: Word) -> bool {
        let word = &self.hot.0.word;
        let done = if broken("change_in_one") {
            word.store(to.0, Ordering::Release);
            true
        } else {
            word.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
        };
        if done {
            self.changed(from.state(), to.state());
        }
        done
    }

    /// Tells of a change of state. Wakes the waiters if a place may be free, or becomes free at
    /// another time than before.
    fn changed(&self, from: State, to: State) {
        let (was, is) = (from.into(), to.into());
        let mut wakes = was != is;
        match (from, to) {
            _ if was != is => self.identity.tell(was, is, due(to)),
            (State::Open { .. }, State::Open { until, .. }) => {
                self.identity.tell_due(until);
                wakes = true;
            }
            (State::HalfOpen { out: were, .. }, State::HalfOpen { out, .. }) => wakes = out < were,
            _ => {}
        }
        if wakes {
            self.freed.notify_waiters();
        }
    }

    /// Returns the name, which all its keys share.
    pub(crate) fn name(&self) -> &'static str {
        self.identity.name().text()
    }

    /// Returns the key, if this is the breaker of one.
    pub(crate) fn key(&self) -> Option<&Arc<str>> {
        self.identity.key()
    }

    /// Returns the caller that stands for all manual calls of this breaker.
    pub(crate) fn manual_caller(&self) -> Caller<'_> {
        self.identity.name().manual_caller()
    }

    /// Returns the name with all that its breaker shares with those of its keys.
    pub(crate) fn shared_name(&'static self) -> &'static Name {
        match &self.identity {
            Identity::Named(name) => name,
            Identity::Keyed { name, .. } => name,
        }
    }

    /// Tells listeners that `call` was refused; without one, that a manual call was.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_refused(&self, call: Option<&CallState>) {
        event::emit(|| Event::CircuitRefused {
            name: self.name(),
            key: self.key().cloned(),
            call: call.map(|call| id_of(Some(call))),
        });
    }
}

/// Returns the time at which the open time of `state` ends, in milliseconds, if it is open.
fn due(state: State) -> Option<u64> {
    match state {
        State::Open { until, .. } => Some(until),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

//! What the layers of one running call tell each other beside its outcome: a byte of flags and the
//! call's number, shared by reference.
//!
//! A layer above a dropped body has to know why the body was dropped: by a panic in the middle of a
//! poll, by a timeout of the same stack, or by the caller. Other layers have to know whether an
//! attempt was dropped after its first poll, and whether the outcome is a replay.
//!
//! Each call of a function has a state of its own, so that a recursive call, or a timeout of
//! another function, is not taken for this one. A stack has no state if no layer reads it and none
//! of its events needs the call's number.
//!
//! The copies of a hedged call share its state. They are polled one after the other, and a mark stands
//! for the time of one poll or drop only, but for that of a panic: the hedge takes it away while it
//! drops the copies that have not panicked. What is left of an attempt that was dropped is true of the
//! call, whichever copy it was.
//!
//! | flag | set by | read by |
//! |---|---|---|
//! | `polling` | circuit, [`watch`], [`CallState::asking`] | circuit, idempotency and sight, on drop |
//! | `FELL_BACK` | fallback | sight |
//! | [`ATTEMPT_DROPPED`] | [`watch`] and [`watch_code`], on drop | idempotency |
//! | [`TIMING_OUT`] | timeout | circuit, on drop |
//! | [`REPLAYED`] | idempotency | circuit, retry, sight |
//! | [`POLLED_SINCE_CLAIM`] | [`watch`], [`watch_code`] | idempotency |
//! | [`INVERTED`] | idempotency | idempotency, retry |
//! | [`POLLED_SINCE_PERMIT`] | [`watch`] | circuit |
//! | `CANCELLED` | retry | circuit, sight |
//!
//! [`watch`]: super::watch()
//! [`watch_code`]: super::watch_code

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

use super::id::{CallId, CallNumber};
#[cfg(not(loom))]
use crate::error::Refusal;
#[cfg(feature = "observe")]
use crate::observe::outcome::CallOutcome;

/// A fallback is about to take the place of the error.
#[cfg(feature = "observe")]
const FELL_BACK: u8 = 1;
/// An attempt, or a fallback, was dropped after its first poll and before it was done.
pub(super) const ATTEMPT_DROPPED: u8 = 2;
/// A timeout of this stack is dropping what is inside it.
const TIMING_OUT: u8 = 4;
/// The outcome is a replayed record: no body ran under the last claim.
const REPLAYED: u8 = 8;
/// A body, or a fallback, was polled since the last claim began.
pub(super) const POLLED_SINCE_CLAIM: u8 = 16;
/// The outcome is an exception to the rule for its kind: an `Err` that is to be stored, or an `Ok`
/// that is to be forgotten.
#[cfg(feature = "idempotent")]
const INVERTED: u8 = 32;
/// A body was polled since the circuit let the call, or this attempt, in.
pub(super) const POLLED_SINCE_PERMIT: u8 = 64;
/// The pause of a retry was ended from outside: the outcome is that of the attempt before it.
#[cfg(feature = "cancel")]
const CANCELLED: u8 = 128;

/// The state of one running call. Only the task that runs the call accesses it, so relaxed accesses
/// are enough.
#[derive(Debug, Default)]
pub struct CallState {
    flags: AtomicU8,
    /// The body, or another piece of the user's code, is being polled. Found set on drop, it means
    /// that a panic is passing through. It is a byte of its own, so that a poll sets and clears it
    /// without reading it.
    polling: AtomicBool,
    /// The call's number, 0 until an event of it is heard.
    number: AtomicU32,
    /// How a value was refused, as [`CallOutcome::to_bits`] has it; 0 if it was not.
    #[cfg(feature = "observe")]
    refused: AtomicU8,
}

/// Returns the id of `call`, or a new one if its stack keeps no state.
#[cold]
pub(crate) fn id_of(call: Option<&CallState>) -> CallId {
    call.map_or_else(CallNumber::next, CallState::number).id()
}

impl CallState {
    /// Creates the state of a call that is about to begin.
    pub const fn new() -> Self {
        Self {
            flags: AtomicU8::new(0),
            polling: AtomicBool::new(false),
            number: AtomicU32::new(0),
            #[cfg(feature = "observe")]
            refused: AtomicU8::new(0),
        }
    }

    /// Returns the number of the call; the first request draws it.
    #[cold]
    pub(crate) fn number(&self) -> CallNumber {
        CallNumber::of_bits(self.number.load(Relaxed)).unwrap_or_else(|| {
            let number = CallNumber::next();
            self.number.store(number.to_bits(), Relaxed);
            number
        })
    }

    // Plain load and store: only the task that runs the call writes, so no write can come between.
    pub(super) fn set(&self, bit: u8) {
        self.flags.store(self.flags.load(Relaxed) | bit, Relaxed);
    }
    fn clear(&self, bit: u8) {
        self.flags.store(self.flags.load(Relaxed) & !bit, Relaxed);
    }
    fn has(&self, bit: u8) -> bool {
        self.flags.load(Relaxed) & bit != 0
    }

    /// Returns whether the layer that asks is dropped by a panic of the body, or of other code of
    /// the user's that the call was running. A panic of the caller, which drops a suspended call,
    /// does not count.
    pub(crate) fn panicked(&self) -> bool {
        self.polling.load(Relaxed)
    }

    /// Sets whether a piece of the user's code is being polled. A panic has to leave the mark set, so
    /// there is no guard that clears it.
    #[inline(always)]
    pub(crate) fn set_polling(&self, yes: bool) {
        self.polling.store(yes, Relaxed);
    }

    /// Returns whether the layer that asks is dropped by a timeout of this very call.
    pub(crate) fn is_timing_out(&self) -> bool {
        self.has(TIMING_OUT)
    }

    /// Returns whether an attempt, or a fallback, was dropped in mid-flight since
    /// [`begin_claim`](Self::begin_claim).
    #[cfg(feature = "idempotent")]
    pub(crate) fn attempt_was_dropped(&self) -> bool {
        self.has(ATTEMPT_DROPPED)
    }

    /// Returns whether a body, or a fallback, was polled since [`begin_claim`](Self::begin_claim).
    #[cfg(feature = "idempotent")]
    pub(crate) fn body_was_polled(&self) -> bool {
        self.has(POLLED_SINCE_CLAIM)
    }

    /// Forgets the attempts before the claim that begins now.
    #[cfg(feature = "idempotent")]
    pub(crate) fn begin_claim(&self) {
        self.clear(ATTEMPT_DROPPED | POLLED_SINCE_CLAIM);
    }

    /// Sets whether the outcome is a replay.
    #[cfg(any(feature = "idempotent", test))]
    pub(crate) fn set_replayed(&self, yes: bool) {
        if yes {
            self.set(REPLAYED);
        } else {
            self.clear(REPLAYED);
        }
    }

    /// Returns whether the outcome is a replay: no body ran under the last claim.
    pub(crate) fn replayed(&self) -> bool {
        self.has(REPLAYED)
    }

    /// Returns whether the outcome is a replay and no body ran under the circuit's permit either.
    ///
    /// The two differ where an attempt fails and is recorded, and the next attempt replays that
    /// record: then a body did run under the permit.
    pub(crate) fn only_replayed(&self) -> bool {
        self.replayed() && !self.has(POLLED_SINCE_PERMIT)
    }

    /// Notes that the circuit is about to let another attempt in. Generated code calls it only
    /// where the circuit stands between a retry and a claim; in other stacks the flag is read once
    /// at most.
    #[inline(always)]
    pub fn forget_runs(&self) {
        self.clear(POLLED_SINCE_PERMIT);
    }

    /// Sets whether the outcome is an error that `errors = store(..)` names, or an `Ok` that
    /// `forget_ok(..)` names.
    #[cfg(feature = "idempotent")]
    pub(crate) fn set_inverted(&self, yes: bool) {
        if yes {
            self.set(INVERTED);
        } else {
            self.clear(INVERTED);
        }
    }

    /// Returns whether the error of this outcome is to be stored.
    #[cfg(feature = "idempotent")]
    pub(crate) fn stores_error(&self) -> bool {
        self.has(INVERTED)
    }

    /// Returns whether the `Ok` of this outcome is to be forgotten.
    #[cfg(feature = "idempotent")]
    pub(crate) fn forgets_ok(&self) -> bool {
        self.has(INVERTED)
    }

    /// Returns whether the error of this outcome is recorded, so that another attempt would only
    /// replay it.
    #[cfg(feature = "idempotent")]
    pub(crate) fn error_is_recorded(&self) -> bool {
        self.replayed() || (self.stores_error() && !self.attempt_was_dropped())
    }

    /// Notes that a wait of the call was ended from outside, and that its outcome is that of the attempt
    /// before.
    #[cfg(feature = "cancel")]
    pub(crate) fn set_cancelled(&self) {
        self.set(CANCELLED);
    }

    /// Returns whether the outcome is that of an attempt whose follower was cancelled.
    #[cfg(feature = "cancel")]
    pub(crate) fn was_cancelled(&self) -> bool {
        self.has(CANCELLED)
    }

    /// Returns whether the outcome is that of an attempt whose follower was cancelled: none can be.
    #[cfg(not(feature = "cancel"))]
    #[expect(clippy::unused_self, reason = "it is asked as with the feature")]
    pub(crate) fn was_cancelled(&self) -> bool {
        false
    }

    /// Notes whether a fallback takes the place of the error. Without the feature `observe` nobody asks.
    #[inline]
    pub(crate) fn set_fell_back(&self, yes: bool) {
        #[cfg(feature = "observe")]
        if yes {
            self.set(FELL_BACK);
        } else {
            self.clear(FELL_BACK);
        }
        let _ = (self, yes);
    }

    /// Notes the refusal that a value ends with. Without the feature `observe` nobody asks.
    #[cfg(not(loom))]
    #[inline]
    pub(crate) fn note_refusal(&self, refusal: &Refusal) {
        #[cfg(feature = "observe")]
        {
            let how = CallOutcome::of_failure(Some(refusal.kind()));
            self.refused.store(how.to_bits(), Relaxed);
        }
        let _ = (self, refusal);
    }

    /// Runs `ask`, a piece of the user's code that looks at an outcome. If it panics, the layers
    /// above see a panic of the call.
    #[inline(always)]
    pub fn asking<R>(&self, ask: impl FnOnce() -> R) -> R {
        let is_polling = self.panicked();
        self.set_polling(true);
        let said = ask();
        self.set_polling(is_polling);
        said
    }

    /// Runs `drop` with the mark set by which the layers inside see that a timeout drops them.
    pub(crate) fn while_timing_out(&self, drop: impl FnOnce()) {
        struct Reset<'a>(&'a CallState);
        impl Drop for Reset<'_> {
            fn drop(&mut self) {
                self.0.clear(TIMING_OUT);
            }
        }
        self.set(TIMING_OUT);
        let _reset = Reset(self);
        drop();
    }
}

/// What is seen of the outcome of a call.
#[cfg(feature = "observe")]
impl CallState {
    /// Returns whether a fallback took the place of the error.
    pub(crate) fn fell_back(&self) -> bool {
        self.has(FELL_BACK)
    }

    /// Returns whether a value of this call is that of its body: neither a fallback's nor a replay.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.flags.load(Relaxed) & (FELL_BACK | REPLAYED) == 0
    }

    /// Returns how a value was refused; `None` if it was not.
    #[cfg(not(loom))]
    pub(crate) fn refused(&self) -> Option<CallOutcome> {
        CallOutcome::of_bits(self.refused.load(Relaxed))
    }
}

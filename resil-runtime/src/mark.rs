//! What the layers of one running call tell each other: a byte and the call's number, shared by
//! reference.
//!
//! A layer above a dropped body has to know more than that it was dropped. Was it in the middle of
//! a poll (a panic), was it a timeout of the same stack that dropped it, was an attempt cut after
//! its first poll, was the answer a replay? Each call of a function has its own mark, so that
//! recursion and other functions' timeouts are told apart exactly. Stacks in which no layer asks,
//! and whose events need no number that all layers know, have none.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::call::CallNumber;

/// The body is being polled, or something else of the user's asked: found set on drop, it means that a
/// panic passes through.
const POLLING: u8 = 1;
/// An attempt was dropped after its first poll and before it was done.
const CUT: u8 = 2;
/// A timeout of this stack is dropping what is inside it.
const TIMING_OUT: u8 = 4;
/// The answer that comes up is a replay: no body ran under the last claim.
const REPLAYED: u8 = 8;
/// A body was polled since the last fresh claim.
const BEGUN: u8 = 16;
/// What comes up is not to be taken as its kind is: an `Err` that is to be stored, an `Ok` that is to
/// be forgotten.
#[cfg(feature = "idempotent")]
const CONTRARY: u8 = 32;
/// A body was polled since the circuit let the call, or the attempt, in.
const RAN: u8 = 64;

/// See the module. All accesses are by the one task that runs the call at a time: relaxed.
#[derive(Debug, Default)]
pub struct Mark {
    bits: AtomicU8,
    /// The call's number, 0 until an event of it is heard.
    number: AtomicU32,
}

impl Mark {
    /// A mark for one call.
    pub const fn new() -> Self {
        Self {
            bits: AtomicU8::new(0),
            number: AtomicU32::new(0),
        }
    }

    /// Returns the number of the call, which it gets here if it has none.
    #[cold]
    pub(crate) fn number(&self) -> CallNumber {
        CallNumber::of_bits(self.number.load(Relaxed)).unwrap_or_else(|| {
            let number = CallNumber::next();
            self.number.store(number.to_bits(), Relaxed);
            number
        })
    }

    // Plain load and store: only the task that runs the call writes, so nothing can come between.
    fn set(&self, bit: u8) {
        self.bits.store(self.bits.load(Relaxed) | bit, Relaxed);
    }
    fn clear(&self, bit: u8) {
        self.bits.store(self.bits.load(Relaxed) & !bit, Relaxed);
    }
    fn has(&self, bit: u8) -> bool {
        self.bits.load(Relaxed) & bit != 0
    }

    /// On drop of a layer: a panic of the body passes through it (and not one of its caller, which
    /// drops a suspended call).
    pub(crate) fn panicked(&self) -> bool {
        self.has(POLLING)
    }

    /// On drop of a layer: a timeout of this very call is what drops it.
    pub(crate) fn timing_out(&self) -> bool {
        self.has(TIMING_OUT)
    }

    /// An attempt since [`forget_cut`](Self::forget_cut) was dropped in mid-flight.
    #[cfg(feature = "idempotent")]
    pub(crate) fn was_cut(&self) -> bool {
        self.has(CUT)
    }

    /// A body was polled since [`forget_cut`](Self::forget_cut).
    #[cfg(feature = "idempotent")]
    pub(crate) fn has_begun(&self) -> bool {
        self.has(BEGUN)
    }

    #[cfg(feature = "idempotent")]
    pub(crate) fn forget_cut(&self) {
        self.clear(CUT | BEGUN);
    }

    /// The answer that comes up is (or is not) a replay.
    #[cfg(feature = "idempotent")]
    pub(crate) fn set_replayed(&self, yes: bool) {
        if yes {
            self.set(REPLAYED);
        } else {
            self.clear(REPLAYED);
        }
    }

    /// No body ran under the last claim.
    pub(crate) fn replayed(&self) -> bool {
        self.has(REPLAYED)
    }

    /// For the circuit: nor did one under its permit. (An attempt may fail and be recorded, and the
    /// next one replay that.)
    pub(crate) fn only_replayed(&self) -> bool {
        self.replayed() && !self.has(RAN)
    }

    /// The circuit is about to let another attempt in. Said only where it stands between a retry and
    /// a claim: a call begins with nothing run, and elsewhere nobody asks.
    #[inline(always)]
    pub fn forget_runs(&self) {
        self.clear(RAN);
    }

    /// What comes up is (or is not) an error that `errors = store(..)` names, or an `Ok` that
    /// `forget_ok(..)` does.
    #[cfg(feature = "idempotent")]
    pub(crate) fn set_contrary(&self, yes: bool) {
        if yes {
            self.set(CONTRARY);
        } else {
            self.clear(CONTRARY);
        }
    }

    /// The error that comes up is to be stored.
    #[cfg(feature = "idempotent")]
    pub(crate) fn keeps_error(&self) -> bool {
        self.has(CONTRARY)
    }

    /// The `Ok` that comes up is to be forgotten.
    #[cfg(feature = "idempotent")]
    pub(crate) fn forgets_ok(&self) -> bool {
        self.has(CONTRARY)
    }

    /// The error that comes up is on record: another attempt would only replay it.
    #[cfg(feature = "idempotent")]
    pub(crate) fn recorded_error(&self) -> bool {
        self.replayed() || (self.keeps_error() && !self.was_cut())
    }

    /// Asks what is the user's own of an outcome, as a guard: if it panics, so does the call.
    #[inline(always)]
    pub fn asking<R>(&self, ask: impl FnOnce() -> R) -> R {
        let is_asked = self.has(POLLING);
        self.set(POLLING);
        // No guard, as for the body.
        let said = ask();
        if !is_asked {
            self.clear(POLLING);
        }
        said
    }

    /// Runs `drop` while layers inside can see that a timeout is dropping them.
    pub(crate) fn while_timing_out(&self, drop: impl FnOnce()) {
        struct Reset<'a>(&'a Mark);
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

pin_project! {
    /// The body, watched for a stack that has a circuit or an idempotency claim above it.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Watched<'a, F> {
        #[pin]
        body: F,
        mark: &'a Mark,
        started: bool,
    }

    impl<F> PinnedDrop for Watched<'_, F> {
        fn drop(this: Pin<&mut Self>) {
            if this.started {
                this.mark.set(CUT);
            }
        }
    }
}

/// Watches `body`, an attempt of the call that `mark` belongs to.
#[inline(always)]
pub fn watch<F: Future>(body: F, mark: &Mark) -> Watched<'_, F> {
    Watched {
        body,
        mark,
        started: false,
    }
}

impl<F: Future> Future for Watched<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        *this.started = true;
        this.mark.set(POLLING | BEGUN | RAN);
        // No guard: a panic leaves the bit set, which is how the layers above know.
        let poll = this.body.poll(cx);
        this.mark.clear(POLLING);
        if poll.is_ready() {
            *this.started = false;
        }
        poll
    }
}

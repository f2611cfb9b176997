//! How far an attempt has come: whether it is making its connection, sending its body, or waiting for the
//! answer. Its limits go by that.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use resil_runtime::clock::{self, Instant};
/// How far an attempt has come. The connector and the body of the request tell it; the attempt reads it.
#[derive(Debug)]
pub(super) struct Progress {
    began: Instant,
    /// The last sign of progress, in nanoseconds after the beginning.
    last: AtomicU64,
    is_connecting: AtomicBool,
    is_writing: AtomicBool,
    /// Whether the connector tells of connections.
    is_told: bool,
    attempt: AtomicWaker,
}

/// What an attempt is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// A connection is being made.
    Connecting,
    /// The body of the request is being sent.
    Writing,
    /// The answer has to come.
    Reading,
}

impl Progress {
    /// Creates the progress of an attempt that began at `began`; `is_writing` says whether its body tells when it
    /// has been sent, and `is_told` whether the connector tells of connections. If it does not, a body that tells has
    /// its connection when it is asked for its first part.
    pub(super) fn new(began: Instant, is_writing: bool, is_told: bool) -> Self {
        Self {
            began,
            last: AtomicU64::new(0),
            is_connecting: AtomicBool::new(is_writing && !is_told),
            is_writing: AtomicBool::new(is_writing),
            is_told,
            attempt: AtomicWaker::new(),
        }
    }

    /// Returns the phase, and the instant of the last progress in it.
    pub(super) fn phase(&self) -> (Phase, Instant) {
        let phase = if self.is_connecting.load(Ordering::Acquire) {
            Phase::Connecting
        } else if self.is_writing.load(Ordering::Acquire) {
            Phase::Writing
        } else {
            Phase::Reading
        };
        // Read after the phase: the instant is never older than the one at which the phase began.
        let last = Duration::from_nanos(self.last.load(Ordering::Acquire));
        (phase, clock::add(self.began, last))
    }

    /// Wakes `waker` when the attempt goes over to the next phase in another task.
    pub(super) fn register(&self, waker: &Waker) {
        self.attempt.register(waker);
    }

    /// Notes that a connection is being made.
    pub(super) fn connecting(&self) {
        self.is_connecting.store(true, Ordering::Release);
    }

    /// Notes that the connection was made, or given up.
    pub(super) fn connected(&self) {
        self.note();
        self.is_connecting.store(false, Ordering::Release);
        self.attempt.wake();
    }

    /// Returns whether it is known when the connection was made.
    pub(super) fn is_told(&self) -> bool {
        self.is_told
    }

    /// Notes that the body is asked for a part.
    pub(super) fn asked(&self) {
        if !self.is_told && self.is_connecting.load(Ordering::Acquire) {
            self.connected();
        }
    }

    /// Notes that a part of the body was taken to be sent.
    pub(super) fn wrote(&self) {
        self.note();
    }

    /// Notes that the whole body was taken to be sent.
    pub(super) fn written(&self) {
        self.note();
        self.is_writing.store(false, Ordering::Release);
        // `read` may be shorter than `write`, whose timer runs.
        self.attempt.wake();
    }

    fn note(&self) {
        let nanos = clock::nanos(clock::now().saturating_duration_since(self.began));
        self.last.store(nanos, Ordering::Release);
    }
}

//! The policies written by hand: the least that does the work, as somebody would write it who knows
//! what it costs. No names, no events, no rates over a window, no ambient deadline.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::work::Fault;

pin_project! {
    /// A timeout whose timer is made when the body was polled and is pending.
    pub(crate) struct Timeout<F> {
        #[pin]
        body: F,
        #[pin]
        timer: Option<Sleep>,
        limit: Duration,
    }
}

/// Bounds `body` by `limit`.
#[inline(always)]
pub(crate) fn timeout<F>(limit: Duration, body: F) -> Timeout<F> {
    Timeout {
        body,
        timer: None,
        limit,
    }
}

impl<F, T> Future for Timeout<F>
where
    F: Future<Output = Result<T, Fault>>,
{
    type Output = Result<T, Fault>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(out) = this.body.poll(cx) {
            return Poll::Ready(out);
        }
        if this.timer.is_none() {
            this.timer.set(Some(tokio::time::sleep(*this.limit)));
        }
        match this.timer.as_pin_mut() {
            Some(timer) => timer.poll(cx).map(|()| Err(Fault::Refused)),
            None => Poll::Pending,
        }
    }
}

/// A breaker that trips after five failures in a row. A success reads, and writes nothing.
pub(crate) struct InARow {
    failures: AtomicU64,
    since: Since,
}

/// A breaker that trips when half of all calls fail. Each outcome is one add; there is no window.
pub(crate) struct Counted {
    /// Calls in the lower half, failures in the upper.
    calls: AtomicU64,
    since: Since,
}

/// A rate limit by the generic cell rate algorithm: a word, one reading of the clock, one exchange.
pub(crate) struct Gcra {
    /// When the calls so far are paid for, in nanoseconds after the first use of a clock.
    paid: AtomicU64,
    emission: u64,
    tolerance: u64,
}

/// When it was opened: milliseconds after the first use of a clock, or zero.
struct Since(AtomicU64);

const TRIPS_AT: u64 = 5;
const OPEN_FOR: u64 = 30_000;
const FAILURE: u64 = 1 << 32;

impl InARow {
    pub(crate) const fn new() -> Self {
        Self {
            failures: AtomicU64::new(0),
            since: Since(AtomicU64::new(0)),
        }
    }

    #[inline(always)]
    pub(crate) fn admit(&self) -> Result<(), Fault> {
        self.since.admit()
    }

    #[inline(always)]
    pub(crate) fn record<T>(&self, out: &Result<T, Fault>) {
        if out.is_ok() {
            if self.failures.load(Relaxed) != 0 {
                self.failures.store(0, Relaxed);
            }
        } else if self.failures.fetch_add(1, Relaxed) + 1 >= TRIPS_AT {
            self.since.open();
        }
    }
}

impl Counted {
    pub(crate) const fn new() -> Self {
        Self {
            calls: AtomicU64::new(0),
            since: Since(AtomicU64::new(0)),
        }
    }

    #[inline(always)]
    pub(crate) fn admit(&self) -> Result<(), Fault> {
        self.since.admit()
    }

    #[inline(always)]
    pub(crate) fn record<T>(&self, out: &Result<T, Fault>) {
        if out.is_ok() {
            self.calls.fetch_add(1, Relaxed);
        } else {
            let before = self.calls.fetch_add(1 + FAILURE, Relaxed);
            let (calls, failures) = (before as u32, before >> 32);
            if calls >= 100 && 2 * failures >= u64::from(calls) {
                self.since.open();
            }
        }
    }
}

impl Gcra {
    pub(crate) const fn new(emission: u64, tolerance: u64) -> Self {
        Self {
            paid: AtomicU64::new(0),
            emission,
            tolerance,
        }
    }

    #[inline(always)]
    pub(crate) fn admit(&self) -> Result<(), Fault> {
        loop {
            let paid = self.paid.load(Relaxed);
            let now = now_ns();
            let next = paid.max(now) + self.emission;
            if next > now + self.tolerance {
                return Err(Fault::Refused);
            }
            let paid = self
                .paid
                .compare_exchange_weak(paid, next, Relaxed, Relaxed);
            if paid.is_ok() {
                return Ok(());
            }
        }
    }
}

impl Since {
    #[inline(always)]
    fn admit(&self) -> Result<(), Fault> {
        match self.0.load(Relaxed) {
            0 => Ok(()),
            since => self.look(since),
        }
    }

    /// Refuses until its time is up, then closes.
    #[inline(never)]
    fn look(&self, since: u64) -> Result<(), Fault> {
        if now_ms().saturating_sub(since) < OPEN_FOR {
            return Err(Fault::Refused);
        }
        self.0.store(0, Relaxed);
        Ok(())
    }

    #[cold]
    fn open(&self) {
        self.0.store(now_ms(), Relaxed);
    }
}

/// Returns the nanoseconds since the first use of it.
#[inline(always)]
fn now_ns() -> u64 {
    static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let now = Instant::now();
    let origin = *ORIGIN.get_or_init(|| now);
    now.saturating_duration_since(origin).as_nanos() as u64
}

fn now_ms() -> u64 {
    static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let now = Instant::now();
    let origin = *ORIGIN.get_or_init(|| now);
    now.saturating_duration_since(origin).as_millis() as u64 + 1
}

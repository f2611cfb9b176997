//! The number of nanoseconds in an instant, without asking how long it is after another one.
//!
//! The library tells the time between two instants alone, and takes some forty instructions for it, in a call that is
//! not inlined. What an instant hashes are its seconds and nanoseconds, in two instructions. Nobody promises that, so
//! the first instant is put to the test: if the two ways differ there, this one is never used.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

/// What an instant hashes: its seconds and its nanoseconds, summed up in nanoseconds.
struct Reading(u64);

impl Hasher for Reading {
    fn finish(&self) -> u64 {
        self.0
    }

    #[inline(always)]
    fn write_i64(&mut self, secs: i64) {
        self.write_u64(secs.cast_unsigned());
    }

    #[inline(always)]
    fn write_u64(&mut self, secs: u64) {
        self.0 = self.0.wrapping_add(secs.wrapping_mul(1_000_000_000));
    }

    #[inline(always)]
    fn write_u32(&mut self, nanos: u32) {
        self.0 = self.0.wrapping_add(nanos.into());
    }

    /// Nothing that is known to be in an instant.
    fn write(&mut self, _: &[u8]) {
        self.0 = 0;
    }
}

/// Returns the nanoseconds of `at`, from an instant that is known to the system alone.
#[inline(always)]
pub(super) fn of(at: Instant) -> u64 {
    let mut reading = Reading(0);
    at.hash(&mut reading);
    reading.0
}

/// What is taken from a reading; 0 where instants can't be read, and before the first one.
pub(super) static ZERO: AtomicU64 = AtomicU64::new(0);

/// Begins to read instants, so that the reading of `origin` stands for the number `number`, unless the library says
/// something else of the instants around it.
pub(super) fn begin(origin: Instant, number: u64) {
    // Each place of the seconds and of the nanoseconds, and what is carried from these to those.
    let places = (0..30).map(|place| (1_u64 << place, 1_u32 << place));
    let agrees = places
        .chain([(0, 0), (1_000_000, 999_999_999)])
        .all(|(secs, nanos)| {
            let by = Duration::new(secs, nanos);
            let read = |at| of(at).wrapping_sub(of(origin));
            let (after, before) = (origin.checked_add(by), origin.checked_sub(by));
            let ns = secs * 1_000_000_000 + u64::from(nanos);
            after.is_none_or(|at| read(at) == ns)
                && before.is_none_or(|at| read(at) == ns.wrapping_neg())
        });
    if agrees {
        ZERO.store(of(origin).wrapping_sub(number), Relaxed);
    }
}

//! The one place that reads time and sleeps.
//!
//! Everything is on `tokio::time`, so that a paused clock drives the tests; clippy's
//! `disallowed-methods` keeps the rest of the workspace from going around this module.
//!
//! All arithmetic here saturates. Statics outlive runtimes, and every paused runtime has a clock of
//! its own, so a stored instant may lie on either side of the current one.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the seam that the lint points to"
)]

mod reading;
mod thread;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use tokio::task::coop;

pub use tokio::time::Instant;

pub(crate) use thread::{ThreadTime, park};

#[cfg(not(loom))]
pub use tokio::time::Sleep;

#[cfg(loom)]
pub use crate::loom::Sleep;

/// The farthest that an instant is placed ahead: about 30 years, as for tokio's own timers.
const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);

/// Returns the current instant of the tokio clock (std's clock outside a runtime).
#[inline]
pub fn now() -> Instant {
    Instant::now()
}

/// Returns the wall-clock time, to compare with dates from outside. No duration is measured with
/// it: it may jump, and tokio does not pause it.
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

/// Creates a timer that completes at `at`.
///
/// # Panics
///
/// Panics if called outside a tokio runtime with the time driver, as tokio's own timers do.
pub fn sleep_until(at: Instant) -> Sleep {
    #[cfg(not(loom))]
    {
        tokio::time::sleep_until(at)
    }
    // The model checker has no time: nothing that must happen may need a timer.
    #[cfg(loom)]
    {
        Sleep::until(at)
    }
}

/// Sleeps this thread for `wait`: it goes by the clock of the system, also where tokio's is paused.
pub(crate) fn sleep_thread(wait: Duration) {
    if !wait.is_zero() {
        std::thread::sleep(wait);
    }
}

/// Sleeps this thread for `wait`, as [`sleep_thread`] does, unless `stopped` returns true: it is asked
/// at first, and each time that the thread is unparked. Returns whether it slept to the end.
#[cfg(feature = "cancel")]
pub(crate) fn sleep_thread_unless(wait: Duration, mut stopped: impl FnMut() -> bool) -> bool {
    let began = std::time::Instant::now();
    loop {
        if stopped() {
            return false;
        }
        match wait.checked_sub(began.elapsed()) {
            None | Some(Duration::ZERO) => return true,
            Some(left) => std::thread::park_timeout(left),
        }
    }
}

/// Waits for `future`, but no longer than until `at`, in milliseconds as [`now_ms`] counts them.
///
/// Returns `None` if `at` came first. Without an `at` it makes no timer, and needs no runtime.
/// Dropping it drops `future`.
pub(crate) async fn or_at<T>(future: impl Future<Output = T>, at: Option<u64>) -> Option<T> {
    let Some(ms) = at else {
        return Some(future.await);
    };
    let left = Duration::from_millis(ms.saturating_sub(now_ms()));
    within(add(now(), left), future).await
}

/// Returns the output of `future`; `None` if it is not ready by `at`. The future is polled before
/// the timer, so an output that is ready when the time is up counts. No timer is made, and no runtime needed,
/// if the first poll is ready. Dropping it drops `future`.
pub async fn within<F: Future>(at: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    poll_fn(move |cx| {
        let had_budget = coop::has_budget_remaining();
        if let Poll::Ready(out) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(out));
        }
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        poll_sleep(timer.as_mut(), had_budget, cx).map(|()| None)
    })
    .await
}

/// Polls the timer of something that was polled before it. `had_budget` says whether there was some of tokio's
/// budget of the task before that.
///
/// If that used it up, the timer is polled outside of it: what spends the budget in each poll would never come to
/// its limit otherwise.
#[inline]
pub fn poll_sleep(sleep: Pin<&mut Sleep>, had_budget: bool, cx: &mut Context<'_>) -> Poll<()> {
    if had_budget && !coop::has_budget_remaining() {
        pin!(coop::unconstrained(sleep)).poll(cx)
    } else {
        sleep.poll(cx)
    }
}

/// Returns `at` and `by` nanoseconds more, where `by` is no more than [`nanos`] returns.
#[inline]
pub fn add_nanos(at: Instant, by: u64) -> Instant {
    at.checked_add(Duration::from_nanos(by)).unwrap_or(at)
}

/// Returns `limit` in nanoseconds, or about 30 years if that is shorter: as far as [`add`] adds.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub const fn nanos(limit: Duration) -> u64 {
    if limit.as_secs() >= FAR.as_secs() {
        FAR.as_secs() * 1_000_000_000
    } else {
        limit.as_secs() * 1_000_000_000 + limit.subsec_nanos() as u64
    }
}

/// The greatest distance from the origin that is counted, in milliseconds: sums of such numbers do
/// not overflow.
const FAR_MS: u64 = u64::MAX / 4;

/// Returns `at + by`, or about 30 years after `at` if that is sooner.
#[inline]
pub fn add(at: Instant, by: Duration) -> Instant {
    // Bounded first: a sum that overflows must not lie before one that just fits.
    at.checked_add(by.min(FAR)).unwrap_or(at)
}

/// Returns `at` as a number of milliseconds, never zero.
///
/// The origin of this process, the first instant that was asked for as a number, has the number
/// [`ORIGIN_MS`]. So the instants of another runtime's clock that lie before it are still numbers
/// in order.
pub fn millis_of(at: Instant) -> u64 {
    let origin = origin();
    match at.checked_duration_since(origin) {
        Some(after) => ORIGIN_MS + ms(after),
        None => ms_before(origin, at),
    }
}

/// Returns `d` in milliseconds, at most a second more than [`FAR_MS`].
#[inline]
fn ms(d: Duration) -> u64 {
    // Not by way of 128 bits, as `as_millis` goes.
    d.as_secs().min(FAR_MS / 1_000) * 1_000 + u64::from(d.subsec_millis())
}

#[cold]
fn ms_before(origin: Instant, at: Instant) -> u64 {
    // Rounded away from the origin: a millisecond is as long before the origin as after it.
    let before = origin.saturating_duration_since(at);
    let before = before.saturating_add(Duration::from_nanos(999_999));
    ORIGIN_MS.saturating_sub(ms(before)).max(1)
}

/// The number of the process' origin in [`millis_of`]: about 199 days after zero.
pub const ORIGIN_MS: u64 = 1 << 34;

/// Returns the time now in milliseconds, as [`millis_of`] counts them.
#[inline]
pub fn now_ms() -> u64 {
    millis_of(now())
}

/// The number of the process' origin in [`now_ns`]: 36 years after zero, so that instants before the
/// origin are numbers too, as with [`ORIGIN_MS`].
const ORIGIN_NS: u64 = 1 << 60;

/// Returns the time now in nanoseconds, never zero.
///
/// Durations are measured with it where the 16 bytes of an [`Instant`] are too many to keep.
#[inline]
pub fn now_ns() -> u64 {
    nanos_of(now())
}

/// Returns `at` as a number of nanoseconds, never zero, as [`now_ns`] counts them.
#[inline]
pub(crate) fn nanos_of(at: Instant) -> u64 {
    match reading::ZERO.load(Relaxed) {
        0 => nanos_since_origin(at),
        zero => reading::of(at).wrapping_sub(zero),
    }
}

/// Returns what [`nanos_of`] does, by what the library says of the time between two instants.
#[cold]
fn nanos_since_origin(at: Instant) -> u64 {
    let ns = |d: Duration| {
        let whole = d.as_secs().saturating_mul(1_000_000_000);
        whole.saturating_add(u64::from(d.subsec_nanos()))
    };
    let origin = origin();
    match at.checked_duration_since(origin) {
        Some(after) => ORIGIN_NS.saturating_add(ns(after)),
        None => ORIGIN_NS
            .saturating_sub(ns(origin.saturating_duration_since(at)))
            .max(1),
    }
}

/// Returns `ms`, a time in milliseconds as [`now_ms`] counts them, in nanoseconds as [`now_ns`] does.
pub(crate) fn nanos_of_millis(ms: u64) -> u64 {
    let since_origin = ms.wrapping_sub(ORIGIN_MS).wrapping_mul(1_000_000);
    ORIGIN_NS.wrapping_add(since_origin)
}

/// Returns the instant at which [`now_ns`] returns `ns`, or now if that is over.
pub(crate) fn at_nanos(ns: u64) -> Instant {
    let now = now();
    add(now, Duration::from_nanos(ns.saturating_sub(nanos_of(now))))
}

/// Returns the origin of this process: the instant of the first call of this function.
#[inline]
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    match ORIGIN.get() {
        Some(origin) => *origin,
        None => *ORIGIN.get_or_init(|| {
            let origin = now();
            reading::begin(origin, ORIGIN_NS);
            origin
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_uses_up_the_budget_of_the_task_is_cut_all_the_same() {
        // Time passes in each poll, and no poll leaves a part of the budget.
        let mut polls = 0;
        let greedy = poll_fn(|cx| {
            let _ = pin!(tokio::time::advance(Duration::from_millis(10))).poll(cx);
            while pin!(coop::consume_budget()).poll(cx).is_ready() {}
            polls += 1;
            if polls < 1_000 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        });
        let at = add(now(), Duration::from_secs(1));
        assert_eq!(within(at, greedy).await, None);
    }

    #[test]
    fn nanoseconds_are_those_between_two_instants() {
        let now = now();
        assert!(now_ns() > 0);
        #[cfg(unix)]
        assert_ne!(reading::ZERO.load(Relaxed), 0, "instants are not read");
        for ns in [0, 1, 999_999_999, 1_000_000_000, 86_400_000_000_001] {
            let by = Duration::from_nanos(ns);
            for at in [now.checked_add(by), now.checked_sub(by)]
                .into_iter()
                .flatten()
            {
                assert_eq!(nanos_of(at), nanos_since_origin(at), "{ns}");
            }
        }
    }

    #[test]
    fn milliseconds_are_of_one_length_on_both_sides_of_the_origin() {
        let at = |us: u64| {
            let before = Duration::from_millis(100);
            origin()
                .checked_sub(before)
                .map(|at| millis_of(at + Duration::from_micros(us)))
        };
        for us in (0..200_000).step_by(100) {
            assert_eq!(at(us + 1_000), at(us).map(|ms| ms + 1), "{us}");
        }
    }
}

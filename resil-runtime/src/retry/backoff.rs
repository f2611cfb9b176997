//! A back-off that the user wrote: `#[retry(backoff = ..)]`.

use std::time::Duration;

/// A source of delays for `#[retry(backoff = ..)]`.
///
/// A call evaluates the expression of `backoff = ..` at its first failure, and asks the result
/// before each retry. If the failed side asks for a delay as well, the longer of the two applies.
/// The delay is bounded by the policy's `cap`, and jittered only if `jitter` is written. `max`,
/// `within`, deadlines and the budget apply as usual.
///
/// A closure from the number of the retry to its delay implements it:
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::Backoff;
///
/// let mut squares = |retry: u32| Duration::from_millis(u64::from(retry * retry));
/// assert_eq!(squares.delay(3, None), Some(Duration::from_millis(9)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no back-off",
    label = "`backoff` takes an `impl resil::Backoff`",
    note = "write a closure, `|retry: u32| Duration::from_millis(10 * u64::from(retry))`, or implement `resil::Backoff` for `{Self}`"
)]
pub trait Backoff {
    /// Returns the delay before retry number `retry` (1, 2, ..), or `None` to make no further
    /// attempt.
    ///
    /// `previous` is the delay before the last attempt as it was waited: with jitter, or the longer
    /// one that the failed side asked for. It is `None` before the first retry.
    fn delay(&mut self, retry: u32, previous: Option<Duration>) -> Option<Duration>;
}

#[diagnostic::do_not_recommend]
impl<F: FnMut(u32) -> Duration> Backoff for F {
    fn delay(&mut self, retry: u32, _: Option<Duration>) -> Option<Duration> {
        Some(self(retry))
    }
}

/// The source of the next delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DelaySource {
    /// The strategy of the policy.
    Policy,
    /// A [`Backoff`] of the user's, with what it returned.
    Own(Option<Duration>),
}

/// Asks the back-off of the call for the next delay. `make` creates the back-off before the first
/// question.
pub fn ask_backoff<B: Backoff>(
    backoff: &mut Option<B>,
    make: impl FnOnce() -> B,
    retry: u32,
    previous: Option<Duration>,
) -> DelaySource {
    DelaySource::Own(backoff.get_or_insert_with(make).delay(retry, previous))
}

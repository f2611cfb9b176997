//! Holds an attempt to the limits of its phases, with one timer.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Poll, ready};

use resil_runtime::clock::{self, Instant, Sleep};

use super::error::ClientError;
use super::limits::Limits;
use super::progress::{Phase, Progress};

/// Returns the output of `attempt`, or the limit that has passed: that of the phase it is in, or that of the
/// attempt. The time of a connection is held by the connector.
pub(super) async fn within_limits<F: Future>(
    attempt: F,
    progress: &Progress,
    limits: &Limits,
) -> Result<F::Output, ClientError> {
    let mut attempt = pin!(attempt);
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|cx| {
        progress.register(cx.waker());
        if let Poll::Ready(out) = attempt.as_mut().poll(cx) {
            return Poll::Ready(Ok(out));
        }
        loop {
            let (due, _) = next(progress, limits);
            let timer = timer.get_or_insert_with(|| Box::pin(clock::sleep_until(due)));
            // Progress moves the instant away from the timer, which is set anew when it fires; the next
            // phase may have a shorter limit.
            if due < timer.deadline() {
                timer.as_mut().reset(due);
            }
            ready!(timer.as_mut().poll(cx));
            let (due, error) = next(progress, limits);
            if due <= clock::now() {
                return Poll::Ready(Err(error));
            }
            timer.as_mut().reset(due);
        }
    })
    .await
}

/// Returns the instant of the next limit, and the error that it means.
fn next(progress: &Progress, limits: &Limits) -> (Instant, ClientError) {
    let limit = limits.attempt;
    let end = clock::add(progress.began(), limit);
    let whole = (end, ClientError::Attempt { limit });
    let (phase, last) = progress.phase();
    let of_phase = match phase {
        Phase::Connecting => return whole,
        Phase::Writing => {
            let limit = limits.write;
            (clock::add(last, limit), ClientError::Write { limit })
        }
        Phase::Reading => {
            let limit = limits.read;
            (clock::add(last, limit), ClientError::Read { limit })
        }
    };
    if of_phase.0 < whole.0 {
        of_phase
    } else {
        whole
    }
}

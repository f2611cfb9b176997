//! Holds an attempt to the limits of its phases and to the end of its call, with one timer.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use resil_runtime::clock::{self, Instant};
use tokio::task::coop;

use super::end::End;
use super::error::ClientError;
use super::limits::Limits;
use super::progress::{Phase, Progress};
use super::timer::Timer;

/// Returns the output of `attempt`, the `number`th of its call, or the limit that has passed: that of the phase
/// it is in, that of the attempt, or the end of the call. The time of a connection is held by the connector.
pub(super) async fn within_limits<F: Future>(
    mut attempt: Pin<&mut F>,
    (progress, limits): (&Progress, &Limits),
    (end, number): (&End, u32),
    timer: &mut Timer,
) -> Result<F::Output, ClientError> {
    poll_fn(|cx| {
        let had_budget = coop::has_budget_remaining();
        if let Poll::Ready(out) = attempt.as_mut().poll(cx) {
            return Poll::Ready(Ok(out));
        }
        // From `Reading` an attempt goes on in its own polls alone.
        if progress.phase().0 != Phase::Reading {
            progress.register(cx.waker());
        }
        loop {
            let (due, error) = next(progress, limits, end, number);
            ready!(timer.poll(due, had_budget, cx));
            // The next phase may have begun meanwhile, in another task.
            if next(progress, limits, end, number).0 <= due {
                return Poll::Ready(Err(error));
            }
        }
    })
    .await
}

/// Returns the instant of the next limit, and the error that it means.
fn next(progress: &Progress, limits: &Limits, end: &End, number: u32) -> (Instant, ClientError) {
    let limit = limits.attempt;
    let whole = (
        clock::add(progress.began(), limit),
        ClientError::Attempt { limit },
    );
    let (phase, last) = progress.phase();
    let of_phase = match phase {
        Phase::Connecting => None,
        Phase::Writing => {
            let limit = limits.write;
            Some((clock::add(last, limit), ClientError::Write { limit }))
        }
        Phase::Reading => {
            let limit = limits.read;
            Some((clock::add(last, limit), ClientError::Read { limit }))
        }
    };
    let next = match of_phase {
        Some(of_phase) if of_phase.0 < whole.0 => of_phase,
        _ => whole,
    };
    if end.at() <= next.0 {
        return (end.at(), end.error(number));
    }
    next
}

//! Holds an attempt to the limits of its phases and to the end of its call, with one timer.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use resil_runtime::clock::{self, Instant};

use super::course::Course;
use super::current::polling;
use super::end::End;
use super::error::ClientError;
use super::limits::Limits;
use super::place::Place;
use super::progress::Phase;
use super::timer::Timer;

/// Returns the output of `attempt`, the `number`th of its call, or the limit that has passed: that of the phase
/// it is in, that of the attempt, or the end of the call. The time of a connection is held by the connector.
pub(super) fn within_limits<F: Future>(
    mut attempt: Pin<&mut F>,
    (course, limits): (&mut Course, &Limits),
    (end, number): (&End, u32),
    timer: &mut Timer,
) -> impl Future<Output = Result<F::Output, ClientError>> {
    poll_fn(move |cx| {
        if let Poll::Ready(out) = polling(course, || attempt.as_mut().poll(cx)) {
            return Poll::Ready(Ok(out));
        }
        course.register(cx.waker());
        loop {
            let (due, limit) = next(course, limits, end);
            ready!(timer.poll(due, cx));
            // The next phase may have begun meanwhile, in another task.
            if next(course, limits, end).0 <= due {
                if matches!(limit, Limit::End) {
                    ready!(timer.give_way(end, cx));
                }
                return Poll::Ready(Err(limit.error(limits, end, number)));
            }
        }
    })
}

/// A limit of an attempt.
#[derive(Clone, Copy)]
enum Limit {
    Write,
    Read,
    Attempt,
    /// The end of the call.
    End,
}

impl Limit {
    fn error(self, limits: &Limits, end: &End, number: u32) -> ClientError {
        let at = Place::default();
        match self {
            Self::Write => ClientError::Write {
                limit: limits.write,
                at,
            },
            Self::Read => ClientError::Read {
                limit: limits.read,
                at,
            },
            Self::Attempt => ClientError::Attempt {
                limit: limits.attempt,
                at,
            },
            Self::End => end.error(number),
        }
    }
}

/// Returns the instant at which the next limit passes, and which that is.
fn next(course: &Course, limits: &Limits, end: &End) -> (Instant, Limit) {
    let mut next = (clock::add(course.began(), limits.attempt), Limit::Attempt);
    let (phase, last) = course.phase();
    let of_phase = match phase {
        // Nobody tells of the connection: by then there is one, or reqwest has given up. HTTP/2 asks for nothing of a
        // body as long as it has no stream for it.
        Phase::Connecting if !course.is_told() => {
            let from = clock::add(last, limits.connect);
            Some((clock::add(from, limits.write), Limit::Write))
        }
        Phase::Connecting => None,
        Phase::Writing => Some((clock::add(last, limits.write), Limit::Write)),
        // It began with the attempt at the earliest.
        Phase::Reading if limits.read >= limits.attempt => None,
        Phase::Reading => {
            // Of a call whose attempts may take longer than those of the client it is not known when its connection
            // was made: it is given the time for one.
            let from = if course.is_told() {
                last
            } else {
                clock::add(last, limits.connect)
            };
            Some((clock::add(from, limits.read), Limit::Read))
        }
    };
    if let Some(of_phase) = of_phase
        && of_phase.0 < next.0
    {
        next = of_phase;
    }
    if end.at() <= next.0 {
        next = (end.at(), Limit::End);
    }
    next
}

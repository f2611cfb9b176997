//! The layers of a stack as a part of something larger: the copies of a hedge, or what is under a claim.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};

use super::body::{Attempt, Run};
use super::first::{Later, Polled, poll};
use super::outline::Plan;
use super::walk::Step;
use crate::call::{Failure, Outcome};
use crate::error::Refusal;

/// Makes the walk of a call, if it needs one.
pub(super) fn begin(plan: Plan<'_>) -> Later<'_> {
    if plan.shape.outline.is_straight {
        Later::new()
    } else {
        Later::walk(plan)
    }
}

/// Runs `call` under the layers of `plan`, among which there is no hedge, and returns the outcome with its
/// refusals as they are.
pub(super) async fn walked<C, Fut, T, E>(plan: Plan<'_>, mut call: C) -> Outcome<T, E, Refusal>
where
    C: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    let mut walk = begin(plan);
    let mut future = pin!(None);
    poll_fn(|cx| {
        loop {
            let attempt = Attempt::new(future.as_mut(), &mut call);
            let (attempt, step) = match poll(&mut walk, plan, attempt, cx) {
                Polled::Good(out) => return Poll::Ready(out.map_err(Failure::Body)),
                Polled::Walked(attempt, step) => (attempt, ready!(step)),
            };
            let Step::Done(out) = step else {
                continue;
            };
            return Poll::Ready(match out {
                Err(Failure::Policy(refusal)) => Err(Failure::Policy(refusal)),
                Err(Failure::Exposed((), kind)) => {
                    attempt.returned().map_err(|e| Failure::Exposed(e, kind))
                }
                Ok(()) | Err(Failure::Body(())) => attempt.returned().map_err(Failure::Body),
            });
        }
    })
    .await
}

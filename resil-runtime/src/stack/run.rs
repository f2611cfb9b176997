//! The future of a call.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};

use super::body::Attempt;
use super::layer::Layer;
use super::state::State;
use super::walk::{Step, Walk};
use crate::call::{CallState, Failure};
use crate::error::Refusal;

/// Runs `closure` under `layers`. `make` turns a refusal into the user's error.
#[inline(always)]
pub(super) async fn run<F, T, E>(
    layers: &[Layer],
    state: &'static State,
    mut closure: F,
    make: fn(Refusal) -> E,
) -> Result<T, E>
where
    F: AsyncFnMut() -> Result<T, E>,
    E: Display + 'static,
{
    let call = CallState::new();
    let mut walk = pin!(Walk::new(layers, state, &call));
    loop {
        // The closure is called when this is polled: under the limits of the timeouts around it.
        let mut future = pin!(Some(async { closure().await }));
        let ended = poll_fn(|cx| {
            let mut attempt = Attempt::new(future.as_mut());
            let out = match ready!(walk.as_mut().poll(&mut attempt, cx)) {
                Step::Again => return Poll::Ready(None),
                Step::Done(out) => out,
            };
            Poll::Ready(Some(match out {
                Ok(()) | Err(Failure::Body(()) | Failure::Exposed((), _)) => attempt.returned(),
                Err(Failure::Policy(refusal)) => Err(make(refusal)),
            }))
        });
        if let Some(out) = ended.await {
            return out;
        }
    }
}

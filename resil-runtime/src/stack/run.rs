//! The future of a call.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};

use super::body::{Attempt, Bare};
use super::layer::Layer;
use super::state::State;
use super::walk::{Step, Walk};
use crate::call::{CallState, Failure};
use crate::error::Refusal;

/// What a call has from its stack. `make` turns a refusal into the user's error.
pub(super) struct Call<'s, E> {
    pub(super) layers: &'s [Layer],
    pub(super) state: &'static State,
    pub(super) make: fn(Refusal) -> E,
}

/// Runs `closure` under the layers.
#[inline(always)]
pub(super) async fn run<F, Fut, T, E>(stack: Call<'_, E>, mut closure: F) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    let call = CallState::new();
    let mut walk = pin!(Walk::new(stack.layers, stack.state, &call));
    let mut future = pin!(None);
    poll_fn(|cx| {
        loop {
            let mut attempt = Attempt::new(future.as_mut(), &mut closure);
            match ready!(walk.as_mut().poll(&mut attempt, cx)) {
                Step::Again => {}
                Step::Done(out) => return Poll::Ready(end(out, attempt, stack.make)),
            }
        }
    })
    .await
}

/// Runs `closure`, whose futures borrow from it, under the layers.
#[inline(always)]
pub(super) async fn run_mut<F, T, E>(stack: Call<'_, E>, mut closure: F) -> Result<T, E>
where
    F: AsyncFnMut() -> Result<T, E>,
    E: Display + 'static,
{
    let call = CallState::new();
    let mut walk = pin!(Walk::new(stack.layers, stack.state, &call));
    loop {
        let mut future = pin!(Some(async { closure().await }));
        let ended = poll_fn(|cx| {
            let no_other = || unreachable!("each attempt has a future of its own");
            let mut attempt = Attempt::new(future.as_mut(), no_other);
            Poll::Ready(match ready!(walk.as_mut().poll(&mut attempt, cx)) {
                Step::Again => None,
                Step::Done(out) => Some(end(out, attempt, stack.make)),
            })
        });
        if let Some(out) = ended.await {
            return out;
        }
    }
}

/// Returns what the closure returned, or the refusal of a layer as the user's error.
#[inline(always)]
fn end<F, C, T, E>(
    out: Bare,
    attempt: Attempt<'_, F, C, T, E>,
    make: fn(Refusal) -> E,
) -> Result<T, E> {
    match out {
        Ok(()) | Err(Failure::Body(()) | Failure::Exposed((), _)) => attempt.returned(),
        Err(Failure::Policy(refusal)) => Err(make(refusal)),
    }
}

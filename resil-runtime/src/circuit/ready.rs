//! Waiting until a breaker would let a call in.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::machine::Core;
use super::probing::Place;
use crate::clock;
use crate::sync::broken;

impl Core {
    /// See [`Breaker::ready`](super::Breaker::ready).
    pub(crate) async fn ready(&self) {
        loop {
            // Before the look: what changes after it is heard.
            let mut freed = self.freed.notified();
            if self.is_held_here() {
                return;
            }
            let at = match self.next_place(clock::now_ms) {
                Place::Free => return,
                Place::At(ms) => Some(ms),
                Place::Unknown => None,
            };
            if broken("heard_before_look") {
                freed = self.freed.notified();
            }
            or_after(freed, at).await;
        }
    }
}

/// What `future` comes to, or `None` at that time in ms, where one is given.
pub(super) async fn or_after<T>(future: impl Future<Output = T>, at: Option<u64>) -> Option<T> {
    let timer = at.map(|ms| {
        let left = Duration::from_millis(ms.saturating_sub(clock::now_ms()));
        clock::sleep_until(clock::add(clock::now(), left))
    });
    let (mut future, mut timer) = (pin!(future), pin!(timer));
    poll_fn(|cx| {
        if let Poll::Ready(out) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(out));
        }
        match timer.as_mut().as_pin_mut() {
            Some(timer) => timer.poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    })
    .await
}

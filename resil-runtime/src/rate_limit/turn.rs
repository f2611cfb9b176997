//! The wait for a turn.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::limit::{Limit, Reserved};
use crate::blocking;
use crate::call::{CallState, Site, id_of};
use crate::clock::{self, Instant, Sleep};
use crate::named::Held;

/// The turn of a call that was too early: a future that is ready when it comes.
///
/// Dropped before, it gives the turn back, if no other call has come since.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
// One word, as most calls have none.
pub struct Turn(Box<Waiting>);

#[derive(Debug)]
struct Waiting {
    limit: Held<Limit>,
    reserved: Reserved,
    at: Instant,
    /// Made when the wait is polled: a thread that blocks needs none.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the turn has come.
    came: bool,
}

impl Turn {
    pub(super) fn new(limit: Held<Limit>, reserved: Reserved) -> Self {
        Self(Box::new(Waiting {
            limit,
            reserved,
            at: clock::add(clock::now(), reserved.turn_in()),
            timer: None,
            came: false,
        }))
    }

    /// Blocks the thread until the turn comes.
    pub(super) fn block(mut self) {
        clock::sleep_thread(self.left());
        self.0.came = true;
    }

    /// Blocks the thread until the turn comes, in a call of the function of `site`, which is not async.
    #[cold]
    pub fn sleep(mut self, site: &'static Site, call: Option<&CallState>) {
        blocking::sleep(self.left(), site, || id_of(call));
        self.0.came = true;
    }

    fn left(&self) -> Duration {
        self.0.at.saturating_duration_since(clock::now())
    }
}

impl Future for Turn {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waiting = &mut *self.get_mut().0;
        let at = waiting.at;
        let timer = waiting
            .timer
            .get_or_insert_with(|| Box::pin(clock::sleep_until(at)));
        ready!(timer.as_mut().poll(cx));
        waiting.came = true;
        Poll::Ready(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.came {
            self.limit.give_back(self.reserved);
        }
    }
}

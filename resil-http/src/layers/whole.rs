//! A request under a hedge, whose copies need its body in whole.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use resil_runtime::edge::MayCopy;

use super::request::Copies;

/// It is not known yet whether the body can be had in whole.
const ASKED: u8 = 0;
/// It is there.
const WHOLE: u8 = 1;
/// It is sent as it comes.
const STREAMED: u8 = 2;

/// A request whose body is read before the first copy of it is sent, by that copy: inside all policies. A copy that
/// follows one that was cut goes on where that one stood.
pub(super) struct Whole<C> {
    /// They are taken out while they are polled: no lock is held then.
    copies: Mutex<Option<C>>,
    body: AtomicU8,
}

impl<C> Whole<C> {
    pub(super) fn new(copies: C) -> Self {
        Self {
            copies: Mutex::new(Some(copies)),
            body: AtomicU8::new(ASKED),
        }
    }

    /// Returns whether a copy may be sent beside another one.
    pub(super) fn may_copy(&self) -> MayCopy {
        match self.body.load(Ordering::Relaxed) {
            ASKED => MayCopy::NotYet,
            WHOLE => MayCopy::Yes,
            _ => MayCopy::Never,
        }
    }

    /// Reads the body, and returns the next copy, or `None` once the request is spent.
    pub(super) fn poll_next<Request>(&self, cx: &mut Context<'_>) -> Poll<Option<Request>>
    where
        C: Copies<Request>,
    {
        let place = || self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        // It is gone after a panic of its body.
        let Some(mut copies) = place().take() else {
            return Poll::Ready(None);
        };
        let polled = self.poll_body(&mut copies, cx).map(|()| copies.next());
        *place() = Some(copies);
        polled
    }

    fn poll_body<Request>(
        &self,
        copies: &mut impl Copies<Request>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if self.may_copy() == MayCopy::NotYet {
            let is_whole = ready!(copies.poll_whole(cx));
            let body = if is_whole { WHOLE } else { STREAMED };
            self.body.store(body, Ordering::Relaxed);
        }
        Poll::Ready(())
    }
}

//! A body that is sent as it comes, and kept up to a limit, so that a copy that follows can begin anew.
//!
//! Copies follow each other. The last one that was made is the current one; those before it may still be in the
//! hands of a connection, on another thread, and end with an error as soon as they are polled. The source is taken
//! out while it is polled, so that no lock is held then: a current copy that does not find it waits until it is
//! put back.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::parts::Part;
use super::spent::Spent;
use crate::BoxError;

/// The body as it came.
pub(super) type Source = Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>;

/// A body that is sent and kept.
pub(super) struct Shared {
    state: Mutex<State>,
    limit: usize,
    spent: Spent,
}

struct State {
    /// What was read of the source, from part number `first` on.
    kept: VecDeque<Part>,
    first: usize,
    /// The bytes of all parts that were read.
    bytes: usize,
    /// `None` while it is polled, and after its end.
    source: Option<Source>,
    has_ended: bool,
    /// The error that the source ended with, if no copy has had it yet.
    error: Option<BoxError>,
    /// What the source says of its length, as long as it is not here.
    hint: SizeHint,
    /// The number of the current copy.
    current: u32,
    /// The current copy, if it is pending: until the source is put back, or until the source wakes it.
    pending: Option<Waker>,
}

/// A copy of the body ends, as the request is sent anew.
#[derive(Debug, thiserror::Error)]
#[error("the request is sent anew, and the body of this copy of it ends")]
struct Superseded;

impl Shared {
    /// Takes a body, of which `kept` was read already, or the error that came behind that.
    pub(super) fn new(
        source: Result<Source, BoxError>,
        kept: VecDeque<Part>,
        limit: usize,
        spent: Spent,
    ) -> Self {
        let (source, error) = match source {
            Ok(source) => (Some(source), None),
            Err(error) => (None, Some(error)),
        };
        let state = State {
            bytes: kept.iter().map(Part::len).sum(),
            kept,
            first: 0,
            hint: source
                .as_ref()
                .map_or_else(SizeHint::default, Body::size_hint),
            has_ended: source.is_none(),
            source,
            error,
            current: 0,
            pending: None,
        };
        Self {
            state: Mutex::new(state),
            limit,
            spent,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a copy, which becomes the current one, and returns its number; `None` if the body is used up.
    pub(super) fn begin(&self) -> Option<u32> {
        let mut state = self.lock();
        // Under the lock: a copy before this one finds either that it is not the current one any more, or that
        // the body is not to be used up.
        if self.spent.is_spent() {
            return None;
        }
        state.current += 1;
        // The source wakes the copy that has polled it last: from now on that is this one.
        let before = state.pending.take();
        let number = state.current;
        self.spent.release();
        drop(state);
        if let Some(before) = before {
            before.wake();
        }
        Some(number)
    }

    /// Returns what is known of the rest of the body from part `at` on.
    pub(super) fn size_hint(&self, at: usize) -> SizeHint {
        let state = self.lock();
        let skipped = at.saturating_sub(state.first);
        let kept: usize = state.kept.iter().skip(skipped).map(Part::len).sum();
        let kept = kept as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(kept.saturating_add(state.hint.lower()));
        if let Some(upper) = state.hint.upper().and_then(|upper| upper.checked_add(kept)) {
            hint.set_upper(upper);
        }
        hint
    }

    /// Returns whether nothing comes after part `at`.
    pub(super) fn is_end(&self, at: usize) -> bool {
        let state = self.lock();
        state.has_ended && state.error.is_none() && at >= state.first + state.kept.len()
    }

    /// Polls part `at` for copy `number`.
    pub(super) fn poll_part(
        &self,
        number: u32,
        at: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut waker = None;
        // What is let go of, and dropped outside of the lock: the bytes may have an owner of the user's.
        let mut gone = VecDeque::new();
        let source = loop {
            let mut state = self.lock();
            if state.current != number {
                return Poll::Ready(Some(Err(Superseded.into())));
            }
            if state.first + state.kept.len() > at {
                // More was kept than may be, before the first copy began.
                if state.bytes > self.limit && !self.spent.spend() {
                    return Poll::Ready(Some(Err(Superseded.into())));
                }
                let frame = state.read(at, self.spent.is_spent(), &mut gone);
                drop(state);
                return Poll::Ready(frame.map(Ok));
            }
            if state.has_ended {
                let error = state.error.take();
                if error.is_some() {
                    self.spent.spend_for_good();
                }
                return Poll::Ready(error.map(Err));
            }
            if let Some(source) = state.source.take() {
                break source;
            }
            // A waker too is cloned and dropped outside of the lock.
            if let Some(waker) = waker.take() {
                let before = state.pending.replace(waker);
                drop(state);
                drop(before);
                return Poll::Pending;
            }
            drop(state);
            waker = Some(cx.waker().clone());
        };
        let mut lent = Lent {
            shared: self,
            source: Some(source),
        };
        let polled = lent.poll(cx);
        let source = lent.source.take();
        drop(lent);
        self.put_back(source, polled, number, cx)
    }

    /// Puts the source back, and returns to copy `number` what came of it.
    fn put_back(
        &self,
        source: Option<Source>,
        polled: Poll<Option<Result<Part, BoxError>>>,
        number: u32,
        cx: &Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let has_ended = matches!(polled, Poll::Ready(None | Some(Err(_))));
        // Outside of the lock: it is the user's code.
        let hint = match &source {
            Some(source) if !has_ended => source.size_hint(),
            _ => SizeHint::with_exact(0),
        };
        let (source, ended) = if has_ended {
            (None, source)
        } else {
            (source, None)
        };
        let waker = polled.is_pending().then(|| cx.waker().clone());
        let mut gone = VecDeque::new();
        let mut state = self.lock();
        state.source = source;
        state.has_ended = has_ended;
        state.hint = hint;
        let is_current = state.current == number;
        // One that is not the current one has kept the source from that.
        let pending = state.pending.take();
        if is_current {
            state.pending = waker;
        }
        let polled = polled.map(|polled| match polled {
            None => None,
            Some(Ok(part)) => self.keep(&mut state, part, is_current, &mut gone).map(Ok),
            Some(Err(error)) => {
                self.spent.spend_for_good();
                if is_current {
                    Some(Err(error))
                } else {
                    state.error = Some(error);
                    None
                }
            }
        });
        drop(state);
        drop((ended, gone));
        if let Some(pending) = pending.filter(|_| !is_current) {
            pending.wake();
        }
        if is_current && !matches!(polled, Poll::Ready(Some(Err(_)))) {
            // A part that the current copy may not have is one that the next copy needs.
            return polled.map(|part| match part {
                None if !has_ended => Some(Err(Superseded.into())),
                part => part,
            });
        }
        if is_current {
            return polled;
        }
        Poll::Ready(Some(Err(Superseded.into())))
    }

    /// Keeps a part that was read, if that is within the limit or if a copy that follows needs it. Returns it for
    /// the copy that has read it, if that may go on.
    fn keep(
        &self,
        state: &mut State,
        part: Part,
        is_current: bool,
        gone: &mut VecDeque<Part>,
    ) -> Option<Frame<Bytes>> {
        state.bytes = state.bytes.saturating_add(part.len());
        let may_go_on = state.bytes <= self.limit || self.spent.spend();
        if is_current && may_go_on && self.spent.is_spent() {
            // No copy follows.
            state.first += state.kept.len() + 1;
            gone.append(&mut state.kept);
            return Some(part.into_frame());
        }
        state.kept.push_back(part.clone());
        (is_current && may_go_on).then(|| part.into_frame())
    }
}

impl State {
    /// Returns part `at`, and lets go of it if no copy follows.
    fn read(
        &mut self,
        at: usize,
        is_last: bool,
        gone: &mut VecDeque<Part>,
    ) -> Option<Frame<Bytes>> {
        let index = at.checked_sub(self.first)?;
        if !is_last {
            return Some(self.kept.get(index)?.clone().into_frame());
        }
        gone.extend(self.kept.drain(..index));
        self.first = at + 1;
        Some(self.kept.pop_front()?.into_frame())
    }
}

/// The source while it is polled; a panic puts it back.
struct Lent<'a> {
    shared: &'a Shared,
    source: Option<Source>,
}

impl Lent<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Part, BoxError>>> {
        let Some(source) = &mut self.source else {
            return Poll::Ready(None);
        };
        loop {
            match source.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(part) = Part::of(frame) {
                        return Poll::Ready(Some(Ok(part)));
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(source) = self.source.take() {
            let pending = {
                let mut state = self.shared.lock();
                state.source = Some(source);
                state.pending.take()
            };
            if let Some(pending) = pending {
                pending.wake();
            }
        }
    }
}

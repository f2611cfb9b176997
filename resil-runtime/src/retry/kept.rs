//! What a call keeps of its last attempt while it waits for the next one: if the wait is ended from
//! outside, that is its outcome.
//!
//! The future of a function is `Send` only if all is that lives across its pause. An error that is not
//! `Send` must not take that away, so it is not kept. Generated code asks the type by method resolution,
//! as it asks errors for their class: [`Keeping`] has a method for what is `Send`, and it derefs to one
//! with a method of the same name for everything.

use std::any::type_name;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::{ControlFlow, Deref};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::ask::{Answer, Ask};
use super::backoff::DelaySource;
use super::decision::by_policy;
use super::state::{Constants, Retry};
use super::waiting::Waiting;
use crate::call::{AnyRefusal, CallState, Failure, Outcome};
use crate::error::RefusalKind;

/// What a call keeps of its last attempt.
pub struct Kept<K: Keep<O>, O>(Option<Box<K::Kept>>);

impl<K: Keep<O>, O> fmt::Debug for Kept<K, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// A way to keep an outcome `O`.
pub trait Keep<O>: Copy {
    /// What is kept.
    type Kept;
    /// Returns what is to be kept of `out`.
    fn put(out: O) -> Option<Self::Kept>;
    /// Returns the outcome.
    fn back(kept: Self::Kept) -> O;
    /// Returns whether a value is kept, and no failure.
    fn is_value(_: &Self::Kept) -> bool {
        false
    }
    /// Whether outcomes are kept at all.
    const KEEPS: bool;
}

/// Keeps the failure.
#[derive(Debug, Clone, Copy)]
pub struct KeepFailure;

impl<T, E, P> Keep<Outcome<T, E, P>> for KeepFailure {
    type Kept = Failure<E, P>;
    fn put(out: Outcome<T, E, P>) -> Option<Failure<E, P>> {
        out.err()
    }
    fn back(kept: Failure<E, P>) -> Outcome<T, E, P> {
        Err(kept)
    }
    const KEEPS: bool = true;
}

/// Keeps the whole outcome, where an `Ok` may ask for another attempt.
#[derive(Debug, Clone, Copy)]
pub struct KeepAll;

impl<T, E, P> Keep<Outcome<T, E, P>> for KeepAll {
    type Kept = Outcome<T, E, P>;
    fn put(out: Outcome<T, E, P>) -> Option<Outcome<T, E, P>> {
        Some(out)
    }
    fn back(kept: Outcome<T, E, P>) -> Outcome<T, E, P> {
        kept
    }
    fn is_value(kept: &Outcome<T, E, P>) -> bool {
        kept.is_ok()
    }
    const KEEPS: bool = true;
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy)]
pub struct KeepNothing;

impl<O> Keep<O> for KeepNothing {
    type Kept = Infallible;
    fn put(out: O) -> Option<Infallible> {
        drop(out);
        None
    }
    fn back(kept: Infallible) -> O {
        match kept {}
    }
    const KEEPS: bool = false;
}

/// Says how an outcome is kept: `X` is what would be kept, by `K`.
#[derive(Debug)]
pub struct Keeping<X, K>(Otherwise<X>, PhantomData<K>);

/// The second step of [`Keeping`]: what is not `Send`.
#[derive(Debug)]
pub struct Otherwise<X>(PhantomData<fn() -> X>);

impl<E, P> Keeping<Failure<E, P>, KeepFailure> {
    /// Asks how the failure of `out` is kept.
    #[inline(always)]
    pub fn failure<T>(out: &Outcome<T, E, P>) -> Self {
        let _ = out;
        Self(Otherwise(PhantomData), PhantomData)
    }
}

impl<O> Keeping<O, KeepAll> {
    /// Asks how `out` is kept.
    #[inline(always)]
    pub fn all(out: &O) -> Self {
        let _ = out;
        Self(Otherwise(PhantomData), PhantomData)
    }
}

impl<X: Send> Keeping<X, KeepFailure> {
    /// Keeps it.
    #[inline(always)]
    pub fn __resil_keep(&self) -> KeepFailure {
        KeepFailure
    }
}

impl<X: Send> Keeping<X, KeepAll> {
    /// Keeps it.
    #[inline(always)]
    pub fn __resil_keep(&self) -> KeepAll {
        KeepAll
    }
}

impl<X> Otherwise<X> {
    /// Keeps nothing.
    #[inline(always)]
    pub fn __resil_keep(&self) -> KeepNothing {
        let _ = self.0;
        KeepNothing
    }
}

impl<X, K> Deref for Keeping<X, K> {
    type Target = Otherwise<X>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: Keep<O>, O> Kept<K, O> {
    /// Keeps nothing yet.
    #[inline(always)]
    #[expect(clippy::new_without_default, reason = "generated code calls it")]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Notes that the pause is over. A value is gone before the next one is made; a failure is kept for the
    /// waits of the next attempt.
    fn pause_over(&mut self) {
        if self.0.as_deref().is_some_and(K::is_value) {
            self.0 = None;
        }
    }

    fn take(&mut self) -> Option<O> {
        self.0.take().map(|kept| K::back(*kept))
    }
}

impl<T, E, P: AnyRefusal, K: Keep<Outcome<T, E, P>>> Kept<K, Outcome<T, E, P>> {
    /// Whether the call has an outcome if its pause is ended from outside.
    fn can_end() -> bool {
        K::KEEPS || P::cancelled().is_some()
    }

    fn last(&mut self) -> Option<Outcome<T, E, P>> {
        self.take()
            .or_else(|| Some(Err(Failure::Policy(P::cancelled()?))))
    }

    /// Returns `flow`, the end of an attempt. If a wait of that attempt was ended from outside, before its
    /// body, the outcome of the attempt before takes its place.
    #[inline(always)]
    fn or_before(
        &mut self,
        call: Option<&CallState>,
        flow: ControlFlow<Outcome<T, E, P>>,
    ) -> ControlFlow<Outcome<T, E, P>> {
        match flow {
            ControlFlow::Break(Err(failure)) => ControlFlow::Break(self.before(call, failure)),
            flow => flow,
        }
    }

    #[cold]
    fn before(&mut self, call: Option<&CallState>, failure: Failure<E, P>) -> Outcome<T, E, P> {
        if failure.refusal() == Some(RefusalKind::Cancelled)
            && let Some(before) = self.take()
        {
            note(call);
            return before;
        }
        Err(failure)
    }
}

impl Retry {
    /// Records an attempt, as [`again`](Self::again) does, and keeps its outcome in `kept` if another one
    /// follows.
    #[inline(always)]
    pub fn again_keeping<T, E, P: AnyRefusal, A, K: Keep<Outcome<T, E, P>>>(
        &mut self,
        constants: Constants<'_>,
        call: Option<&CallState>,
        out: Outcome<T, E, P>,
        mut ask: A,
        (_, kept): (K, &mut Kept<K, Outcome<T, E, P>>),
    ) -> ControlFlow<Outcome<T, E, P>>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        let keep = |out| kept.0 = K::put(out).map(Box::new);
        let source = &mut by_policy;
        let flow = self.after(
            constants,
            call,
            out,
            false,
            &mut ask,
            type_name::<A>,
            source,
            keep,
        );
        kept.or_before(call, flow)
    }

    /// Records an attempt, as [`again_by`](Self::again_by) does, and keeps its outcome in `kept` if another
    /// one follows.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "generated code calls it")]
    pub fn again_keeping_by<T, E, P: AnyRefusal, A, K: Keep<Outcome<T, E, P>>>(
        &mut self,
        constants: Constants<'_>,
        call: Option<&CallState>,
        out: Outcome<T, E, P>,
        on_ok: impl FnOnce(&T) -> bool,
        mut ask: A,
        mut source: impl FnMut(u32, Option<Duration>) -> DelaySource,
        (_, kept): (K, &mut Kept<K, Outcome<T, E, P>>),
    ) -> ControlFlow<Outcome<T, E, P>>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        let unwanted = out.as_ref().is_ok_and(on_ok);
        let keep = |out| kept.0 = K::put(out).map(Box::new);
        let source = &mut source;
        let flow = self.after(
            constants,
            call,
            out,
            unwanted,
            &mut ask,
            type_name::<A>,
            source,
            keep,
        );
        kept.or_before(call, flow)
    }

    /// Returns the wait before the next attempt. Its output is the outcome of the call if the wait is
    /// ended from outside.
    #[inline]
    pub fn pause_keeping<'a, T, E, P, K>(
        &'a mut self,
        kept: &'a mut Kept<K, Outcome<T, E, P>>,
        call: Option<&'a CallState>,
    ) -> PauseKeeping<'a, K, Outcome<T, E, P>>
    where
        P: AnyRefusal,
        K: Keep<Outcome<T, E, P>>,
    {
        PauseKeeping {
            retry: self,
            kept,
            call,
        }
    }

    /// Sleeps the thread until the next attempt is due: in a function that is not async. Returns the
    /// outcome of the call if the wait is ended from outside.
    #[cold]
    pub fn sleep_keeping<T, E, P: AnyRefusal, K: Keep<Outcome<T, E, P>>>(
        &mut self,
        kept: &mut Kept<K, Outcome<T, E, P>>,
        call: Option<&CallState>,
    ) -> Option<Outcome<T, E, P>> {
        let mut waiting = waiting_of(self)?;
        let Some(reason) = waiting.as_mut().sleep() else {
            kept.pause_over();
            return None;
        };
        if !Kept::<K, Outcome<T, E, P>>::can_end() {
            waiting.cut_short();
            return None;
        }
        waiting.end(reason);
        note(call);
        kept.last()
    }
}

/// Returns the call in its pause; `None` if no attempt follows.
fn waiting_of(retry: &mut Retry) -> Option<Pin<&mut Waiting>> {
    retry.0.as_mut().map(Pin::as_mut)
}

/// Notes in the state of the call, where its stack keeps one, that its outcome is that of an attempt
/// whose follower was cancelled.
fn note(call: Option<&CallState>) {
    if let Some(call) = call {
        call.set_cancelled();
    }
}

/// The future of [`Retry::pause_keeping`].
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct PauseKeeping<'a, K: Keep<O>, O> {
    retry: &'a mut Retry,
    kept: &'a mut Kept<K, O>,
    call: Option<&'a CallState>,
}

impl<T, E, P: AnyRefusal, K: Keep<Outcome<T, E, P>>> Future
    for PauseKeeping<'_, K, Outcome<T, E, P>>
{
    type Output = Option<Outcome<T, E, P>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Some(waiting) = waiting_of(this.retry) else {
            return Poll::Ready(None);
        };
        match waiting.poll_pause(Kept::<K, Outcome<T, E, P>>::can_end(), cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(false) => {
                this.kept.pause_over();
                Poll::Ready(None)
            }
            Poll::Ready(true) => {
                note(this.call);
                Poll::Ready(this.kept.last())
            }
        }
    }
}

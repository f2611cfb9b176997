//! The user's closure, as the walk through a stack sees it.

#[cfg(feature = "edge")]
use std::any::Any;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

#[cfg(feature = "edge")]
use super::failed::Failed;
use crate::call::{Failure, Outcome};
use crate::classify::{self, Class};
use crate::error::Refusal;
use crate::event::ErrorText;

/// The outcome of a layer without the user's value or error, which stay with the [`Body`].
pub(super) type Bare = Outcome<(), (), Refusal>;

/// One run of the user's closure, and what it returned.
pub(super) trait Body {
    /// Polls the run. Once it is ready, the future is gone and the value or the error is kept.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Bare>;

    /// Drops the future where it stands.
    fn cut(&mut self);

    /// Returns the class of the error, if it has one.
    fn class(&self) -> Option<Class>;

    /// Returns where the text of the error comes from.
    fn text(&self) -> ErrorText<'_>;

    /// Returns whether another attempt is out of the question, whatever the class says.
    #[cfg(feature = "edge")]
    fn is_final(&self) -> bool;
}

/// A body with its types: it hands out what a run returned.
pub(super) trait Run: Body + Sized {
    /// The outcome of a run.
    type Out;

    /// Polls the run. Once it is ready, the future is gone.
    fn run(&mut self, cx: &mut Context<'_>) -> Poll<Self::Out>;

    /// Returns whether all layers are to see a success.
    fn is_good(out: &Self::Out) -> bool;

    /// Keeps what the run returned, and returns it without the user's value or error.
    fn keep(&mut self, out: Self::Out) -> Bare;

    /// Returns what the run returned, which was kept.
    fn returned(self) -> Self::Out;
}

/// One poll of a run: the future is pinned in the task, and the outcome is on the stack of the thread,
/// so that a value or an error that is not `Send` never lives across an `.await`.
pub(super) struct Attempt<'a, F, C, T, E> {
    future: Pin<&'a mut Option<F>>,
    /// Makes the future, when it is polled first: under the limits of the timeouts around it.
    call: C,
    out: Option<Result<T, E>>,
}

impl<'a, F, C, T, E> Attempt<'a, F, C, T, E> {
    #[inline(always)]
    pub(super) fn new(future: Pin<&'a mut Option<F>>, call: C) -> Self {
        Self {
            future,
            call,
            out: None,
        }
    }
}

impl<F, C, T, E> Run for Attempt<'_, F, C, T, E>
where
    F: Future<Output = Result<T, E>>,
    C: FnMut() -> F,
    E: Display + 'static,
{
    type Out = Result<T, E>;

    #[inline(always)]
    fn run(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        if self.future.is_none() {
            let future = (self.call)();
            self.future.set(Some(future));
        }
        let Some(future) = self.future.as_mut().as_pin_mut() else {
            unreachable!("it was made above")
        };
        let Poll::Ready(out) = future.poll(cx) else {
            return Poll::Pending;
        };
        self.future.set(None);
        Poll::Ready(out)
    }

    #[inline(always)]
    fn is_good(out: &Result<T, E>) -> bool {
        out.is_ok()
    }

    #[inline(always)]
    fn keep(&mut self, out: Result<T, E>) -> Bare {
        let bare = match &out {
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::Body(())),
        };
        self.out = Some(out);
        bare
    }

    #[inline(always)]
    fn returned(self) -> Result<T, E> {
        let Some(out) = self.out else {
            unreachable!("a run that has ended has returned something")
        };
        out
    }
}

impl<F, C, T, E> Body for Attempt<'_, F, C, T, E>
where
    F: Future<Output = Result<T, E>>,
    C: FnMut() -> F,
    E: Display + 'static,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Bare> {
        let out = ready!(self.run(cx));
        Poll::Ready(self.keep(out))
    }

    #[cold]
    fn cut(&mut self) {
        self.future.set(None);
        self.out = None;
    }

    #[cold]
    fn class(&self) -> Option<Class> {
        match &self.out {
            Some(Err(error)) => classify::of_value(error),
            _ => None,
        }
    }

    #[cold]
    fn text(&self) -> ErrorText<'_> {
        match &self.out {
            Some(Err(error)) => ErrorText::Display(error),
            _ => ErrorText::Nothing,
        }
    }

    #[cfg(feature = "edge")]
    #[cold]
    fn is_final(&self) -> bool {
        matches!(&self.out, Some(Err(error)) if is_final(error))
    }
}

/// Returns whether an error of an edge says that its request may not be sent again.
#[cfg(feature = "edge")]
pub(super) fn is_final<E: 'static>(error: &E) -> bool {
    let error: &dyn Any = error;
    error
        .downcast_ref::<Failed>()
        .is_some_and(|failed| !failed.may_repeat())
}

/// Returns the outcome of a layer that refuses the call.
pub(super) fn refused(refusal: Refusal) -> Bare {
    Err(Failure::Policy(refusal))
}

/// Puts the body in the place of its error, for the pieces that ask about it.
#[inline(always)]
pub(super) fn shown(out: Bare, body: &dyn Body) -> Outcome<(), &dyn Body> {
    match out {
        Ok(()) => Ok(()),
        Err(Failure::Body(())) => Err(Failure::Body(body)),
        Err(Failure::Policy(refusal)) => Err(Failure::Policy(refusal)),
        Err(Failure::Exposed((), kind)) => Err(Failure::Exposed(body, kind)),
    }
}

/// Takes the body out of the outcome again.
#[inline(always)]
pub(super) fn hidden(out: Outcome<(), &dyn Body>) -> Bare {
    match out {
        Ok(()) => Ok(()),
        Err(Failure::Body(_)) => Err(Failure::Body(())),
        Err(Failure::Policy(refusal)) => Err(Failure::Policy(refusal)),
        Err(Failure::Exposed(_, kind)) => Err(Failure::Exposed((), kind)),
    }
}

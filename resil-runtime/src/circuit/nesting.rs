//! A breaker inside itself: a call made, in the same task, under a permit of the same breaker runs
//! under that permit.
//!
//! Otherwise two functions that share a name, one calling the other, or a recursion could never
//! recover: the outer call takes the only probe, and the inner one is refused. Closed, one failed
//! answer would count twice.

use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::call::Call;
use super::handle::{BY_HAND, CallPermit};
use super::machine::Core;
use super::permit::Permit;
use crate::event::{self, Event};
use crate::site::Site;
use crate::under::{BREAKERS, Frame, Stack};

/// Who asks a breaker to let a call in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    /// The annotated function; `None`: by hand.
    pub(super) function: Option<&'static Site>,
    /// To whom it was told already that this caller entered the breaker again.
    pub(super) told: &'a Told,
}

impl Core {
    /// What this breaker is known by among those whose permits are held.
    pub(super) fn id(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// Whether the poll in progress is under a permit of this breaker.
    #[inline(always)]
    pub(super) fn is_reentered(&self, caller: Caller<'_>) -> bool {
        !BREAKERS.with(Stack::is_empty) && self.is_among_held(caller)
    }

    /// Whether the poll in progress is under a permit of this breaker, for who makes no call.
    pub(super) fn is_held_here(&self) -> bool {
        BREAKERS.with(|held| held.holder(self.id())).is_some()
    }

    #[inline(never)]
    fn is_among_held(&self, caller: Caller<'_>) -> bool {
        let Some(outer) = BREAKERS.with(|held| held.holder(self.id())) else {
            return false;
        };
        if event::is_heard() {
            self.tell_reentered(caller, outer.by);
        }
        true
    }

    #[cold]
    fn tell_reentered(&self, caller: Caller<'_>, outer: Option<&'static Site>) {
        if caller.told.is_new(outer) {
            let name_of = |site: Option<&'static Site>| site.map_or(BY_HAND, Site::name);
            event::emit(|| Event::CircuitReentered {
                name: self.name(),
                function: name_of(caller.function),
                outer: name_of(outer),
            });
        }
    }

    /// The rest of this poll is under the permit of `call`, which `by` holds; a nested call adds
    /// nothing to the permit that it is under.
    #[inline(always)]
    pub(super) fn enter(&self, call: &Call, by: Option<&'static Site>) -> Frame {
        if call.is_nested() {
            Frame::none(&BREAKERS)
        } else {
            Frame::enter(&BREAKERS, self.id(), by)
        }
    }
}

pin_project! {
    /// What the permit of an annotated function's call is held around.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct UnderPermit<'a, F> {
        #[pin]
        inside: F,
        permit: &'a Permit<'a>,
    }
}

/// Polls `inside` under `permit`.
#[inline(always)]
pub fn under_permit<'a, F: Future>(permit: &'a Permit<'a>, inside: F) -> UnderPermit<'a, F> {
    UnderPermit { inside, permit }
}

impl<F: Future> Future for UnderPermit<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _frame = this.permit.enter();
        this.inside.poll(cx)
    }
}

pin_project! {
    /// A future that runs under a permit: see [`CallPermit::scope`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Scoped<'a, F> {
        #[pin]
        inside: F,
        permit: &'a CallPermit,
    }
}

impl<'a, F> Scoped<'a, F> {
    pub(super) fn new(inside: F, permit: &'a CallPermit) -> Self {
        Self { inside, permit }
    }
}

impl<F: Future> Future for Scoped<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.permit.sync_scope(|| this.inside.poll(cx))
    }
}

/// The outer functions with which the pair was told, so that it is told once. A list that only grows
/// and is read without a lock; there are as many as the code has functions that call this one.
#[derive(Debug, Default)]
pub(super) struct Told(OnceLock<Box<Pair>>);

#[derive(Debug)]
struct Pair {
    outer: Option<&'static Site>,
    next: Told,
}

impl Told {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Whether `outer` comes for the first time.
    fn is_new(&self, outer: Option<&'static Site>) -> bool {
        let is_same = |other: Option<&'static Site>| match (outer, other) {
            (Some(one), Some(other)) => ptr::eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let mut place = self;
        loop {
            let mut mine = false;
            let pair = place.0.get_or_init(|| {
                mine = true;
                Box::new(Pair {
                    outer,
                    next: Self::new(),
                })
            });
            if mine || is_same(pair.outer) {
                return mine;
            }
            place = &pair.next;
        }
    }
}

//! Layers that can be switched off: what is inside then runs plainly.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::retry::attempt::Restore;
use crate::retry::site::RetrySite;

pin_project! {
    /// The future of [`switched`].
    #[project = SwitchedProj]
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub enum Switched<L, F> {
        /// The layer, with what is inside.
        On { #[pin] layer: L },
        /// What is inside.
        Off { #[pin] inside: F },
    }
}

/// Runs `layer` around `inside` while the layer is switched on, and else `inside` alone.
#[inline(always)]
pub fn switched<F, L>(is_on: bool, inside: F, layer: impl FnOnce(F) -> L) -> Switched<L, F>
where
    F: Future,
    L: Future<Output = F::Output>,
{
    if is_on {
        Switched::On {
            layer: layer(inside),
        }
    } else {
        Switched::Off { inside }
    }
}

impl<L, F> Future for Switched<L, F>
where
    F: Future,
    L: Future<Output = F::Output>,
{
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project() {
            SwitchedProj::On { layer } => layer.poll(cx),
            SwitchedProj::Off { inside } => inside.poll(cx),
        }
    }
}

/// Runs `layer` around `inside`, as [`switched`] does, in a function that is not async.
#[inline(always)]
pub fn switched_run<F, R>(is_on: bool, inside: F, layer: impl FnOnce(F) -> R) -> R
where
    F: FnOnce() -> R,
{
    if is_on { layer(inside) } else { inside() }
}

pin_project! {
    /// The future of [`attempt_if`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct AttemptIf<F> {
        #[pin]
        body: F,
        site: Option<&'static RetrySite>,
    }
}

/// Runs `body` as an attempt of the function of `site` while its retry is switched on, and else plainly.
#[inline(always)]
pub fn attempt_if<F: Future>(is_on: bool, site: &'static RetrySite, body: F) -> AttemptIf<F> {
    AttemptIf {
        body,
        site: is_on.then_some(site),
    }
}

/// Runs `body`, as [`attempt_if`] does, in a function that is not async.
#[inline(always)]
pub fn run_attempt_if<R>(is_on: bool, site: &'static RetrySite, body: impl FnOnce() -> R) -> R {
    let _restore = is_on.then(|| Restore::enter(site));
    body()
}

impl<F: Future> Future for AttemptIf<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _restore = this.site.map(Restore::enter);
        this.body.poll(cx)
    }
}

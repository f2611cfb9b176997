//! Faults below all policies: around the body itself.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::site::Controlled;
use crate::blocking;
use crate::call::conversions::Conversions;
use crate::call::{AnyRefusal, CallState, Site, id_of};
use crate::clock::{self, Sleep};
use crate::event::{self, Event, InjectedFault};

/// The settings of the call, the function, and the state of the call where its stack keeps one.
type Caller<'a> = (&'a Controlled, &'static Site, Option<&'a CallState>);

pin_project! {
    /// The future of [`injected`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Injected<'a, F, R, T, E, P> {
        #[pin]
        body: F,
        caller: Caller<'a>,
        conversions: Conversions<R, T, E, P>,
        run: Run,
    }
}

/// A run of the body, which may get a fault.
#[derive(Debug)]
enum Run {
    /// It has not begun.
    New,
    /// The body runs.
    Body,
    /// The body runs once this is over.
    Delayed(Pin<Box<Sleep>>),
    /// The body runs, and its answer is lost.
    Losing,
    /// Nothing comes any more.
    Hanging,
}

/// Runs `body` with the fault that it draws, if it draws one.
#[inline(always)]
pub fn injected<F, R, T, E, P>(
    caller: Caller<'_>,
    conversions: Conversions<R, T, E, P>,
    body: F,
) -> Injected<'_, F, R, T, E, P>
where
    F: Future<Output = R>,
{
    Injected {
        body,
        caller,
        conversions,
        run: Run::New,
    }
}

/// Draws for a run, and tells listeners of the fault that it gets.
#[inline(always)]
fn draw((control, site, call): Caller<'_>) -> Option<InjectedFault> {
    match control.chaos() {
        None => None,
        Some(injection) => {
            let (run, fault) = injection.next()?;
            tell(site, call, fault, run);
            Some(fault)
        }
    }
}

#[cold]
#[inline(never)]
fn tell(site: &'static Site, call: Option<&CallState>, fault: InjectedFault, run: u64) {
    event::emit(|| Event::Injected {
        function: site.name(),
        fault,
        run,
        call: id_of(call),
    });
}

#[cold]
fn error<R, T, E, P: AnyRefusal>(
    site: &'static Site,
    conversions: Conversions<R, T, E, P>,
) -> Option<R> {
    // Where no layer can refuse, the settings have no share of errors.
    let refusal = P::injected(site)?;
    Some(conversions.join(Err(conversions.make(refusal))))
}

#[cold]
#[inline(never)]
fn panic(site: &'static Site) -> ! {
    panic!("resil injected a panic into `{}`", site.name());
}

fn sleep(delay: Duration) -> Pin<Box<Sleep>> {
    Box::pin(clock::sleep_until(clock::add(clock::now(), delay)))
}

impl<F, R, T, E, P> Future for Injected<'_, F, R, T, E, P>
where
    F: Future<Output = R>,
    P: AnyRefusal,
{
    type Output = R;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        if let Run::New = this.run {
            let (_, site, _) = *this.caller;
            *this.run = match draw(*this.caller) {
                None => Run::Body,
                Some(InjectedFault::Delay(delay)) => Run::Delayed(sleep(delay)),
                Some(InjectedFault::Hang) => Run::Hanging,
                Some(InjectedFault::Drop) => Run::Losing,
                Some(InjectedFault::Panic) => panic(site),
                Some(InjectedFault::Error) => match error(site, *this.conversions) {
                    Some(error) => return Poll::Ready(error),
                    None => Run::Body,
                },
            };
        }
        if let Run::Delayed(sleep) = this.run {
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            *this.run = Run::Body;
        }
        match this.run {
            Run::Hanging => Poll::Pending,
            Run::Losing => {
                if this.body.poll(cx).is_ready() {
                    *this.run = Run::Hanging;
                }
                Poll::Pending
            }
            _ => this.body.poll(cx),
        }
    }
}

/// Runs `body`, as [`injected`] does, in a function that is not async.
#[inline(always)]
pub fn injected_run<R, T, E, P: AnyRefusal>(
    caller: Caller<'_>,
    conversions: Conversions<R, T, E, P>,
    body: impl FnOnce() -> R,
) -> R {
    let (_, site, call) = caller;
    match draw(caller) {
        Some(InjectedFault::Delay(delay)) => {
            let _ = blocking::sleep(delay, site, || id_of(call));
        }
        Some(InjectedFault::Panic) => panic(site),
        Some(InjectedFault::Error) => {
            if let Some(error) = error(site, conversions) {
                return error;
            }
        }
        // The settings have no share of those here.
        Some(InjectedFault::Hang | InjectedFault::Drop) | None => {}
    }
    body()
}

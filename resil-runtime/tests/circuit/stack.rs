//! What an outcome of a stack means to the circuit in it: the calls are as generated code makes
//! them.

use std::future::{Future, pending, poll_fn, ready};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use resil_runtime::__private::for_tests::{Conversions, Outcome, Permit, Refusal};
use resil_runtime::__private::{
    CallState, CircuitPolicy, CircuitSite, CircuitVerdict, Failure, Site, conversions,
    expose_error, map_output, refuse_late, timeout, under_permit, watch, wrap_body,
};
use resil_runtime::circuit::{CircuitState, Window};
use resil_runtime::{Breaker, Error, breaker};
use tokio::time::advance;

use super::{fifty, ms, pass, play, secs};
use CircuitState::{Closed, HalfOpen, Open};

/// One function's statics.
struct Function {
    site: &'static CircuitSite,
    limits: &'static Site,
    policy: &'static CircuitPolicy,
}

fn function(name: &'static str, policy: CircuitPolicy) -> Function {
    let limits: &'static Site = Box::leak(Box::new(Site::new(name, 1)));
    Function {
        site: Box::leak(Box::new(CircuitSite::new(limits, Some(name)))),
        limits,
        policy: Box::leak(Box::new(policy)),
    }
}

impl Function {
    fn breaker(&self) -> Breaker {
        breaker(self.limits.function())
    }

    /// `#[circuit]` alone.
    async fn call<T>(&self, body: impl Future<Output = Result<T, Error>>) -> Outcome<T, Error> {
        self.judged(body, |_| None).await
    }

    /// With patterns.
    async fn judged<T>(
        &self,
        body: impl Future<Output = Result<T, Error>>,
        verdict: impl FnMut(&Error) -> Option<CircuitVerdict>,
    ) -> Outcome<T, Error> {
        let state = CallState::new();
        self.with(
            &state,
            watch(map_output(body, |r| wrap_body(r, gate())), &state),
            verdict,
        )
        .await
    }

    /// The circuit of a stack, around what is below it.
    async fn with<T>(
        &self,
        state: &CallState,
        below: impl Future<Output = Outcome<T, Error>>,
        verdict: impl FnMut(&Error) -> Option<CircuitVerdict>,
    ) -> Outcome<T, Error> {
        let permit = match self.site.admit(Some(self.policy), state) {
            Ok(permit) => permit,
            Err(refusal) => return Err(Failure::Policy(refusal)),
        };
        let out = under_permit(&permit, below).await;
        let out = permit.settle_by(out, verdict, |_| None);
        std::mem::forget(permit);
        out
    }

    /// `#[circuit] #[timeout(limit)]`.
    async fn timeout_below(
        &self,
        limit: Duration,
        body: impl Future<Output = Result<(), Error>>,
        verdict: impl FnMut(&Error) -> Option<CircuitVerdict>,
    ) -> Outcome<(), Error> {
        let state = CallState::new();
        let attempt = watch(map_output(body, |r| wrap_body(r, gate())), &state);
        let seen = map_output(timeout(limit, attempt), |out| {
            let out = out
                .unwrap_or_else(|elapsed| refuse_late(elapsed, self.limits, limit, Some(&state)));
            expose_error(out, gate())
        });
        self.with(&state, seen, verdict).await
    }

    /// `#[timeout(limit)] #[circuit]`.
    async fn timeout_above(
        &self,
        limit: Duration,
        body: impl Future<Output = Result<(), Error>>,
    ) -> Outcome<(), Error> {
        let state = CallState::new();
        let attempt = watch(map_output(body, |r| wrap_body(r, gate())), &state);
        let below = self.with(&state, attempt, |_| None);
        let out = timeout(limit, below).marking(&state).await;
        out.unwrap_or_else(|elapsed| refuse_late(elapsed, self.limits, limit, Some(&state)))
    }
}

/// The gate of a function that returns `Result<T, Error>`.
fn gate<T>() -> Conversions<Result<T, Error>, T, Error, Refusal> {
    conversions::<Result<T, Error>, T, Error>()
}

fn broken() -> Error {
    let refusal = Refusal::CircuitOpen {
        name: &"somewhere else",
        retry_in: None,
    };
    refusal.into_error()
}

fn refused<T>(out: &Outcome<T, Error>) -> bool {
    matches!(out, Err(Failure::Policy(Refusal::CircuitOpen { .. })))
}

/// Polls `future` once and drops it where it stands.
async fn drop_suspended(future: impl Future) {
    let mut future = Box::pin(future);
    std::future::poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_error_of_the_body_is_a_failure_and_ok_a_success() {
    let f = function("stack.body", fifty().failures(2));
    let _ = f.call::<()>(async { Err(broken()) }).await;
    assert!(f.call(async { Ok(()) }).await.is_ok());
    let _ = f.call::<()>(async { Err(broken()) }).await;
    assert_eq!(f.breaker().counts().failures_in_a_row, 1);
    let _ = f.call::<()>(async { Err(broken()) }).await;
    assert!(refused(&f.call(async { Ok(()) }).await));
}

#[tokio::test(start_paused = true)]
async fn d15_the_body_of_a_refused_call_is_never_polled() {
    let f = function("stack.d15", fifty().failures(1));
    let _ = f.call::<()>(async { Err(broken()) }).await;
    for _ in 0..100 {
        let out = f.call::<()>(async { panic!("it ran") }).await;
        let Err(Failure::Policy(refusal)) = out else {
            panic!("not refused")
        };
        match refusal.into_error() {
            Error::CircuitOpen { name, retry_in, .. } => {
                assert_eq!(name, "stack.d15");
                assert!(retry_in.unwrap() >= secs(50));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn g05_a_panic_counts_as_failure_and_goes_on() {
    let f = function("stack.panic", fifty().failures(1));
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
        poll_once(f.call::<()>(async { panic!("the body's own") }));
    }));
    assert!(caught.is_err());
    assert_eq!(f.breaker().state(), Open);
}

/// Polls once, on the spot.
fn poll_once(future: impl Future) {
    let mut future = Box::pin(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = future.as_mut().poll(&mut cx);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_caller_is_not_one_of_the_body() {
    let f = function("stack.panic.caller", fifty().failures(1));
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut call = Box::pin(f.call::<()>(pending()));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(call.as_mut().poll(&mut cx).is_pending());
        panic!("the caller's own");
    }));
    assert!(caught.is_err());
    assert_eq!(f.breaker().state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn d10_g12_a_call_that_its_caller_drops_is_neutral_and_gives_its_place_back() {
    let f = function("stack.drop", fifty().failures(1));
    drop_suspended(f.call::<()>(pending())).await;
    assert_eq!(f.breaker().state(), Closed);
    let _ = f.call::<()>(async { Err(broken()) }).await;
    pass(secs(50)).await;
    drop_suspended(f.call::<()>(pending())).await;
    assert_eq!(f.breaker().state(), HalfOpen);
    assert_eq!(f.breaker().counts().probes_out, 0);
    assert!(f.call(async { Ok(()) }).await.is_ok());
    assert_eq!(f.breaker().state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_timeout_is_neutral() {
    let f = function("stack.foreign", fifty().failures(1));
    let call = map_output(f.call::<()>(pending()), |r: Outcome<(), Error>| r);
    assert!(timeout(secs(1), call).await.is_err());
    assert_eq!(f.breaker().state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn d11_three_of_its_own_outer_timeouts_open_failures_3() {
    let f = function("stack.d11", fifty().failures(3));
    for i in 0..3 {
        assert_eq!(f.breaker().state(), Closed, "{i}");
        assert!(f.timeout_above(secs(1), pending()).await.is_err());
    }
    assert_eq!(f.breaker().state(), Open);
}

#[tokio::test(start_paused = true)]
async fn d11_g13_timeouts_below_open_it_too() {
    let f = function("stack.d11.below", fifty().failures(4));
    for _ in 0..4 {
        let out = f.timeout_below(secs(1), pending(), |_| None).await;
        assert!(matches!(
            out,
            Err(Failure::Exposed(Error::Timeout { .. }, _))
        ));
    }
    assert_eq!(f.breaker().state(), Open);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_by_the_callers_shorter_deadline_is_neutral() {
    use resil_runtime::Deadline;
    let f = function("stack.inherited", fifty().failures(1));
    let below = f.timeout_below(secs(10), pending(), |_| None);
    let out = Deadline::after(secs(1)).scope(below).await;
    assert!(out.is_err());
    assert_eq!(f.breaker().state(), Closed);
    let above = f.timeout_above(secs(10), pending());
    let out = Deadline::after(secs(1)).scope(above).await;
    assert!(out.is_err());
    assert_eq!(f.breaker().state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn patterns_decide_alone_over_timeouts_too() {
    let f = function("stack.patterns", fifty().failures(1));
    let success = |_: &Error| Some(CircuitVerdict::Success);
    let neutral = |_: &Error| Some(CircuitVerdict::Neutral);
    let failure = |_: &Error| Some(CircuitVerdict::Failure);
    // G07: everything is a success.
    for _ in 0..5 {
        let _ = f.judged::<()>(async { Err(broken()) }, success).await;
        let _ = f.timeout_below(ms(10), pending(), success).await;
        let _ = f.judged::<()>(async { Err(broken()) }, neutral).await;
        let _ = f.timeout_below(ms(10), pending(), neutral).await;
    }
    assert_eq!(f.breaker().state(), Closed);
    let _ = f.timeout_below(ms(10), pending(), failure).await;
    assert_eq!(f.breaker().state(), Open);
}

#[tokio::test(start_paused = true)]
async fn q01_an_ignored_error_of_the_last_probe_gives_its_place_back() {
    let f = function("stack.q01", fifty().failures(1));
    let _ = f.call::<()>(async { Err(broken()) }).await;
    pass(secs(50)).await;
    for _ in 0..10 {
        let neutral = |_: &Error| Some(CircuitVerdict::Neutral);
        let out = f.judged::<()>(async { Err(broken()) }, neutral).await;
        assert!(!refused(&out));
    }
    play(f.breaker(), "S");
    assert_eq!(f.breaker().state(), Closed);
}

/// What ended before the body ran.
fn refused_below() -> impl Future<Output = Outcome<(), Error>> {
    ready(Err(Failure::Policy(Refusal::CircuitOpen {
        name: &"inner",
        retry_in: None,
    })))
}

#[tokio::test(start_paused = true)]
async fn what_ended_before_the_body_ran_is_neutral_unless_a_pattern_names_it() {
    let f = function("stack.refused", fifty().failures(1));
    let state = CallState::new();
    let success = |_: &Error| Some(CircuitVerdict::Success);
    let seen = || map_output(refused_below(), |out| expose_error(out, gate()));
    let _ = f.with(&state, refused_below(), |_| None).await;
    let _ = f.with(&state, seen(), |_| None).await;
    assert_eq!(f.breaker().state(), Closed);
    play(f.breaker(), "F");
    pass(secs(50)).await;
    // Half-open: no pattern makes a success of it.
    let _ = f.with(&state, seen(), success).await;
    assert_eq!(f.breaker().state(), HalfOpen);
    let failure = |_: &Error| Some(CircuitVerdict::Failure);
    let _ = f.with(&state, seen(), failure).await;
    assert_eq!(f.breaker().state(), Open);
}

#[tokio::test(start_paused = true)]
async fn d12_a_call_that_outlives_a_trip_is_dropped() {
    let f = function("stack.d12", fifty().failures(1));
    let slow = f.call(async {
        resil_runtime::clock::sleep_until(resil_runtime::clock::now() + secs(70)).await;
        Ok(())
    });
    let around = async {
        advance(ms(1)).await;
        let _ = f.call::<()>(async { Err(broken()) }).await;
        advance(secs(65)).await;
        let probe = f.breaker().try_acquire().unwrap();
        advance(secs(10)).await;
        probe
    };
    let (out, probe) = tokio::join!(slow, around);
    assert!(out.is_ok());
    assert_eq!(f.breaker().state(), HalfOpen);
    probe.success();
    assert_eq!(f.breaker().state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_left_out_of_the_time_however_it_ends() {
    let slow = CircuitPolicy::new().slow(secs(1)).window(Window::Calls(10));
    let f = function("stack.waits", slow);
    let state = CallState::new();
    let wait = |time| resil_runtime::clock::sleep_until(resil_runtime::clock::now() + time);
    let call = async |work: Duration, cut: Option<Duration>| {
        let permit = f.site.admit(Some(f.policy), &state).unwrap();
        {
            let mut pause = pin!(permit.leaving_out(wait(secs(10))));
            match cut {
                None => pause.await,
                Some(after) => {
                    assert!(poll_fn(|cx| Poll::Ready(pause.as_mut().poll(cx).is_pending())).await);
                    advance(after).await;
                }
            }
        }
        advance(work).await;
        let _ = permit.settle_by(Ok::<(), _>(()), |_: &Error| None, |_| None);
        std::mem::forget(permit);
        f.breaker().counts().slow
    };
    assert_eq!(call(ms(999), None).await, 0);
    assert_eq!(call(ms(999), Some(secs(9))).await, 0);
    // A clock that is moved on while it waits: what is waited is what has passed.
    assert_eq!(call(ms(999), Some(secs(86_400))).await, 0);
    assert_eq!(call(secs(1), None).await, 1);
    assert_eq!(call(secs(1), Some(secs(9))).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_under_a_permit_of_the_same_breaker_is_never_refused_and_counts_nothing() {
    let f = function("stack.inside", fifty().failures(1));
    let inner = async |out| f.call(async { out }).await;
    let outer = async |first, last: Result<(), Error>| {
        f.call(async {
            let _ = inner(first).await;
            last
        })
        .await
    };
    assert!(outer(Err(broken()), Ok(())).await.is_ok());
    assert_eq!(f.breaker().state(), Closed);
    assert!(outer(Ok(()), Err(broken())).await.is_err());
    assert!(refused(&outer(Ok(()), Ok(())).await));
    pass(secs(50)).await;
    // The one probe is the outer call.
    assert!(outer(Err(broken()), Ok(())).await.is_ok());
    assert_eq!(f.breaker().state(), Closed);
}

#[test]
fn a_permit_is_small() {
    assert!(size_of::<Permit<'_>>() <= 40);
}

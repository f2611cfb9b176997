//! Between the layers of one stack resil's errors keep their kind, and each becomes the user's
//! error once at most.

use std::cell::Cell;

use resil::event::StopReason;
use resil::idempotency::IdempotencyError;
use resil::{CircuitState, Deadline, Error, breaker, circuit, idempotent, retry, timeout};
use tokio::time::sleep;

use super::Do::{self, Fail, Hang, Succeed};
use super::support::{Events, Fault, Record, ms, poll_once};
use super::{Trace, act, is_open, is_timeout, pass, pending};

// Retry above what refuses.

#[tokio::test(start_paused = true)]
async fn q09_retry_does_not_retry_an_open_circuit_below_it() {
    #[retry(constant, max = 5, base = 1ms)]
    #[timeout(1s)]
    #[circuit(name = "q09", failures = 1)]
    async fn over_open(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let events = Events::of("stack::kinds::over_open");
    breaker("q09").force_open();
    let r = Record::new();
    assert!(is_open(&over_open(&r, Succeed).await));
    assert_eq!((r.count(), r.elapsed()), (0, 0));
    assert_eq!(events.stop(), Some(StopReason::Final));
}

#[tokio::test(start_paused = true)]
async fn retry_does_not_retry_an_idempotency_refusal_below_it() {
    #[retry(constant, max = 5, base = 1ms)]
    #[idempotent(key = k, fingerprint = what, conflict = reject)]
    async fn over_claims(r: &Record, k: &str, what: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(what.into())).await;
        Ok(n)
    }
    let events = Events::of("stack::kinds::over_claims");
    let r = Record::new();
    let refused = |out: Result<u32, Fault>| match out {
        Err(Fault::Resil(Error::Idempotency(e))) => {
            assert_eq!(events.stop(), Some(StopReason::Final));
            e
        }
        other => panic!("{other:?}"),
    };
    let e = refused(over_claims(&r, "", 0).await);
    assert!(matches!(e, IdempotencyError::InvalidKey { .. }), "{e}");
    let (first, second) = tokio::join!(over_claims(&r, "a", 50), over_claims(&r, "a", 50));
    assert_eq!(first, Ok(1));
    let e = refused(second);
    assert!(matches!(e, IdempotencyError::InProgress { .. }), "{e}");
    let e = refused(over_claims(&r, "a", 51).await);
    assert!(matches!(e, IdempotencyError::KeyReused { .. }), "{e}");
    assert_eq!((r.count(), r.elapsed()), (1, 50));
}

#[tokio::test(start_paused = true)]
async fn on_decides_alone_over_an_open_circuit_too() {
    #[retry(delays = [12ms], max = 3, on(Fault::Resil(Error::CircuitOpen { .. })))]
    #[circuit(name = "waited-for", failures = 1, open_for = 10ms)]
    async fn waits(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(waits(&r, Fail).await, Err(Fault::Network(1)), "not named");
    assert_eq!(waits(&r, Succeed).await, Ok(2));
    assert!((10..=14).contains(&r.elapsed()), "{}", r.elapsed());
}

#[tokio::test(start_paused = true)]
async fn l01_retry_over_a_circuit_that_stays_closed() {
    #[retry(max = unlimited, delays = [1ms], within = 1s)]
    #[circuit(name = "l01", failures = 3, open_for = 10m)]
    async fn twice(r: &Record) -> Result<u32, Fault> {
        let what = if r.count() < 2 { Fail } else { Succeed };
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(twice(&r).await, Ok(3));
    assert_eq!(breaker("l01").state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn l06_each_timeout_below_is_retried() {
    #[retry(max = 3, delays = [0ms])]
    #[timeout(50ms)]
    async fn slow_twice(r: &Record) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(if n < 3 { 100 } else { 10 })).await;
        Ok(n)
    }
    let t = Trace::of("stack::kinds::slow_twice");
    let r = Record::new();
    assert_eq!(slow_twice(&r).await, Ok(3));
    assert_eq!(t.take(), "cut retry cut retry");
}

// Circuit above.

#[tokio::test(start_paused = true)]
async fn a_timeout_keeps_its_kind_through_a_pattern_that_looked_at_it() {
    #[circuit(name = "seen", failures = 1)]
    #[retry(constant, max = 3, base = 1ms, on(Fault::Resil(Error::Timeout { .. })))]
    #[timeout(1s)]
    async fn seen(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    // The caller's own shorter deadline: neutral.
    let hurried = Deadline::after(ms(50)).scope(seen(&r, Hang));
    assert!(is_timeout(&hurried.await));
    assert_eq!((r.count(), r.elapsed()), (1, 50));
    assert_eq!(breaker("seen").state(), CircuitState::Closed);
    // Its own: a failure, once for the whole retry.
    assert!(is_timeout(&seen(&r, Hang).await));
    assert_eq!(r.count(), 4);
    assert!(is_open(&seen(&r, Succeed).await));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_keeps_its_kind_through_a_pattern_that_looked_at_it() {
    #[circuit(name = "seen-refusal", failures = 1)]
    #[retry(constant, max = 3, base = 1ms, unless(Fault::Final))]
    #[idempotent(key = k)]
    async fn seen_refusal(r: &Record, k: &str) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let r = Record::new();
    for _ in 0..3 {
        let out = seen_refusal(&r, "").await;
        assert!(matches!(out, Err(Fault::Resil(Error::Idempotency(_)))));
    }
    assert_eq!(breaker("seen-refusal").state(), CircuitState::Closed);
    assert!(seen_refusal(&r, "a").await.is_err());
    assert_eq!(breaker("seen-refusal").state(), CircuitState::Open);
}

// One conversion.

thread_local! {
    static CONVERSIONS: Cell<u32> = const { Cell::new(0) };
}

#[derive(Debug)]
enum Counted {
    Own,
    Resil(Error),
}

impl From<Error> for Counted {
    fn from(e: Error) -> Self {
        CONVERSIONS.set(CONVERSIONS.get() + 1);
        Self::Resil(e)
    }
}

fn conversions() -> u32 {
    CONVERSIONS.replace(0)
}

async fn counted(what: Do) -> Result<u32, Counted> {
    match what {
        Succeed => Ok(1),
        Fail => Err(Counted::Own),
        Hang => pending().await,
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_is_converted_once_at_the_edge() {
    #[idempotent(key = k)]
    #[circuit(name = "edge", failures = 2)]
    #[timeout(60s)]
    #[retry(constant, max = 3, base = 1ms)]
    #[timeout(1s)]
    async fn at_the_edge(k: &str, what: Do) -> Result<u32, Counted> {
        counted(what).await
    }
    assert!(at_the_edge("a", Succeed).await.is_ok());
    assert!(matches!(at_the_edge("b", Fail).await, Err(Counted::Own)));
    assert_eq!(conversions(), 0);
    // Three timeouts, one of which comes back.
    let out = at_the_edge("b", Hang).await;
    assert!(matches!(out, Err(Counted::Resil(Error::Timeout { .. }))));
    assert_eq!(conversions(), 1);
    let out = at_the_edge("b", Succeed).await;
    assert!(matches!(
        out,
        Err(Counted::Resil(Error::CircuitOpen { .. }))
    ));
    assert_eq!(conversions(), 1);
    let out = at_the_edge("", Succeed).await;
    assert!(matches!(out, Err(Counted::Resil(Error::Idempotency(_)))));
    assert_eq!(conversions(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_converted_once_however_many_patterns_look_at_it() {
    #[circuit(
        name = "patterns",
        failures = 2,
        on(Counted::Resil(_)),
        ignore(Counted::Own)
    )]
    #[timeout(60s)]
    #[retry(constant, max = 3, base = 1ms, on(Counted::Resil(_)), unless(Counted::Own))]
    #[timeout(1s)]
    async fn patterns(what: Do) -> Result<u32, Counted> {
        counted(what).await
    }
    assert!(patterns(Succeed).await.is_ok());
    assert!(patterns(Fail).await.is_err());
    assert_eq!(conversions(), 0);
    assert!(patterns(Hang).await.is_err());
    assert_eq!(conversions(), 3, "three errors, each of them once");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_converted_once_around_an_instrument_too() {
    #[circuit(failures = 2, on(Counted::Resil(_)))]
    #[timeout(60s)]
    #[tracing::instrument(skip_all)]
    #[retry(constant, max = 3, base = 1ms)]
    #[timeout(1s)]
    async fn around(what: Do) -> Result<u32, Counted> {
        counted(what).await
    }
    assert!(around(Hang).await.is_err());
    assert_eq!(conversions(), 1);
}

// The whole of it.

#[idempotent(key = k, name = "usual-keys", on_abandon = indeterminate)]
#[circuit(name = "usual", failures = 2, open_for = 10s)]
#[timeout(5s)]
#[retry(constant, max = 3, base = 100ms, jitter = none, unless(Fault::Final))]
#[timeout(1s)]
async fn usual(r: &Record, k: &str, script: &[Do]) -> Result<u32, Fault> {
    act(r, script[(r.count()).min(script.len() - 1)]).await
}

#[tokio::test(start_paused = true)]
async fn the_usual_stack() {
    let (r, events) = (Record::new(), Events::of("usual-keys"));
    // Two attempts are cut, the third answers, and is what a second call gets.
    assert_eq!(usual(&r, "a", &[Hang, Hang, Succeed]).await, Ok(3));
    assert_eq!(r.times(), [0, 1_100, 2_200]);
    assert_eq!(usual(&r, "a", &[Fail]).await, Ok(3));
    // Two calls fail: the circuit is open, and replays are given all the same.
    for (k, n) in [("b", 6), ("c", 9)] {
        assert_eq!(usual(&r, k, &[Fail]).await, Err(Fault::Network(n)));
    }
    assert_eq!(usual(&r, "a", &[Fail]).await, Ok(3));
    assert!(is_open(&usual(&r, "b", &[Succeed]).await));
    assert_eq!(r.count(), 9);
    pass(10_000).await;
    // The refusal released its key, as the errors before it did.
    assert_eq!(usual(&r, "b", &[Succeed]).await, Ok(10));
    assert_eq!(breaker("usual").state(), CircuitState::Closed);
    // Dropped by its caller: neutral to the circuit, and a start that is never made again.
    {
        let mut dropped = std::pin::pin!(usual(&r, "d", &[Hang]));
        assert!(poll_once(dropped.as_mut()).await.is_pending());
    }
    assert_eq!(breaker("usual").counts().failures_in_a_row, 0);
    let out = usual(&r, "d", &[Succeed]).await;
    assert!(matches!(
        out,
        Err(Fault::Resil(Error::Idempotency(
            IdempotencyError::Indeterminate { .. }
        )))
    ));
    assert_eq!(r.count(), 11);
    assert!(!events.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cut_attempt_is_not_forgotten_when_the_next_one_is_refused() {
    #[idempotent(key = k, on_abandon = indeterminate)]
    #[retry(constant, max = 3, base = 1ms)]
    #[circuit(name = "cut-then-refused", failures = 1, open_for = 1s)]
    #[timeout(1s)]
    async fn cut_then_refused(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert!(is_open(&cut_then_refused(&r, 1, Hang).await));
    pass(1_000).await;
    let out = cut_then_refused(&r, 1, Succeed).await;
    assert!(matches!(
        out,
        Err(Fault::Resil(Error::Idempotency(
            IdempotencyError::Indeterminate { .. }
        )))
    ));
    assert_eq!(cut_then_refused(&r, 2, Succeed).await, Ok(2));
}

// A renamed dependency.

mod alias {
    pub(crate) use resil::__private;
    pub(crate) use resil::*;
}

#[tokio::test(start_paused = true)]
async fn crate_on_one_attribute_of_the_stack_serves_them_all() {
    #[alias::retry(constant, max = 2, base = 1ms, crate = alias)]
    #[alias::timeout(1s)]
    async fn on_the_first(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    #[resil::idempotent(key = k)]
    #[resil::circuit(failures = 2)]
    #[resil::retry(constant, max = 2, base = 1ms)]
    #[resil::timeout(1s, crate = super::kinds::alias)]
    async fn on_the_last(r: &Record, k: u32) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    #[alias::idempotent(key = k)]
    #[alias::circuit(failures = 2, crate = crate::kinds::alias)]
    #[alias::timeout({ r.attempt(); ms(1_000) })]
    async fn in_the_middle(r: &Record, k: u32) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let r = Record::new();
    assert_eq!(on_the_first(&r).await, Err(Fault::Network(2)));
    assert_eq!(on_the_last(&r, 1).await, Err(Fault::Network(4)));
    assert_eq!(in_the_middle(&r, 1).await, Err(Fault::Network(6)));
}

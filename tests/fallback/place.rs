//! The place in the stack: outermost or anywhere.

use super::*;

#[tokio::test(start_paused = true)]
async fn above_a_circuit_it_answers_refusals_too() {
    #[fallback(|error| u32::from(matches!(error, Fault::Resil(Error::CircuitOpen { .. }))) * 100)]
    #[circuit(name = "fallback-above", failures = 2)]
    async fn above(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let mut out = Vec::new();
    for _ in 0..4 {
        out.push(above(&r, Fail).await.unwrap());
    }
    assert_eq!((out, r.count()), (vec![0, 0, 100, 100], 2));
}

#[tokio::test(start_paused = true)]
async fn below_a_circuit_no_failure_is_seen() {
    #[circuit(name = "fallback-below", failures = 1)]
    #[fallback(0)]
    async fn below(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for _ in 0..3 {
        assert_eq!(below(&r, Fail).await, Ok(0));
    }
    assert_eq!(
        resil::breaker("fallback-below").state(),
        resil::CircuitState::Closed
    );
}

/// `failsafe-go`, "with Fallback" (L05).
#[tokio::test(start_paused = true)]
async fn l05_a_fallback_inside_hides_failures_from_the_retry() {
    #[retry(max = 3, constant, base = 1ms)]
    #[fallback(0)]
    async fn inside(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    #[fallback(0)]
    #[retry(max = 3, constant, base = 1ms)]
    async fn outside(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    #[fallback(0)]
    #[retry(max = 3, constant, base = 1ms)]
    #[circuit(name = "l05", failures = 5)]
    async fn over_a_circuit(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let (one, three, counted) = (Record::new(), Record::new(), Record::new());
    assert_eq!((inside(&one).await, one.count()), (Ok(0), 1));
    assert_eq!((outside(&three).await, three.count()), (Ok(0), 3));
    assert_eq!(
        (over_a_circuit(&counted).await, counted.count()),
        (Ok(0), 3)
    );
    let breaker = resil::breaker("l05");
    assert_eq!(breaker.counts().failures_in_a_row, 3);
    assert_eq!(breaker.state(), resil::CircuitState::Closed);
}

/// `failsafe-go`, nested timeouts (L07).
#[tokio::test(start_paused = true)]
async fn l07_after_three_attempts_that_were_cut() {
    #[fallback(0)]
    #[retry(max = 3, constant, base = 1ms, jitter = none)]
    #[timeout(50ms)]
    async fn cut(r: &Record) -> Result<u32, Fault> {
        act(r, Hang).await
    }
    let (r, events) = (Record::new(), Events::of("place::cut"));
    assert_eq!(cut(&r).await, Ok(0));
    assert_eq!((r.count(), r.elapsed()), (3, 152));
    let cut = |e: &Event| matches!(e, Event::TimedOut { .. });
    assert_eq!(events.all().iter().filter(|e| cut(e)).count(), 3);
}

/// `failsafe-go`, cancellation (L11): a fallback that is dropped gives nothing.
#[tokio::test(start_paused = true)]
async fn l11_a_call_that_is_dropped_in_its_fallback_ends_there() {
    static DONE: Mutex<u32> = Mutex::new(0);

    #[fallback({ sleep(ms(100)).await; *DONE.lock().unwrap() += 1; 0 })]
    async fn slow(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    #[timeout(50ms)]
    #[fallback({ sleep(ms(100)).await; *DONE.lock().unwrap() += 1; 0 })]
    async fn bounded(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let r = Record::new();
    {
        let mut call = pin!(slow(&r));
        assert!(poll_once(call.as_mut()).await.is_pending());
    }
    // A timeout around bounds the fallback too.
    let out = bounded(&r).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::Timeout { .. }))),
        "{out:?}"
    );
    sleep(ms(500)).await;
    assert_eq!((*DONE.lock().unwrap(), r.count()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn above_a_claim_nothing_of_it_is_recorded() {
    #[fallback(0)]
    #[idempotent(key = id)]
    async fn above(r: &Record, id: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[idempotent(key = id)]
    #[fallback(0)]
    async fn below(r: &Record, id: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(above(&r, 1, Fail).await, Ok(0));
    assert_eq!(above(&r, 1, Succeed).await, Ok(2));
    assert_eq!(above(&r, 1, Fail).await, Ok(2));
    // Below, what the fallback gives is the result.
    assert_eq!(below(&r, 1, Fail).await, Ok(0));
    assert_eq!(below(&r, 1, Succeed).await, Ok(0));
    assert_eq!(r.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn under_a_circuits_permit_the_fallback_may_call_the_same_breaker() {
    #[circuit(name = "fallback-reenters", failures = 1)]
    async fn other(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(name = "fallback-reenters")]
    #[fallback({ sleep(ms(1)).await; other(r, Fail).await? })]
    async fn outer(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let r = Record::new();
    assert_eq!(other(&r, Succeed).await, Ok(1));
    // The inner call is under the permit of the outer one, and is not counted by itself.
    assert_eq!(outer(&r).await, Err(Fault::Network(3)));
    let refused = other(&r, Succeed).await;
    assert!(
        matches!(refused, Err(Fault::Resil(Error::CircuitOpen { .. }))),
        "{refused:?}"
    );
}

//! Outcomes that are failures, successes, or neither.

use super::*;

#[tokio::test(start_paused = true)]
async fn d11_three_calls_cut_by_an_outer_timeout_open_failures_3() {
    #[timeout(1s)]
    #[circuit(name = "d11", failures = 3)]
    async fn outer_limit(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(outer_limit(&r), Hang; 5), "TTTXX");
    assert_eq!((r.count(), r.elapsed()), (3, 3_000));
    assert_eq!(state("d11"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn d11_a_call_that_its_caller_drops_is_neutral() {
    #[timeout(1s)]
    #[circuit(name = "d11-dropped", failures = 3)]
    #[timeout(500ms)]
    async fn dropped(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[timeout(100ms)]
    async fn caller(r: &Record) -> Result<u32, Fault> {
        dropped(r, Hang).await
    }
    let r = Record::new();
    assert_eq!(play!(dropped(&r), Fail, Fail), "FF");
    for _ in 0..5 {
        begin_and_drop(dropped(&r, Hang)).await;
        assert!(
            tokio::time::timeout(ms(10), dropped(&r, Hang))
                .await
                .is_err()
        );
        // Another function's timeout.
        assert_eq!(letter(&caller(&r).await), 'T');
    }
    assert_eq!(breaker("d11-dropped").counts().failures_in_a_row, 2);
    assert_eq!(play!(dropped(&r), Hang, Fail), "TX");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_below_is_a_failure_unless_the_callers_own_shorter_deadline_cut_it() {
    #[circuit(name = "inner-limit", failures = 2)]
    #[timeout(1s)]
    async fn inner_limit(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[timeout(1s)]
    #[circuit(name = "outer-limit", failures = 2)]
    async fn outer_limit(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for _ in 0..5 {
        let hurried = Deadline::after(ms(50)).scope(inner_limit(&r, Hang));
        assert_eq!(letter(&hurried.await), 'T');
        let hurried = Deadline::after(ms(50)).scope(outer_limit(&r, Hang));
        assert_eq!(letter(&hurried.await), 'T');
    }
    assert_eq!(r.elapsed(), 500);
    assert_eq!(play!(inner_limit(&r), Hang; 4), "TTXX");
    assert_eq!(play!(outer_limit(&r), Hang; 4), "TTXX");
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_is_neutral_in_a_task_of_its_own_too() {
    #[circuit(name = "spawned", failures = 1)]
    #[timeout(1s)]
    async fn spawned(r: Record, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    #[timeout(50ms)]
    async fn caller(r: Record) -> Result<u32, Fault> {
        resil::spawn(spawned(r, Hang)).await.unwrap()
    }
    let r = Record::new();
    assert_eq!(letter(&caller(r.clone()).await), 'T');
    sleep(ms(10)).await;
    assert_eq!((r.count(), r.elapsed()), (1, 60));
    assert_eq!(state("spawned"), CircuitState::Closed);
    assert_eq!(letter(&spawned(r.clone(), Hang).await), 'T');
    assert_eq!(state("spawned"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_panic_counts_as_failure_and_goes_on() {
    #[circuit(name = "panics", failures = 2)]
    async fn panics(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for _ in 0..2 {
        let mut call = Box::pin(panics(&r, Panic));
        let mut cx = Context::from_waker(Waker::noop());
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _ = call.as_mut().poll(&mut cx);
        }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the body's own"));
    }
    assert_eq!(play!(panics(&r), Succeed), "X");
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_caller_is_neutral() {
    #[circuit(name = "callers-panic", failures = 1)]
    async fn suspended(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let caller = tokio::spawn({
        let r = r.clone();
        async move {
            let mut call = pin!(suspended(&r, Hang));
            assert!(poll_once(call.as_mut()).await.is_pending());
            panic!("the caller's");
        }
    });
    assert!(caller.await.unwrap_err().is_panic());
    assert_eq!(play!(suspended(&r), Succeed), ".");
}

#[tokio::test(start_paused = true)]
async fn on_decides_alone_over_timeouts_too() {
    #[circuit(failures = 2, on(Fault::Http(500..=599)))]
    #[timeout(1s)]
    async fn server_errors(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failures = 2, on(Fault::Resil(Error::Timeout { .. }) | Fault::Http(429)))]
    #[timeout(1s)]
    async fn timeouts(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    // Others are successes: they begin the row anew.
    assert_eq!(
        play!(
            server_errors(&r),
            Http(500),
            Http(404),
            Http(500),
            Hang,
            Http(500),
            Fail
        ),
        "FFFTFF"
    );
    assert_eq!(
        play!(server_errors(&r), Http(500), Http(599), Succeed),
        "FFX"
    );
    assert_eq!(play!(timeouts(&r), Hang, Fail, Hang, Succeed), "TFT.");
    assert_eq!(play!(timeouts(&r), Hang, Http(429), Succeed), "TFX");
}

#[tokio::test(start_paused = true)]
async fn ignore_is_neutral_and_wins_over_on() {
    #[circuit(failures = 2, ignore(Fault::Http(404)))]
    async fn ignores(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failures = 2, on(Fault::Http(s) if *s >= 400), ignore(Fault::Http(404 | 410)))]
    async fn both(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(failures = 2, ignore(e if matches!(e, Fault::Resil(_))))]
    #[timeout(1s)]
    async fn not_ours(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    // Neither success nor failure: the row goes on over it.
    assert_eq!(
        play!(ignores(&r), Fail, Http(404), Http(404), Fail, Fail),
        "FFFFX"
    );
    assert_eq!(play!(both(&r), Http(404), Http(404), Http(410)), "FFF");
    assert_eq!(play!(both(&r), Http(400), Fail, Http(500)), "FFF");
    assert_eq!(play!(both(&r), Http(404), Http(400), Succeed), "FFX");
    assert_eq!(play!(not_ours(&r), Fail, Hang, Hang, Fail, Hang), "FTTFX");
}

#[tokio::test(start_paused = true)]
async fn idempotency_refusals_and_replays_below_are_neutral() {
    #[circuit(name = "over-claims", failures = 2, open_for = 1s)]
    #[idempotent(key = k)]
    async fn over_claims(r: &Record, k: &str, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    over_claims(&r, "done", Succeed).await.unwrap();
    assert!(over_claims(&r, "a", Fail).await.is_err());
    // A replay is no success: it does not begin the row anew. A refusal is no failure.
    for _ in 0..3 {
        over_claims(&r, "done", Fail).await.unwrap();
        let refused = over_claims(&r, "", Fail).await;
        assert!(matches!(refused, Err(Fault::Resil(Error::Idempotency(_)))));
    }
    assert_eq!(breaker("over-claims").counts().failures_in_a_row, 1);
    assert!(over_claims(&r, "b", Fail).await.is_err());
    assert_eq!(letter(&over_claims(&r, "done", Fail).await), 'X');
    // Nor does it close the circuit.
    pass(1_000).await;
    over_claims(&r, "done", Fail).await.unwrap();
    assert_eq!(state("over-claims"), CircuitState::HalfOpen);
    over_claims(&r, "new", Succeed).await.unwrap();
    assert_eq!(state("over-claims"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_call_with_the_same_key_is_neutral() {
    #[timeout(limit)]
    #[circuit(name = "over-waiters", failures = 1)]
    #[idempotent(key = String::from("the one"))]
    async fn over_waiters(r: &Record, limit: Duration) -> Result<u32, Fault> {
        act(r, Slow(5_000)).await
    }
    let r = Record::new();
    let mut owner = pin!(over_waiters(&r, ms(60_000)));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let out = over_waiters(&r, ms(1_000)).await;
    assert!(matches!(out, Err(Fault::Resil(Error::Idempotency(_)))));
    begin_and_drop(over_waiters(&r, ms(60_000))).await;
    assert_eq!(state("over-waiters"), CircuitState::Closed);
    assert_eq!(owner.await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn hasty_callers_of_a_hanging_backend_open_nothing_unless_on_names_their_deadline() {
    #[circuit(name = "hasty", failures = 3)]
    #[timeout(5s)]
    async fn hanging(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(name = "hasty-named", failures = 3,
              on(Fault::Network(_) | Fault::Resil(Error::Timeout { .. })))]
    #[timeout(5s)]
    async fn named(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[timeout(100ms)]
    async fn hurried(r: &Record) -> Result<u32, Fault> {
        named(r, Hang).await
    }
    let r = Record::new();
    let hasty = || Deadline::after(ms(100));
    for _ in 0..20 {
        assert_eq!(letter(&hasty().scope(hanging(&r, Hang)).await), 'T');
        // One that drops the call is not seen by any pattern.
        assert_eq!(letter(&hurried(&r).await), 'T');
    }
    assert_eq!(
        (state("hasty"), state("hasty-named")),
        (CircuitState::Closed, CircuitState::Closed)
    );
    let mut seen = String::new();
    for _ in 0..4 {
        seen.push(letter(&hasty().scope(named(&r, Hang)).await));
    }
    assert_eq!(seen, "TTTX");
}

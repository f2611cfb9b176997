//! Each policy's wait: it ends at once, gives back what it holds, and says so.

use resil::{CallReport, bulkhead, hedge, idempotent, rate_limit, retry, timeout, trace};
use tokio::time::sleep;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_back_off_sleep_ends_with_the_error_of_the_last_attempt() {
    #[retry(constant, max = 9, base = 1h, cap = 1h, jitter = none)]
    async fn sleeper(r: &Record) -> Result<u32, Fault> {
        fail(r).await
    }
    let r = Record::new();
    let events = Events::of("cancel::waits::sleeper");
    let (out, report) = trace(cancel_scope(cancelled_after(3_600_005), sleeper(&r))).await;
    assert_eq!(out, Err(Fault::Network(2)), "untouched");
    assert_eq!((r.times(), r.elapsed()), (vec![0, 3_600_000], 3_600_005));
    assert_eq!(events.stop(), Some(StopReason::Cancelled));
    let CallReport {
        attempts,
        stopped,
        error,
        ..
    } = report;
    assert_eq!((attempts, stopped), (2, Some(StopReason::Cancelled)));
    assert_eq!(error.as_deref(), Some("network, try 2"));
}

#[tokio::test(start_paused = true)]
async fn no_attempt_follows_one_that_fails_in_a_cancelled_scope() {
    #[retry(constant, max = 9, base = 1ms)]
    async fn failing(r: &Record) -> Result<u32, Fault> {
        sleep(ms(10)).await;
        fail(r).await
    }
    let r = Record::new();
    let events = Events::of("cancel::waits::failing");
    let out = cancel_scope(cancelled_after(5), failing(&r)).await;
    assert_eq!(out, Err(Fault::Network(1)));
    assert_eq!(
        (r.count(), r.elapsed()),
        (1, 10),
        "what runs is not interrupted"
    );
    assert_eq!(events.stop(), Some(StopReason::Cancelled));
}

/// Without a pause too: no attempt begins once the token is cancelled.
#[tokio::test(start_paused = true)]
async fn a_pause_of_zero_ends_too() {
    #[retry(delays = [0s], max = unlimited, within = 1h)]
    async fn f(r: &Record, token: &CancellationToken) -> Result<u32, Fault> {
        if r.count() == 6 {
            token.cancel();
        }
        fail(r).await
    }
    let (r, token) = (Record::new(), CancellationToken::new());
    let out = cancel_scope(token.clone(), f(&r, &token)).await;
    assert_eq!(out, Err(Fault::Network(7)));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_asks_for_another_attempt_is_returned() {
    #[retry(constant, max = 9, base = 1h, cap = 1h, on_ok(0))]
    async fn f(r: &Record) -> Result<u32, Fault> {
        r.attempt();
        Ok(0)
    }
    let r = Record::new();
    assert_eq!(cancel_scope(cancelled_after(5), f(&r)).await, Ok(0));
    assert_eq!((r.count(), r.elapsed()), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn the_token_of_the_retry_that_is_not_made_goes_back() {
    #[retry(constant, max = 9, base = 1h, cap = 1h, jitter = none, budget(capacity = 5, cost = 5, refill = 0))]
    async fn f(r: &Record) -> Result<u32, Fault> {
        fail(r).await
    }
    for _ in 0..3 {
        let r = Record::new();
        let _ = cancel_scope(cancelled_after(5), f(&r)).await;
        assert_eq!(r.elapsed(), 5, "it could pay for the retry");
    }
}

/// The user's own errors: `?`, a pattern, a back-off, a generic value that is not known to be `Send`, and an
/// error that borrows.
#[tokio::test(start_paused = true)]
async fn functions_of_every_kind_keep_their_last_error() {
    #[retry(base = 1h, cap = 1h, jitter = none, on(Fault::Network(_)))]
    async fn by_pattern(r: &Record) -> Result<u32, Fault> {
        let n = fail(r).await?;
        Ok(n)
    }
    #[retry(backoff = |_| ms(3_600_000))]
    async fn by_backoff(r: &Record) -> Result<u32, Fault> {
        fail(r).await
    }
    #[retry(base = 1h, cap = 1h, jitter = none)]
    async fn generic<T>(r: &Record, _: fn() -> T) -> Result<T, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[retry(base = 1h, cap = 1h, jitter = none)]
    async fn borrowed<'a>(r: &Record, text: &'a str) -> Result<u32, &'a str> {
        r.attempt();
        Err(text)
    }
    #[retry(base = 1h, cap = 1h, jitter = none)]
    #[timeout(1s)]
    async fn slow(r: &Record) -> Result<u32, Fault> {
        take(r, 2_000).await
    }
    let r = Record::new();
    let token = cancelled_after(1_500);
    let out = cancel_scope(token, async {
        let local = async { generic(&r, std::rc::Rc::<u8>::default).await.map(|_| ()) };
        tokio::join!(
            by_pattern(&r),
            by_backoff(&r),
            local,
            borrowed(&r, "x"),
            slow(&r)
        )
    })
    .await;
    assert_eq!(r.elapsed(), 1_500);
    assert_eq!(r.count(), 5);
    assert_eq!(
        (out.0, out.1),
        (Err(Fault::Network(1)), Err(Fault::Network(2)))
    );
    assert_eq!((out.2, out.3), (Err(Fault::Network(3)), Err("x")));
    assert!(
        matches!(out.4, Err(Fault::Resil(Error::Timeout { .. }))),
        "{:?}",
        out.4
    );
}

/// An error that is not `Send` can't live across the pause, and the future is `Send` all the same.
#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_send_is_not_kept() {
    #[derive(Debug)]
    enum Local {
        Own(#[allow(dead_code, reason = "it is there not to be `Send`")] std::rc::Rc<u8>),
        Resil(Error),
    }
    impl From<Error> for Local {
        fn from(e: Error) -> Self {
            Self::Resil(e)
        }
    }
    #[retry(base = 1h, cap = 1h, jitter = none)]
    async fn alone(r: &Record) -> Result<u32, std::rc::Rc<u32>> {
        Err(r.attempt().into())
    }
    #[retry(base = 1h, cap = 1h, jitter = none)]
    #[timeout(1s)]
    async fn stacked(r: &Record) -> Result<u32, Local> {
        r.attempt();
        Err(Local::Own(std::rc::Rc::default()))
    }
    fn is_send<F: Send>(f: F) -> F {
        f
    }
    let r = Record::new();
    let out = cancel_scope(cancelled_after(5), async { is_send(stacked(&r)).await }).await;
    assert!(
        matches!(out, Err(Local::Resil(Error::Cancelled))),
        "{out:?}"
    );
    assert_eq!((r.times(), r.elapsed()), (vec![0], 5));
    // Nothing else can be returned: one more attempt, at once, and no third one.
    let r = Record::new();
    let out = cancel_scope(cancelled_after(5), async { is_send(alone(&r)).await }).await;
    assert_eq!(out.map_err(|n| *n), Err(2));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 5], 5));
}

#[tokio::test(start_paused = true)]
async fn the_wait_in_the_queue_of_a_bulkhead_ends() {
    #[bulkhead(name = "cancel-queue", max = 1, queue = 9)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 100).await
    }
    let r = Record::new();
    let events = Events::of("cancel-queue");
    let token = cancelled_after(30);
    let scoped = async {
        let out = cancel_scope(token, f(&r)).await;
        (out, r.elapsed())
    };
    let (first, (out, at), third) = tokio::join!(f(&r), scoped, f(&r));
    assert_eq!(
        (first, third),
        (Ok(1), Ok(2)),
        "its place in the queue is free"
    );
    assert!(is_cancelled(&out), "{out:?}");
    assert_eq!((at, r.times()), (30, vec![0, 100]));
    assert_eq!(ended(&events), [StopReason::Cancelled]);
    let b = resil::bulkhead("cancel-queue");
    assert_eq!((b.in_flight(), b.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn no_wait_begins_in_a_cancelled_scope_and_what_need_not_wait_runs() {
    #[bulkhead(name = "cancel-late", max = 1, queue = 9)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 100).await
    }
    #[bulkhead(name = "cancel-late-full", max = 1)]
    async fn full(r: &Record) -> Result<u32, Fault> {
        take(r, 100).await
    }
    let r = Record::new();
    assert_eq!(cancel_scope(cancelled(), f(&r)).await, Ok(1));
    let mut inside = Box::pin(f(&r));
    assert!(poll_once(inside.as_mut()).await.is_pending());
    let late = cancel_scope(cancelled(), f(&r));
    assert!(is_cancelled(&late.await));
    assert_eq!(r.elapsed(), 100);
    let mut inside = Box::pin(full(&r));
    assert!(poll_once(inside.as_mut()).await.is_pending());
    let late = cancel_scope(cancelled(), full(&r)).await;
    assert!(
        matches!(late, Err(Fault::Resil(Error::BulkheadFull { .. }))),
        "it would not have waited: {late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_turn_ends_and_gives_the_turn_back() {
    #[rate_limit(name = "cancel-turn", max = 1, per = 1h, burst = 1, wait = 10h)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    let events = Events::of("cancel-turn");
    assert_eq!(f(&r).await, Ok(1));
    let out = cancel_scope(cancelled_after(30), f(&r)).await;
    assert!(is_cancelled(&out), "{out:?}");
    assert_eq!(r.elapsed(), 30);
    assert_eq!(ended(&events), [StopReason::Cancelled]);
    assert!(
        is_cancelled(&cancel_scope(cancelled(), f(&r)).await),
        "no wait begins"
    );
    // The turn after the first call is still to be had.
    assert_eq!(f(&r).await, Ok(2));
    assert_eq!(r.elapsed(), 3_600_000);
}

#[cfg(feature = "store")]
#[tokio::test(start_paused = true)]
async fn the_wait_for_a_turn_in_a_store_ends_and_gives_the_turn_back() {
    use resil::limits::{Memory, SharedLimits};

    #[rate_limit(name = "cancel-stored", store = limits, max = 1, per = 1h, burst = 1, wait = 10h)]
    async fn f(limits: &SharedLimits, r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    let limits = SharedLimits::new(Memory::new());
    let events = Events::of("cancel-stored");
    assert_eq!(f(&limits, &r).await, Ok(1));
    let out = cancel_scope(cancelled_after(30), f(&limits, &r)).await;
    assert!(is_cancelled(&out), "{out:?}");
    assert_eq!(r.elapsed(), 30);
    assert_eq!(ended(&events), [StopReason::Cancelled]);
    limits.drain().await;
    assert!(
        is_cancelled(&cancel_scope(cancelled(), f(&limits, &r)).await),
        "no wait begins"
    );
    limits.drain().await;
    // The turn after the first call is still to be had.
    assert_eq!(f(&limits, &r).await, Ok(2));
    assert_eq!(r.elapsed(), 3_600_000);
}

#[tokio::test(start_paused = true)]
async fn waits_by_hand_end_too() {
    let events = Events::of("cancel-by-hand");
    let b = resil::bulkhead("cancel-by-hand");
    b.configure(resil::BulkheadPolicy::new().max(1).queue(5));
    let place = b.try_acquire().unwrap();
    let out = cancel_scope(cancelled_after(30), b.acquire()).await;
    assert_eq!(out.err(), Some(Error::Cancelled));
    assert_eq!((b.waiting(), b.in_flight()), (0, 1));
    drop(place);
    let limit = resil::rate_limit("cancel-by-hand");
    let hour = Duration::from_secs(3_600);
    limit.configure(
        resil::RateLimitPolicy::new()
            .max(1)
            .per(hour)
            .wait(hour * 9),
    );
    assert_eq!(limit.acquire(1).await, Ok(()));
    let out = cancel_scope(cancelled_after(30), limit.acquire(1)).await;
    assert_eq!(out, Err(Error::Cancelled));
    assert_eq!(ended(&events).len(), 2);
    assert!(events.all().iter().all(|e| e.call().is_none()));
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_key_ends_and_the_owner_goes_on() {
    #[idempotent(name = "cancel-key", key = n)]
    async fn f(n: u32, r: &Record) -> Result<u32, Fault> {
        take(r, 100).await
    }
    let r = Record::new();
    let events = Events::of("cancel-key");
    let token = cancelled_after(30);
    let scoped = async {
        let out = cancel_scope(token, f(7, &r)).await;
        (out, r.elapsed())
    };
    let late = async {
        sleep(ms(50)).await;
        cancel_scope(cancelled(), f(7, &r)).await
    };
    let (first, (out, at), late, other) = tokio::join!(f(7, &r), scoped, late, f(7, &r));
    assert!(
        is_cancelled(&out) && is_cancelled(&late),
        "{out:?} {late:?}"
    );
    assert_eq!((first, other, at, r.count()), (Ok(1), Ok(1), 30, 1));
    assert_eq!(ended(&events), [StopReason::Cancelled; 2]);
    // A recorded result needs no wait.
    assert_eq!(cancel_scope(cancelled(), f(7, &r)).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_hedge_starts_no_further_copy_and_those_that_run_go_on() {
    #[hedge(after = 10ms, max = 5, budget = off)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 100).await
    }
    #[hedge(after = 1h, max = 5, budget = off)]
    async fn fails(r: &Record) -> Result<u32, Fault> {
        sleep(ms(10)).await;
        fail(r).await
    }
    let r = Record::new();
    assert_eq!(cancel_scope(cancelled_after(15), f(&r)).await, Ok(1));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 10], 100));
    // Nor for one that has failed.
    let r = Record::new();
    let out = cancel_scope(cancelled_after(5), fails(&r)).await;
    assert_eq!((out, r.count()), (Err(Fault::Network(1)), 1));
}

/// The wait of a second attempt ends: the error of the first one is the last real one.
#[tokio::test(start_paused = true)]
async fn a_wait_of_a_later_attempt_returns_the_error_before_it() {
    #[retry(constant, max = 9, base = 1s, jitter = none)]
    #[bulkhead(name = "cancel-later", max = 1, queue = 9)]
    async fn later(r: &Record) -> Result<u32, Fault> {
        fail(r).await
    }
    let r = Record::new();
    let events = Events::of("cancel::waits::later");
    let token = cancelled_after(1_500);
    let mut call = Box::pin(cancel_scope(token, later(&r)));
    assert!(poll_once(call.as_mut()).await.is_pending());
    let _place = resil::bulkhead("cancel-later").try_acquire().unwrap();
    assert_eq!(call.await, Err(Fault::Network(1)));
    assert_eq!((r.times(), r.elapsed()), (vec![0], 1_500));
    assert_eq!(events.stop(), Some(StopReason::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_body_is_not_interrupted() {
    #[retry(max = 3)]
    #[timeout(1h)]
    #[bulkhead(max = 1, queue = 5)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 1_000).await
    }
    let r = Record::new();
    assert_eq!(cancel_scope(cancelled_after(5), f(&r)).await, Ok(1));
    assert_eq!(r.elapsed(), 1_000);
    // Nor one that begins after the cancellation.
    assert_eq!(cancel_scope(cancelled(), f(&r)).await, Ok(2));
}

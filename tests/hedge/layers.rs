//! What a hedge and the layers around and below it mean together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::{Context, Waker};
use std::time::Duration;

use resil::{
    CircuitState, Deadline, Error, HedgeAfter, HedgePolicy, breaker, circuit, hedge, idempotent,
    retry, timeout,
};
use tokio::time::{advance, sleep};

use crate::Do::{Bad, Final, Good, Hang, Now};
use crate::support::{Fault, Record, ms, poll_once};
use crate::{Do, act};

// A circuit below.

#[hedge(after = 10ms, budget = off)]
#[circuit(name = "hedge.below", failures = 1, open_for = 1s, probes = 3)]
async fn below(r: &Record, script: &[Do]) -> Result<u32, Fault> {
    act(r, script).await
}

/// Of one breaker, in the order of its states.
#[tokio::test(start_paused = true)]
async fn losers_are_neutral_for_a_circuit_below_and_give_their_permits_back() {
    let breaker = breaker("hedge.below");
    let r = Record::new();
    assert_eq!(below(&r, &[Hang, Good(1)]).await, Ok(2));
    assert_eq!(breaker.counts().failures_in_a_row, 0);
    assert_eq!(breaker.state(), CircuitState::Closed);

    let r = Record::new();
    let out = below(&r, &[Bad(1), Good(1)]).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. }))),
        "{out:?}"
    );
    assert_eq!(breaker.state(), CircuitState::Open);
    assert_eq!(r.count(), 1, "with no copy left the refusal comes back");

    // Half-open: each copy is a probe, and a loser's place is free again.
    advance(ms(1_200)).await;
    for n in 1..=2 {
        assert_eq!(below(&Record::new(), &[Hang, Good(1)]).await, Ok(2));
        let counts = breaker.counts();
        assert_eq!((counts.probes_out, counts.probes_succeeded), (0, n));
    }
    // So is that of a call which is dropped in the middle.
    {
        let script = [Hang];
        let r = Record::new();
        let mut call = pin!(below(&r, &script));
        assert!(poll_once(call.as_mut()).await.is_pending());
        assert_eq!(breaker.counts().probes_out, 1);
    }
    assert_eq!(breaker.counts().probes_out, 0);
    assert_eq!(below(&Record::new(), &[Now]).await, Ok(1));
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_below_counts_each_copy() {
    #[hedge(after = 10ms, max = 3, budget = off)]
    #[circuit(name = "hedge.each", failures = 5)]
    async fn each(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    assert!(each(&Record::new(), &[Bad(1)]).await.is_err());
    assert_eq!(breaker("hedge.each").counts().failures_in_a_row, 3);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_above_sees_one_outcome() {
    #[circuit(name = "hedge.above", failures = 5)]
    #[hedge(after = 10ms, max = 3, budget = off)]
    async fn above(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    assert!(above(&Record::new(), &[Bad(1)]).await.is_err());
    assert_eq!(breaker("hedge.above").counts().failures_in_a_row, 1);
    assert_eq!(above(&Record::new(), &[Bad(1), Good(1)]).await, Ok(2));
    assert_eq!(breaker("hedge.above").counts().failures_in_a_row, 0);
}

/// A panic of one copy is one failure, whichever copy it is; the other copies are neutral.
#[tokio::test(start_paused = true)]
async fn a_panic_of_one_copy_is_one_failure() {
    #[hedge(after = 10ms, max = 3, budget = off)]
    #[circuit(name = "hedge.panic", failures = 100)]
    async fn panics(runs: &AtomicU32, which: u32) -> Result<u32, Fault> {
        let n = runs.fetch_add(1, SeqCst) + 1;
        sleep(ms(50)).await;
        assert!(n != which, "the body's own");
        std::future::pending().await
    }
    for which in 1..=3 {
        let runs = AtomicU32::new(0);
        let mut call = Box::pin(panics(&runs, which));
        let mut panicked = false;
        for _ in 0..20 {
            let mut cx = Context::from_waker(Waker::noop());
            let poll = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut cx)));
            panicked |= poll.is_err();
            if panicked {
                break;
            }
            advance(ms(5)).await;
        }
        drop(call);
        assert!(panicked && runs.load(SeqCst) == 3);
        assert_eq!(breaker("hedge.panic").counts().failures_in_a_row, which);
    }
}

/// A timeout of the stack that drops the copies found the other side too slow, in each of them.
#[tokio::test(start_paused = true)]
async fn a_timeout_above_drops_all_copies_and_each_is_a_failure_below() {
    #[timeout(100ms)]
    #[hedge(after = 10ms, max = 3, budget = off)]
    #[circuit(name = "hedge.cut", failures = 100)]
    async fn cut(r: &Record) -> Result<u32, Fault> {
        act(r, &[Hang]).await
    }
    let r = Record::new();
    let out = cut(&r).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::Timeout { .. }))),
        "{out:?}"
    );
    assert_eq!((r.times(), r.elapsed()), (vec![0, 10, 20], 100));
    assert_eq!(breaker("hedge.cut").counts().failures_in_a_row, 3);
}

// Timeouts.

/// failsafe-go: three copies, three timeouts, and the error of the last one.
#[tokio::test(start_paused = true)]
async fn a_timeout_below_bounds_each_copy() {
    #[hedge(after = 10ms, max = 3, budget = off)]
    #[timeout(100ms)]
    async fn each(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let r = Record::new();
    let out = each(&r, &[Hang]).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::Timeout { .. }))),
        "{out:?}"
    );
    assert_eq!((r.times(), r.elapsed()), (vec![0, 10, 20], 120));
    // A copy that timed out is replaced at once. (Without the policy this stack is refused.)
    const LATE: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(Duration::from_secs(1)));
    #[hedge(policy = LATE, max = 3, budget = off)]
    #[timeout(100ms)]
    async fn late(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let r = Record::new();
    assert_eq!(late(&r, &[Hang, Hang, Good(10)]).await, Ok(3));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 100, 200], 210));
}

#[tokio::test(start_paused = true)]
async fn timeouts_above_and_below_each_keep_their_time() {
    #[timeout(150ms)]
    #[hedge(after = 60ms, max = 3, budget = off)]
    #[timeout(100ms)]
    async fn both(r: &Record, seen: &AtomicU32) -> Result<u32, Fault> {
        let left = Deadline::current().map_or(0, |d| d.remaining().as_millis());
        seen.fetch_add(u32::try_from(left).unwrap(), SeqCst);
        act(r, &[Hang]).await
    }
    let (r, seen) = (Record::new(), AtomicU32::new(0));
    assert!(both(&r, &seen).await.is_err());
    // By time, and in place of the first one.
    assert_eq!((r.times(), r.elapsed()), (vec![0, 60, 100], 150));
    assert_eq!(seen.load(SeqCst), 100 + 90 + 50);
}

/// The deadline of a caller cuts a copy: none that came after it could be in time.
#[tokio::test(start_paused = true)]
async fn the_callers_deadline_ends_the_call() {
    #[hedge(after = 1s, max = 3, budget = off)]
    #[timeout(5s)]
    async fn inner(r: &Record) -> Result<u32, Fault> {
        act(r, &[Hang]).await
    }
    let r = Record::new();
    let out = Deadline::after(ms(100)).scope(inner(&r)).await;
    let inherited = matches!(
        out,
        Err(Fault::Resil(Error::Timeout {
            inherited: true,
            ..
        }))
    );
    assert!(inherited, "{out:?}");
    assert_eq!((r.times(), r.elapsed()), (vec![0], 100));
}

// Retry.

/// failsafe-go: each of three attempts has two copies.
#[tokio::test(start_paused = true)]
async fn below_a_retry_each_attempt_has_its_copies() {
    #[retry(constant, max = 3, base = 1ms, jitter = none, budget = off)]
    #[hedge(after = 10ms, budget = off)]
    async fn attempts(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let r = Record::new();
    assert_eq!(attempts(&r, &[Bad(20)]).await, Err(Fault::Network(6)));
    assert_eq!(r.times(), [0, 10, 31, 41, 62, 72]);
    let r = Record::new();
    let out = attempts(&r, &[Bad(1), Bad(1), Hang, Good(1)]).await;
    assert_eq!((out, r.elapsed()), (Ok(4), 14));
}

#[tokio::test(start_paused = true)]
async fn above_a_retry_each_copy_has_its_attempts() {
    #[hedge(after = 50ms, budget = off, on(Fault::Network(_)))]
    #[retry(constant, max = 3, base = 10ms, jitter = none, budget = off)]
    async fn copies(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let r = Record::new();
    // One copy with three attempts, and another with three in its place.
    assert_eq!(copies(&r, &[Bad(1)]).await, Err(Fault::Network(6)));
    assert_eq!(r.times(), [0, 11, 22, 23, 34, 45]);
    let r = Record::new();
    // The second attempt of the first copy hangs; the second copy needs two.
    let out = copies(&r, &[Bad(1), Hang, Bad(1), Good(1)]).await;
    assert_eq!((out, r.times()), (Ok(4), vec![0, 11, 50, 61]));
}

/// The clone that a retry names is made for each copy too, and the other way round.
#[tokio::test(start_paused = true)]
async fn clones_are_made_by_the_innermost() {
    #[retry(constant, base = 1ms, budget = off, clone(list))]
    #[hedge(after = 10ms, budget = off)]
    async fn outside(r: &Record, mut list: Vec<u32>, script: &[Do]) -> Result<Vec<u32>, Fault> {
        let n = act(r, script).await?;
        list.push(n);
        Ok(list)
    }
    #[hedge(after = 10ms, budget = off, clone(list))]
    #[retry(constant, base = 1ms, budget = off)]
    async fn inside(r: &Record, mut list: Vec<u32>, script: &[Do]) -> Result<Vec<u32>, Fault> {
        let n = act(r, script).await?;
        list.push(n);
        Ok(list)
    }
    let script = [Bad(1), Bad(1), Hang, Good(1)];
    let (one, other) = (Record::new(), Record::new());
    assert_eq!(outside(&one, vec![0], &script).await, Ok(vec![0, 4]));
    assert_eq!(inside(&other, vec![0], &script).await, Ok(vec![0, 4]));
}

/// The pauses of copies overlap each other's work: they are part of the time that a call takes.
#[tokio::test(start_paused = true)]
async fn pauses_inside_a_copy_are_not_left_out_of_a_calls_time() {
    #[circuit(name = "hedge.slow", slow = 100ms, slow_rate = 100%, window = 1, min_calls = 1)]
    #[hedge(after = 1s, budget = off)]
    #[retry(constant, base = 150ms, jitter = none, budget = off)]
    async fn slow(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    assert_eq!(slow(&Record::new(), &[Bad(1), Now]).await, Ok(2));
    assert_eq!(breaker("hedge.slow").state(), CircuitState::Open);
}

// Idempotency.

#[idempotent(key = key)]
#[hedge(after = 10ms, max = 3, budget = off)]
async fn once(key: &str, r: &Record, script: &[Do]) -> Result<u32, Fault> {
    act(r, script).await
}

#[tokio::test(start_paused = true)]
async fn one_claim_holds_for_all_copies() {
    let r = Record::new();
    let script = [Hang, Hang, Good(10)];
    let both = tokio::join!(once("one", &r, &script), once("one", &r, &script));
    assert_eq!(both, (Ok(3), Ok(3)));
    assert_eq!(r.times(), [0, 10, 20], "one set of copies");
    assert_eq!(once("one", &r, &script).await, Ok(3), "a replay");
    assert_eq!(r.count(), 3);
}

/// An error frees the key only if no copy was dropped in the middle: what that one did is unknown.
#[tokio::test(start_paused = true)]
async fn an_error_beside_a_copy_in_flight_abandons_the_claim() {
    #[idempotent(key = key, on_abandon = indeterminate)]
    #[hedge(after = 10ms, budget = off, unless(Fault::Final))]
    async fn strict(key: &str, r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let r = Record::new();
    assert_eq!(strict("alone", &r, &[Final(1)]).await, Err(Fault::Final));
    assert_eq!(strict("alone", &r, &[Now]).await, Ok(2), "the key is free");
    let r = Record::new();
    let out = strict("beside", &r, &[Hang, Final(1)]).await;
    assert_eq!(out, Err(Fault::Final));
    let out = strict("beside", &r, &[Now]).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::Idempotency(_)))),
        "{out:?}"
    );
    assert_eq!(r.count(), 2);
}

// Cancellation.

#[timeout(5s)]
#[retry(constant, max = 2, base = 1ms, budget = off)]
#[hedge(after = 10ms, max = 3, budget = off)]
#[circuit(name = "hedge.storm", failures = 1, open_for = 1s, probes = 255)]
#[timeout(80ms)]
async fn storm(running: &AtomicU32, r: &Record, script: &[Do]) -> Result<u32, Fault> {
    struct Running<'a>(&'a AtomicU32);
    impl Drop for Running<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }
    running.fetch_add(1, SeqCst);
    let _running = Running(running);
    act(r, script).await
}

/// Left after each number of polls, nothing is left of the call: no copy, no permit, no deadline.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_left_at_any_poll_leaves_nothing() {
    let scripts: [&[Do]; 6] = [
        &[Hang],
        &[Bad(5)],
        &[Good(25)],
        &[Hang, Bad(1), Hang, Good(1)],
        &[Bad(0), Hang, Good(30)],
        &[Now],
    ];
    let breaker = breaker("hedge.storm");
    for script in scripts {
        for polls in 0.. {
            // Half-open, where a lost place would show.
            breaker.reset();
            let (running, r) = (AtomicU32::new(0), Record::new());
            assert!(storm(&running, &r, &[Bad(0)]).await.is_err());
            advance(ms(1_200)).await;
            assert_eq!(breaker.state(), CircuitState::HalfOpen);
            let r = Record::new();
            let mut call = Box::pin(storm(&running, &r, script));
            let mut ended = false;
            for _ in 0..polls {
                ended = poll_once(call.as_mut()).await.is_ready();
                if ended {
                    break;
                }
                advance(ms(5)).await;
            }
            drop(call);
            assert_eq!(running.load(SeqCst), 0, "{script:?} after {polls} polls");
            assert_eq!(
                breaker.counts().probes_out,
                0,
                "{script:?} after {polls} polls"
            );
            assert_eq!(Deadline::current(), None);
            if ended {
                break;
            }
            assert!(polls < 200, "{script:?} never ends");
        }
    }
}

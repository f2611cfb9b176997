//! `on_ok`: an `Ok` that counts as a failure.

use super::*;

/// What a client makes of each status: none is an error to it.
#[derive(Clone, Debug, PartialEq)]
struct Reply {
    status: u16,
}

fn reply(r: &Record, status: u16) -> Result<Reply, Fault> {
    r.attempt();
    Ok(Reply { status })
}

/// `.` an answer, `X` refused by the circuit.
fn answer(out: &Result<Reply, Fault>) -> char {
    match out {
        Ok(_) => '.',
        Err(Fault::Resil(Error::CircuitOpen { .. })) => 'X',
        Err(e) => panic!("{e}"),
    }
}

macro_rules! answers {
    ($f:ident($r:expr), $($status:expr),+) => {{
        let mut seen = String::new();
        for status in [$($status),+] {
            seen.push(answer(&$f($r, status).await));
        }
        seen
    }};
}

/// dmexe/failsafe-rs issue 40 and lerouxrgd/recloser issue 14: a client that returns its 503 as an
/// `Ok` could not be told to be failing.
#[tokio::test(start_paused = true)]
async fn failsafe_40_recloser_14_a_503_that_is_ok_counts_and_is_returned() {
    #[circuit(name = "on-ok", failures = 3, open_for = 1s, on_ok(Reply { status: 500.. }))]
    async fn get(r: &Record, status: u16) -> Result<Reply, Fault> {
        reply(r, status)
    }
    let r = Record::new();
    assert_eq!(get(&r, 503).await, Ok(Reply { status: 503 }), "as it is");
    assert_eq!(
        answers!(get(&r), 503, 200, 404, 503, 500, 502, 200),
        "......X"
    );
    // Half-open, it is no success either.
    pass(1_000).await;
    assert_eq!(answers!(get(&r), 503, 200), ".X");
    pass(2_000).await;
    assert_eq!(answers!(get(&r), 404), ".");
    assert_eq!(state("on-ok"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn it_stands_beside_the_patterns_over_errors() {
    #[circuit(
        name = "on-ok-beside",
        failure_rate = 50%,
        window = 4,
        on_ok(v if *v > 100),
        on(Fault::Network(_)),
        ignore(Fault::Final)
    )]
    async fn both(r: &Record, out: Result<u32, Fault>) -> Result<u32, Fault> {
        r.attempt();
        out
    }
    let r = Record::new();
    assert!(both(&r, Ok(101)).await.is_ok());
    assert!(both(&r, Err(Fault::Final)).await.is_err());
    assert!(both(&r, Err(Fault::Http(404))).await.is_err());
    let counts = breaker("on-ok-beside").counts();
    assert_eq!((counts.calls, counts.failures), (2, 1));
    assert!(both(&r, Err(Fault::Network(1))).await.is_err());
    assert_eq!(state("on-ok-beside"), CircuitState::Closed);
    assert!(both(&r, Ok(100)).await.is_ok());
    assert_eq!(state("on-ok-beside"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn above_a_retry_it_sees_the_ok_that_is_left() {
    #[circuit(name = "on-ok-retry", failures = 2, on_ok(Reply { status: 503 }))]
    #[retry(max = 2, base = 1ms, on_ok(Reply { status: 503 }))]
    async fn get(r: &Record, status: u16, then: u16) -> Result<Reply, Fault> {
        reply(
            r,
            if r.count().is_multiple_of(2) {
                status
            } else {
                then
            },
        )
    }
    let r = Record::new();
    assert_eq!(get(&r, 503, 503).await, Ok(Reply { status: 503 }));
    assert_eq!(breaker("on-ok-retry").counts().failures_in_a_row, 1);
    assert_eq!(get(&r, 503, 200).await, Ok(Reply { status: 200 }));
    assert_eq!(breaker("on-ok-retry").counts().failures_in_a_row, 0);
    assert_eq!(r.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn below_a_retry_each_attempt_is_looked_at() {
    #[retry(max = 9, base = 1ms, on_ok(Reply { status: 503 }))]
    #[circuit(name = "on-ok-attempts", failures = 2, on_ok(Reply { status: 503 }))]
    async fn get(r: &Record, status: u16) -> Result<Reply, Fault> {
        reply(r, status)
    }
    let r = Record::new();
    assert_eq!(answer(&get(&r, 503).await), 'X');
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_replayed_ok_is_neutral_as_any_replay() {
    #[circuit(name = "on-ok-replay", failures = 2, on_ok(503))]
    #[idempotent(key = key)]
    async fn once(r: &Record, key: &str) -> Result<u16, Fault> {
        r.attempt();
        let _ = key;
        Ok(503)
    }
    let r = Record::new();
    for _ in 0..5 {
        assert_eq!(once(&r, "k").await, Ok(503));
    }
    assert_eq!(r.count(), 1);
    assert_eq!(breaker("on-ok-replay").counts().failures_in_a_row, 1);
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_panics_is_a_failure_and_a_slow_ok_is_slow_and_failed() {
    #[circuit(name = "on-ok-panic", failures = 1, on_ok(v if broken(*v)))]
    async fn guarded(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    fn broken(_: u32) -> bool {
        panic!("the guard's own")
    }
    #[circuit(name = "on-ok-slow", failure_rate = 100%, slow = 1s, window = 10, on_ok(_))]
    async fn slow(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let out = catch_unwind(AssertUnwindSafe(|| {
        let mut cx = Context::from_waker(Waker::noop());
        let _ = pin!(guarded(&r, Succeed)).poll(&mut cx);
    }));
    assert!(out.is_err());
    assert_eq!(state("on-ok-panic"), CircuitState::Open);
    assert_eq!(play!(slow(&r), Slow(1_000)), ".");
    let counts = breaker("on-ok-slow").counts();
    assert_eq!((counts.failures, counts.slow), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn inside_itself_only_the_outer_outcome_counts() {
    #[circuit(name = "on-ok-inside", failures = 2, on_ok(Reply { status: 503 }))]
    async fn outer(r: &Record, status: u16) -> Result<Reply, Fault> {
        inner(r, 503).await?;
        inner(r, status).await
    }
    #[circuit(name = "on-ok-inside", failures = 2, on_ok(Reply { status: 503 }))]
    async fn inner(r: &Record, status: u16) -> Result<Reply, Fault> {
        reply(r, status)
    }
    let r = Record::new();
    assert_eq!(answers!(outer(&r), 200, 200, 503, 200), "....");
    assert_eq!(breaker("on-ok-inside").counts().failures_in_a_row, 0);
    assert_eq!(answers!(outer(&r), 503, 503, 200), "..X");
}

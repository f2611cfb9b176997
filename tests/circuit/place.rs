//! `#[circuit]` at each place among the other layers.

use super::*;

#[tokio::test(start_paused = true)]
async fn above_retry_it_sees_one_outcome_per_call_and_below_each_attempt() {
    #[circuit(name = "above-retry", failures = 3)]
    #[retry(constant, max = 3, base = 1ms)]
    async fn above(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[retry(constant, max = 7, base = 1ms)]
    #[circuit(name = "below-retry", failures = 3)]
    async fn below(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    // L03: three runs of the body, one failure.
    let r = Record::new();
    assert_eq!(play!(above(&r), Fail), "F");
    assert_eq!(r.count(), 3);
    assert_eq!(breaker("above-retry").counts().failures_in_a_row, 1);
    // L02: it opens after three of seven, and a refusal is not retried.
    let r = Record::new();
    assert_eq!(play!(below(&r), Fail), "X");
    assert_eq!(r.count(), 3);
    assert_eq!(play!(below(&r), Fail), "X");
    assert_eq!(r.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_below_retry_that_the_outer_timeout_cuts_is_a_failure() {
    #[timeout(1s)]
    #[retry(constant, max = 3, base = 1ms)]
    #[circuit(name = "cut-attempt", failures = 2)]
    async fn cut_attempt(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(cut_attempt(&r), Hang; 3), "TTX");
}

#[tokio::test(start_paused = true)]
async fn the_wait_between_attempts_is_no_failure_when_a_timeout_cuts_it() {
    // `within` and deadlines stop a retry before such a wait; a drop can still fall into one.
    #[circuit(name = "cut-wait", failures = 1)]
    #[retry(constant, max = 3, base = 10s, jitter = none)]
    async fn cut_wait(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    begin_and_drop(cut_wait(&r, Fail)).await;
    assert_eq!(state("cut-wait"), CircuitState::Closed);
}

//! `slow`: the waits of a retry below are left out of the time that a call takes.

use super::*;

/// vectordotdev/vector issue 26123: the time of a request was measured with the back-off of its
/// retries in it, so that a backend which answered at once looked overloaded.
#[tokio::test(start_paused = true)]
async fn vector_26123_the_waits_of_a_retry_are_not_the_backends_time() {
    #[circuit(name = "vector-26123", slow = 1s, window = 2)]
    #[retry(constant, max = 3, base = 5s, jitter = none)]
    async fn at_once(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(at_once(&r), Fail; 4), "FFFF");
    assert_eq!((r.count(), r.elapsed()), (12, 40_000));
    let counts = breaker("vector-26123").counts();
    assert_eq!((counts.calls, counts.slow, counts.failures), (2, 0, 2));
    assert_eq!(state("vector-26123"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_the_attempts_take_counts_all_together() {
    #[circuit(name = "attempts-take", slow = 1s, window = 10, failure_rate = 100%)]
    #[retry(constant, max = 3, base = 10s, jitter = none)]
    async fn taking(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let slow = || breaker("attempts-take").counts().slow;
    let r = Record::new();
    // 3 · 333 ms is a millisecond short of it, 3 · 334 ms is not.
    assert_eq!(play!(taking(&r), SlowFail(333)), "F");
    assert_eq!(slow(), 0);
    assert_eq!(play!(taking(&r), SlowFail(334)), "F");
    assert_eq!(slow(), 1);
    assert_eq!(play!(taking(&r), Slow(999), Slow(1_000)), "..");
    assert_eq!(slow(), 2);
}

#[tokio::test(start_paused = true)]
async fn waits_below_a_timeout_a_key_and_an_instrument_are_left_out() {
    #[circuit(key = key, name = "waits-by-key", slow = 1s, window = 10)]
    #[timeout(1h)]
    #[tracing::instrument(skip_all)]
    #[retry(constant, max = 2, base = 10s, jitter = none)]
    #[timeout(30s)]
    async fn deep(r: Record, key: u32, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    #[tracing::instrument(skip_all)]
    #[circuit(name = "waits-in-parts", slow = 1s, window = 10)]
    #[tracing::instrument(skip_all)]
    #[timeout(limit)]
    #[retry(constant, max = 2, base = 10s, jitter = none)]
    async fn parts(r: Record, limit: Duration, what: Do) -> Result<u32, Fault> {
        act(&r, what).await
    }
    let r = Record::new();
    assert_eq!(letter(&deep(r.clone(), 7, SlowFail(499)).await), 'F');
    assert_eq!(breaker("waits-by-key").key(7).counts().slow, 0);
    assert_eq!(letter(&deep(r.clone(), 7, SlowFail(500)).await), 'F');
    assert_eq!(breaker("waits-by-key").key(7).counts().slow, 1);
    assert_eq!(
        letter(&parts(r.clone(), ms(60_000), SlowFail(499)).await),
        'F'
    );
    assert_eq!(breaker("waits-in-parts").counts().slow, 0);
    assert_eq!(
        letter(&parts(r.clone(), ms(60_000), SlowFail(500)).await),
        'F'
    );
    assert_eq!(breaker("waits-in-parts").counts().slow, 1);
}

#[tokio::test(start_paused = true)]
async fn below_a_retry_each_attempt_has_its_own_time() {
    #[retry(constant, max = 3, base = 10s, jitter = none)]
    #[circuit(name = "attempt-time", slow = 1s, window = 10)]
    async fn attempts(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(attempts(&r), SlowFail(999)), "F");
    assert_eq!(breaker("attempt-time").counts().slow, 0);
    assert_eq!(play!(attempts(&r), SlowFail(1_000)), "F");
    assert_eq!(breaker("attempt-time").counts().slow, 3);
}

#[tokio::test(start_paused = true)]
async fn what_another_function_waits_is_time_of_the_call() {
    // Its retry is none of this stack: to this one, it is how long the other one takes.
    #[circuit(name = "others-wait", slow = 1s, window = 10)]
    async fn outer(r: &Record, what: Do) -> Result<u32, Fault> {
        inner(r, what).await
    }
    #[circuit(name = "others-wait")]
    #[retry(constant, max = 2, base = 10s, jitter = none)]
    async fn inner(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(play!(outer(&r), Fail), "F");
    let counts = breaker("others-wait").counts();
    assert_eq!((counts.calls, counts.slow), (1, 1));
    assert_eq!(play!(inner(&r), Fail), "F");
    let counts = breaker("others-wait").counts();
    assert_eq!((counts.calls, counts.slow), (2, 1));
}

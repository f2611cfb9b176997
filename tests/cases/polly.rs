//! Polly (github.com/App-vNext/Polly, test/Polly.Core.Tests/). `MaxRetryAttempts = n` is
//! `max = n + 1`.
//!
//! | case | where it stands |
//! |---|---|
//! | F06 | here, by hand |
//! | F07 | resil-runtime/tests/circuit/tripping.rs `f07_..`; failures in half-open are no part of the next window: `the_success_that_closed_it_..` |
//! | F08 | resil-runtime/tests/circuit/half_open.rs `f08_g13_..`, hand.rs `f08_..` |
//! | K01, K02 (jitter), K03 (cap), K05 | `jitter.rs` |
//! | K03 (base 0, overflow) | resil-runtime/src/retry/delay/tests.rs `polly_k03_..`, `d7_..`: the attribute refuses a cap below the base |
//! | K04 | here, as a back-off of the user's: `decorrelated` is the AWS blog's, U(base, 3·previous) |
//! | K10, cancelled in the retry event | cannot be: a listener has no hold of the call |
//! | K10, a result that is not to be retried | cannot be: who drops a call gets no result |
//! | L12 | `hedging.rs` |

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use resil::event::StopReason::Exhausted;
use resil::{Backoff, CircuitPolicy, Window, retry};

use crate::by_hand::{Row, play};
use crate::stage::cases;
use crate::support::{Fault, Record};

cases! {
    k02: "linear 1 s: 1, 2, 3 s", "Retry/RetryHelperTests.Linear_Ok";
        #[retry(linear, max = 4, base = 1s, jitter = none)]
        "FFFF" => "F", delays([1_000, 2_000, 3_000]);
    k03: "exponential 1 s: 1, 2, 4 s", "Retry/RetryHelperTests.Exponential_Ok";
        #[retry(exponential, max = 4, base = 1s, jitter = none)]
        "FFFF" => "F", delays([1_000, 2_000, 4_000]);
    k09_events: "twelve retries, twelve events", "Retry/RetryResilienceStrategyTests";
        #[retry(max = 13, base = 1ms)]
        "FFFFFFFFFFFFF" => "F", retries(12), stops([Exhausted]);
    k09_linear: "linear 2 s: the events say 2, 4, 6 s", "Retry/RetryResilienceStrategyTests";
        #[retry(linear, max = 4, base = 2s, jitter = none)]
        "FFFF" => "F", delays([2_000, 4_000, 6_000]), took(12_000);
    k09_max_delay: "with a cap of 123 ms all are 123 ms", "Retry/RetryResilienceStrategyTests";
        #[retry(linear, max = 4, base = 123ms, cap = 123ms, jitter = none)]
        "FFFF" => "F", delays([123, 123, 123]);
    k09_generator: "a generated delay takes the place of the computed one; none leaves it (ours: where it is longer, and up to a tenth later)",
        "Retry/RetryResilienceStrategyTests";
        #[retry(linear, max = 3, base = 1s, jitter = none,
                retry_after = |e| match e { Fault::Busy(d) => Some(*d), _ => None })]
        "Q(1500)FS" => "S", gaps([(1_500, 1_650), (2_000, 2_000)]);
    k09_generator_below: "ours: a shorter one leaves the computed delay as it is",
        "Retry/RetryResilienceStrategyTests";
        #[retry(linear, max = 3, base = 1s, jitter = none,
                retry_after = |e| match e { Fault::Busy(d) => Some(*d), _ => None })]
        "Q(50)FS" => "S", delays([1_000, 2_000]);
    k09_zero: "a generated delay of zero waits for nothing; ours: it does not switch the back-off off", "Retry/RetryResilienceStrategyTests";
        #[retry(base = 1s, jitter = none, retry_after = |_| Some(Duration::ZERO))]
        "FFS" => "S", at([0, 1_000, 3_000]);
    k10_during_body: "cancelled in the body: one run, though its result would be retried",
        "Retry/RetryResilienceStrategyTests.ExecuteAsync_Canceled*";
        #[retry(max = 9, base = 1s)]
        "F(100)" => "W(50) +10s", cut(1), retries(0);
    k10_during_delay: "cancelled in the delay: one run",
        "Retry/RetryResilienceStrategyTests.ExecuteAsync_Canceled*";
        #[retry(constant, max = 9, base = 1s, jitter = none)]
        "F" => "W(500) +10s", cut(0), retries(1);
}

#[tokio::test(start_paused = true)]
async fn k10_before() {
    // Cancelled before it began: no run.
    #[retry]
    async fn call(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    drop(call(&r));
    assert_eq!(r.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn k09_replaced_values_are_dropped_and_the_last_is_not() {
    static DROPPED: AtomicU32 = AtomicU32::new(0);
    struct Value;
    impl Drop for Value {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, SeqCst);
        }
    }
    #[retry(max = 4, base = 1ms, on_ok(Value))]
    async fn call(r: &Record) -> Result<Value, Fault> {
        // Each is gone before the next is made.
        assert_eq!(DROPPED.load(SeqCst) + 1, r.attempt());
        Ok(Value)
    }
    let last = call(&Record::new()).await.unwrap();
    assert_eq!(DROPPED.load(SeqCst), 3);
    drop(last);
}

#[tokio::test(start_paused = true)]
async fn f06_rolling_health() {
    const POLICY: CircuitPolicy = CircuitPolicy::new()
        .failure_rate(1.0)
        .window(Window::Time(Duration::from_secs(10)))
        .min_calls(100);
    let row = |id, says, play| Row {
        id,
        says,
        source: "CircuitBreaker/Health/RollingHealthMetricsTests",
        policy: POLICY,
        play,
    };
    play(&[
        row(
            "polly.f06",
            "10 s in ten buckets, two calls every 2 s, read 2 s after each",
            "FS +2s 2/1 FS +2s 4/2 SS +2s 6/2 SS +2s 8/2 SS +2s 8/1 +2s 6/0",
        ),
        row(
            "polly.f06.sampling",
            "10 s later all are gone",
            "FS +10s 0/0",
        ),
        row("polly.f06.after", "and 1 ms after that", "FS +10s +1ms 0/0"),
        row(
            "polly.f06.ten",
            "ten a second apart, read a second after the last: 9, then 8",
            "S +1s S +1s S +1s S +1s S +1s S +1s S +1s S +1s S +1s S +1s 9/0 +1s 8/0",
        ),
    ])
    .await;
}

/// K04, decorrelated jitter, version 2: t = attempt + rand, f(t) = 2^t · tanh(√(4t)), the delay is
/// (f(t) − f before) / 1.4 of the base. It is Polly's own; here as a back-off of the user's.
struct Decorrelated {
    rand: f64,
    before: f64,
}

impl Backoff for Decorrelated {
    fn delay(&mut self, retry: u32, _: Option<Duration>) -> Option<Duration> {
        let t = f64::from(retry - 1) + self.rand;
        let f = t.exp2() * (4.0 * t).sqrt().tanh();
        let delay = (f - self.before).max(0.0) / 1.4;
        self.before = f;
        Some(Duration::try_from_secs_f64(delay).unwrap_or(Duration::MAX))
    }
}

#[tokio::test(start_paused = true)]
async fn k04_decorrelated_jitter_v2() {
    // Retry/RetryHelperTests.ExponentialWithJitter_Ok; the figures are those of our collection, in
    // microseconds.
    const HALF: [u64; 6] = [
        897_405, 1_093_004, 2_035_748, 4_045_979, 8_083_632, 16_163_663,
    ];
    const ZERO: [u64; 6] = [0, 1_377_182, 1_460_067, 2_865_850, 5_717_807, 11_430_272];
    #[retry(max = 7, budget = off, backoff = Decorrelated { rand, before: 0.0 })]
    async fn call(r: &Record, rand: f64) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    for (rand, delays) in [(0.0, ZERO), (0.5, HALF)] {
        let r = Record::new();
        assert!(call(&r, rand).await.is_err());
        let gaps = r.times();
        assert_eq!(gaps.len(), 7);
        for (pair, want) in gaps.windows(2).zip(delays) {
            let want = want.div_ceil(1_000);
            assert!((want..=want + 1).contains(&(pair[1] - pair[0])), "{gaps:?}");
        }
    }
    // No overflow, and never above the cap.
    #[retry(max = 1100, cap = 1s, budget = off, backoff = Decorrelated { rand: 0.5, before: 0.0 })]
    async fn far(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let r = Record::new();
    assert!(far(&r).await.is_err());
    assert_eq!(r.count(), 1_100);
    assert!(r.times().windows(2).all(|w| w[1] - w[0] <= 1_000));
}

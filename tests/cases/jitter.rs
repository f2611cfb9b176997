//! Delays that are drawn: each row says within which bounds all of them must be, and that they
//! differ. The figures are those of the systems named; the draws are ours.

use std::collections::HashSet;
use std::future::Future;

use resil::retry;

use crate::support::{Fault, Record};

type Out = Result<u32, Fault>;

/// Row: id, what it says, source; attribute, calls, and for each delay from when to when (in
/// milliseconds; timers round up to the next).
macro_rules! spreads {
    ($($id:ident: $says:literal, $source:literal;
       #[$($attr:tt)*] $calls:literal => [$($bounds:expr),+];)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $id() {
            #[$($attr)*]
            async fn call(r: &Record) -> Out {
                Err(Fault::Network(r.attempt()))
            }
            draw(concat!($says, " (", $source, ")"), $calls, &[$($bounds),+], call).await;
        }
    )+};
}

// A fn type that borrows: closures and async fns alike.
trait Call<'a>: Fn(&'a Record) -> Self::Out {
    type Out: Future<Output = Out>;
}
impl<'a, F: Fn(&'a Record) -> O, O: Future<Output = Out>> Call<'a> for F {
    type Out = O;
}

async fn draw(why: &str, calls: usize, bounds: &[(u64, u64)], call: impl for<'a> Call<'a>) {
    let mut seen = vec![HashSet::new(); bounds.len()];
    for _ in 0..calls {
        let r = Record::new();
        assert!(call(&r).await.is_err());
        let t = r.times();
        assert_eq!(t.len(), bounds.len() + 1, "{why}");
        for ((pair, (low, high)), seen) in t.windows(2).zip(bounds).zip(&mut seen) {
            let delay = pair[1] - pair[0];
            assert!((*low..=high + 1).contains(&delay), "{why}: {t:?}");
            seen.insert(delay);
        }
    }
    for ((low, high), seen) in bounds.iter().zip(&seen) {
        assert!(low == high || seen.len() > 5, "{why}: {seen:?}");
    }
}

spreads! {
    k01: "constant 1 s and a jitter of a quarter", "Polly Retry/RetryHelperTests.Constant_Jitter_Ok";
        #[retry(constant, max = 2, base = 1s, jitter = 25%, budget = off)]
        200 => [(750, 1_250)];
    k02: "linear 1 s: the third is 3 s and a quarter", "Polly Retry/RetryHelperTests.Linear_Jitter_Ok";
        #[retry(linear, max = 4, base = 1s, jitter = 25%, budget = off)]
        200 => [(750, 1_250), (1_500, 2_500), (2_250, 3_750)];
    k05: "ten thousand values, all within a quarter", "Polly Retry/RetryHelperTests.ApplyJitter_Meets_Specification";
        #[retry(constant, max = 2, base = 10s, jitter = 25%, budget = off)]
        10_000 => [(7_500, 12_500)];
    k03_cap: "the cap is put on after the jitter", "Polly Retry/RetryHelperTests.MaxDelay_Ok";
        #[retry(constant, max = 2, base = 1s, cap = 1s, jitter = 25%, budget = off)]
        200 => [(750, 1_000)];
    i02: "a jitter of a fifth; ours: never above the cap, where gRPC may exceed it by a fifth",
        "grpc/proposal A6, 'Exponential Backoff'";
        #[retry(max = 4, base = 100ms, cap = 200ms, jitter = 20%, budget = off)]
        200 => [(80, 120), (160, 200), (160, 200)];
    r4j_randomized: "100 ms and a half",
        "resilience4j-core IntervalFunctionTest.generatesRandomizedIntervals";
        #[retry(constant, max = 2, base = 100ms, jitter = 50%, budget = off)]
        200 => [(50, 150)];
    r4j_exponential_random: "100 ms times 1.5 and a half",
        "resilience4j-core IntervalFunctionTest.generatesExponentialRandomIntervals";
        #[retry(max = 4, base = 100ms, factor = 1.5, jitter = 50%, budget = off)]
        200 => [(50, 150), (75, 225), (112, 338)];
    r4j_exponential_random_capped: "and with a cap",
        "resilience4j-core IntervalFunctionTest.generatesCappedExponentialRandomIntervals";
        #[retry(max = 4, base = 100ms, factor = 1.5, cap = 200ms, jitter = 50%, budget = off)]
        200 => [(50, 150), (75, 200), (100, 200)];
    aws_full: "full jitter, as the SDKs draw it: anything up to the delay",
        "smithy-rs aws-smithy-runtime retries/strategy/standard.rs calculate_exponential_backoff";
        #[retry(max = 4, base = 1s, cap = 3s, jitter = full, budget = off)]
        200 => [(0, 1_000), (0, 2_000), (0, 3_000)];
    mp_delay_and_jitter: "400 ms and a jitter up to 400 ms; ours: half of it, a ratio keeps the average",
        "MicroProfile RetryTest.testRetryWithDelay";
        #[retry(constant, max = 5, base = 400ms, jitter = 50%, budget = off)]
        50 => [(200, 600), (200, 600), (200, 600), (200, 600)];
}

// What users complained of in public.
spreads! {
    agenda_1748_never_above_the_cap:
        "100 ms doubled up to 500 ms, and a jitter of a half: delays of up to 750 ms were drawn",
        "agenda/agenda issue 1748";
        #[retry(max = 5, base = 100ms, cap = 500ms, jitter = 50%, budget = off)]
        200 => [(50, 150), (100, 300), (200, 500), (250, 500)];
    ferd_backoff_8_random_at_the_cap_too:
        "once the longest delay was reached all waited exactly that long, and so came together for ever",
        "ferd/backoff issue 8";
        #[retry(constant, max = 4, base = 1s, cap = 1s, budget = off)]
        200 => [(0, 1_000), (0, 1_000), (0, 1_000)];
    ferd_backoff_8_decorrelated:
        "and of `decorrelated`, whose draws above the cap are the cap: some are below it at any time",
        "ferd/backoff issue 8";
        #[retry(max = 7, base = 100ms, cap = 1s, jitter = decorrelated, budget = off)]
        200 => [(100, 300), (100, 900), (100, 1_000), (100, 1_000), (100, 1_000), (100, 1_000)];
}

#[tokio::test(start_paused = true)]
async fn mp_no_delay_and_jitter() {
    // MicroProfile RetryTest.testRetryWithNoDelayAndJitter: delay 0, jitter 400 ms, 3.2 s in all:
    // more than 8 runs, fewer than 100, and some delay is above zero.
    #[retry(constant, max = 100, base = 400ms, jitter = full, within = 3200ms, budget = off)]
    async fn call(r: &Record) -> Out {
        Err(Fault::Network(r.attempt()))
    }
    let r = Record::new();
    assert!(call(&r).await.is_err());
    let t = r.times();
    assert!(t.len() > 8 && t.len() < 100 && t[t.len() - 1] > 0, "{t:?}");
    // Timers round up to a millisecond.
    assert!(r.elapsed() <= 3_200);
}

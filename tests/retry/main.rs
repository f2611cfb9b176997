//! LANGUAGE.md, section 3, rule by rule, on paused time: how often the body runs, after which
//! delays, and which error comes back.

#![allow(
    clippy::wildcard_imports,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "tests read the paused clock themselves, and are no public crate"
)]

#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use resil::event::{Event, StopReason};
use resil::{Deadline, retry, timeout};
use support::{Events, Fault, Record, ms};

async fn fails(r: &Record) -> Result<(), Fault> {
    Err(Fault::Network(r.attempt()))
}

#[retry]
async fn defaults(r: &Record) -> Result<(), Fault> {
    fails(r).await
}

#[tokio::test(start_paused = true)]
async fn three_runs_by_default_and_the_last_error_untouched() {
    let r = Record::new();
    assert_eq!(defaults(&r).await, Err(Fault::Network(3)));
    let t = r.times();
    // Full jitter: anything up to 100 ms, then up to 200 ms (timers round up to a millisecond).
    assert!(t[1] <= 101 && t[2] - t[1] <= 201, "{t:?}");
}

#[tokio::test(start_paused = true)]
async fn d19_jitter_is_on_by_default() {
    let mut delays = std::collections::HashSet::new();
    for _ in 0..20 {
        let r = Record::new();
        let _ = defaults(&r).await;
        delays.insert(r.times()[1]);
    }
    assert!(delays.len() > 3, "{delays:?}");
}

macro_rules! schedule {
    ($name:ident, [$($args:tt)*], $expected:expr) => {
        #[tokio::test(start_paused = true)]
        async fn $name() {
            #[retry($($args)*)]
            async fn f(r: &Record) -> Result<(), Fault> {
                fails(r).await
            }
            let r = Record::new();
            assert!(f(&r).await.is_err());
            assert_eq!(r.times(), $expected);
        }
    };
}

schedule!(
    constant,
    [constant, max = 4, jitter = none],
    [0, 100, 200, 300]
);
schedule!(linear, [linear, max = 4, jitter = none], [0, 100, 300, 600]);
schedule!(
    exponential,
    [exponential, max = 5, jitter = none],
    [0, 100, 300, 700, 1500]
);
schedule!(
    exponential_is_the_default,
    [max = 4, jitter = none],
    [0, 100, 300, 700]
);
schedule!(
    fibonacci,
    [fibonacci, max = 6, jitter = none],
    [0, 100, 200, 400, 700, 1200]
);
schedule!(
    factor,
    [factor = 3, max = 4, jitter = none, base = 10ms],
    [0, 10, 40, 130]
);
schedule!(
    a_fractional_factor,
    [factor = 1.5, max = 4, jitter = none],
    [0, 100, 250, 475]
);
schedule!(
    cap,
    [cap = 150ms, max = 4, jitter = none],
    [0, 100, 250, 400]
);
schedule!(
    delays_and_the_last_repeats,
    [delays = [5ms, 1s], max = 4],
    [0, 5, 1005, 2005]
);
schedule!(max_counts_runs, [max = 1], [0]);
schedule!(
    base_in_a_fraction,
    [base = 0.5s, max = 2, jitter = none],
    [0, 500]
);
schedule!(
    options_as_calls,
    [linear, max(2), base(1m30s), cap(2m), jitter(none)],
    [0, 90_000]
);
schedule!(
    within_is_checked_before_each_delay,
    [max = 99, within = 1s, jitter = none],
    // K06: 100 + 200 + 400 ms; the next 800 would pass 1 s, and is not slept.
    [0, 100, 300, 700]
);
schedule!(
    unlimited_within,
    [constant, max = unlimited, within = 350ms, jitter = none],
    [0, 100, 200, 300]
);
schedule!(
    a_delay_of_zero_is_no_delay,
    [delays = [0ms], max = 3],
    [0, 0, 0]
);

schedule!(
    the_strategy_at_any_place,
    [max = 4, constant, jitter = none],
    [0, 100, 200, 300]
);

const RUNS: u32 = 2;
mod config {
    use std::time::Duration;
    pub const BASE: Duration = Duration::from_millis(40);
    pub const FACTOR: f64 = 1.0;
}
schedule!(
    constants,
    [
        max = RUNS + 1,
        base = config::BASE,
        factor = config::FACTOR,
        jitter = none
    ],
    [0, 40, 80]
);
schedule!(
    const_expressions,
    [
        constant,
        max = const { RUNS * 2 },
        base = Duration::from_millis(7),
        jitter = none
    ],
    [0, 7, 14, 21]
);

trait Limits {
    const MAX: u32;
    const BASE: Duration;
}
struct Four;
impl Limits for Four {
    const MAX: u32 = 4;
    const BASE: Duration = ms(3);
}
#[retry(constant, max = T::MAX, base = T::BASE, jitter = none)]
async fn generic<T: Limits, const N: u32>(_: T, r: &Record) -> Result<(), Fault> {
    fails(r).await
}
#[retry(max = const { N })]
async fn const_generic<const N: u32>(r: &Record) -> Result<(), Fault> {
    fails(r).await
}

#[tokio::test(start_paused = true)]
async fn what_depends_on_a_generic() {
    let r = Record::new();
    assert!(generic::<Four, 1>(Four, &r).await.is_err());
    assert_eq!(r.times(), [0, 3, 6, 9]);
    let r = Record::new();
    assert!(const_generic::<2>(&r).await.is_err());
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn jitters_stay_in_their_spread() {
    #[retry(max = 2, base = 100ms, jitter = equal, budget = off)]
    async fn equal(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 100ms, jitter = 25%, budget = off)]
    async fn ratio(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 3, base = 100ms, jitter = decorrelated, cap = 250ms, budget = off)]
    async fn decorrelated(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, delays = [100ms], jitter, budget = off)]
    async fn bare_beside_delays(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let mut below = 0;
    for _ in 0..200 {
        let r = Record::new();
        let _ = equal(&r).await;
        assert!((50..=101).contains(&r.times()[1]), "{:?}", r.times());
        let r = Record::new();
        let _ = ratio(&r).await;
        assert!((75..=126).contains(&r.times()[1]), "{:?}", r.times());
        let r = Record::new();
        let _ = decorrelated(&r).await;
        let t = r.times();
        assert!(
            (100..=251).contains(&t[1]) && (100..=251).contains(&(t[2] - t[1])),
            "{t:?}"
        );
        let r = Record::new();
        let _ = bare_beside_delays(&r).await;
        below += u32::from(r.times()[1] < 90);
    }
    assert!(below > 50, "full jitter: {below} of 200 below 90 ms");
}

// Behind the macros that they use.
mod asked;
mod attempt;
mod below;
mod patterns;
mod refill;
mod stops;

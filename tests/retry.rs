//! LANGUAGE.md, section 3, rule by rule, on paused time: how often the body runs, after which
//! delays, and which error comes back.

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "tests read the paused clock themselves, and are no public crate"
)]

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

// Patterns.

#[retry(max = 5, base = 1ms, on(Fault::Network(_) | Fault::Http(s) if *s >= 500))]
async fn with_on(r: &Record, e: fn(u32) -> Fault) -> Result<(), Fault> {
    Err(e(r.attempt()))
}

#[retry(max = 5, base = 1ms, unless(Fault::Final | Fault::Http(400..=499)))]
async fn with_unless(r: &Record, e: fn(u32) -> Fault) -> Result<(), Fault> {
    Err(e(r.attempt()))
}

#[retry(max = 5, base = 1ms, on(Fault::Http(_)), unless(Fault::Http(404)))]
async fn with_both(r: &Record, e: fn(u32) -> Fault) -> Result<(), Fault> {
    Err(e(r.attempt()))
}

#[tokio::test(start_paused = true)]
async fn patterns_decide() {
    for (runs, e) in [
        (1, (|_| Fault::Final) as fn(u32) -> Fault),
        (5, |n| Fault::Network(n)),
        (5, |_| Fault::Http(503)),
        (1, |_| Fault::Http(404)),
    ] {
        let r = Record::new();
        assert!(with_on(&r, e).await.is_err());
        assert_eq!(r.count(), runs, "on: {:?}", e(0));
    }
    for (runs, e) in [
        (1, (|_| Fault::Final) as fn(u32) -> Fault),
        (1, |_| Fault::Http(404)),
        (5, |_| Fault::Http(503)),
        (5, |n| Fault::Network(n)),
    ] {
        let r = Record::new();
        assert!(with_unless(&r, e).await.is_err());
        assert_eq!(r.count(), runs, "unless: {:?}", e(0));
    }
    for (runs, e) in [
        (1, (|_| Fault::Http(404)) as fn(u32) -> Fault),
        (5, |_| Fault::Http(1)),
        (1, |_| Fault::Final),
    ] {
        let r = Record::new();
        assert!(with_both(&r, e).await.is_err());
        assert_eq!(r.count(), runs, "both: {:?}", e(0));
    }
}

#[tokio::test(start_paused = true)]
async fn constants_in_patterns_need_no_ampersand() {
    #[derive(PartialEq, Eq, Debug, Clone, Copy)]
    struct Code(u16);
    impl Code {
        const BUSY: Self = Self(503);
    }
    #[retry(max = 3, base = 1ms, on(Code::BUSY))]
    async fn status(r: &Record, c: Code) -> Result<(), Code> {
        r.attempt();
        Err(c)
    }
    #[retry(max = 3, base = 1ms, on(500..=599 | 429))]
    async fn number(r: &Record, c: u16) -> Result<(), u16> {
        r.attempt();
        Err(c)
    }
    #[retry(max = 3, base = 1ms, on(e if e.starts_with("tmp")))]
    async fn binding(r: &Record, e: &str) -> Result<(), String> {
        r.attempt();
        Err(e.to_owned())
    }
    for (c, runs) in [(503, 3), (500, 1)] {
        let r = Record::new();
        assert_eq!(status(&r, Code(c)).await, Err(Code(c)));
        assert_eq!(r.count(), runs);
    }
    for (c, runs) in [(503, 3), (429, 3), (404, 1)] {
        let r = Record::new();
        assert_eq!(number(&r, c).await, Err(c));
        assert_eq!(r.count(), runs);
    }
    for (e, runs) in [("tmp: x", 3), ("gone", 1)] {
        let r = Record::new();
        assert_eq!(binding(&r, e).await, Err(e.to_owned()));
        assert_eq!(r.count(), runs);
    }
}

#[tokio::test(start_paused = true)]
async fn on_ok_asks_for_another_try_and_is_returned_in_the_end() {
    #[retry(max = 3, base = 1ms, on_ok(None))]
    async fn poll(r: &Record, ready: u32) -> Result<Option<u32>, Fault> {
        let n = r.attempt();
        Ok((n >= ready).then_some(n))
    }
    assert_eq!(poll(&Record::new(), 2).await, Ok(Some(2)));
    assert_eq!(poll(&Record::new(), 9).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn retry_after_takes_the_place_of_the_delay() {
    #[retry(max = 2, cap = 2s, retry_after = |e| match e { Fault::Busy(d) => Some(*d), _ => None })]
    async fn f(r: &Record, e: Fault) -> Result<(), Fault> {
        r.attempt();
        Err(match e {
            Fault::Busy(d) => Fault::Busy(d),
            _ => Fault::Network(0),
        })
    }
    for _ in 0..50 {
        let r = Record::new();
        let _ = f(&r, Fault::Busy(ms(1_000))).await;
        // Never earlier, up to 10 % later.
        assert!((1_000..=1_101).contains(&r.times()[1]), "{:?}", r.times());
    }
    // Longer than the cap: no further attempt.
    let r = Record::new();
    let events = Events::of("retry_after_takes_the_place_of_the_delay::f");
    let _ = events;
    assert_eq!(
        f(&r, Fault::Busy(ms(2_001))).await,
        Err(Fault::Busy(ms(2_001)))
    );
    assert_eq!((r.count(), r.elapsed()), (1, 0));
    // No hint: the computed delay.
    let r = Record::new();
    let _ = f(&r, Fault::Final).await;
    assert!(r.times()[1] <= 101);
}

// Why it stops.

#[tokio::test(start_paused = true)]
async fn the_reason_is_in_the_event() {
    #[retry(max = 2, base = 100ms, jitter = none, within = 10s, cap = 1s,
            budget = (capacity = 50, cost = 5), unless(Fault::Final), retry_after = asked)]
    async fn reasons(r: &Record, e: fn(u32) -> Fault) -> Result<(), Fault> {
        Err(e(r.attempt()))
    }
    fn asked(e: &Fault) -> Option<Duration> {
        if let Fault::Busy(d) = e {
            Some(*d)
        } else {
            None
        }
    }
    let events = Events::of("retry::reasons");
    let net: fn(u32) -> Fault = Fault::Network;

    let _ = reasons(&Record::new(), net).await;
    assert_eq!(events.stop(), Some(StopReason::Exhausted));
    let _ = reasons(&Record::new(), |_| Fault::Final).await;
    assert_eq!(events.stop(), Some(StopReason::Final));
    let _ = reasons(&Record::new(), |_| Fault::Busy(ms(1_001))).await;
    assert_eq!(events.stop(), Some(StopReason::AskedLonger));
    let _ = Deadline::after(ms(50))
        .scope(reasons(&Record::new(), net))
        .await;
    assert_eq!(events.stop(), Some(StopReason::Deadline));
    // 50 tokens, 5 each: 1 taken above, 9 left.
    for _ in 0..9 {
        let _ = reasons(&Record::new(), net).await;
        assert_eq!(events.stop(), Some(StopReason::Exhausted));
    }
    let r = Record::new();
    assert_eq!(reasons(&r, net).await, Err(Fault::Network(1)));
    assert_eq!((events.stop(), r.count()), (Some(StopReason::Budget), 1));
    assert!(matches!(events.all()[0], Event::Retry { attempt: 1, delay, .. } if delay == ms(100)));
}

#[tokio::test(start_paused = true)]
async fn d20_it_never_sleeps_just_to_fail() {
    #[retry(constant, max = 9, base = 100ms, jitter = none)]
    async fn f(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[timeout(250ms)]
    async fn under_a_timeout(r: &Record) -> Result<(), Fault> {
        tokio::task::yield_now().await;
        f(r).await
    }
    let r = Record::new();
    // At 200 ms the next attempt could begin at 300: it stops at once, with the last real error.
    assert_eq!(under_a_timeout(&r).await, Err(Fault::Network(3)));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 100, 200], 200));

    // At the deadline counts as after it.
    let r = Record::new();
    assert_eq!(
        Deadline::after(ms(200)).scope(f(&r)).await,
        Err(Fault::Network(2))
    );
    assert_eq!(r.times(), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn within_does_not_show_in_the_deadline() {
    #[retry(within = 5s, max = 1)]
    async fn f() -> Result<Option<Deadline>, Fault> {
        Ok(Deadline::current())
    }
    assert_eq!(f().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn within_counts_the_time_of_the_attempts() {
    #[retry(constant, max = 9, base = 100ms, jitter = none, within = 1s)]
    async fn f(r: &Record) -> Result<(), Fault> {
        let n = r.attempt();
        tokio::time::sleep(ms(400)).await;
        Err(Fault::Network(n))
    }
    let r = Record::new();
    assert_eq!(f(&r).await, Err(Fault::Network(2)));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 500], 900));
}

// The budget.

#[tokio::test(start_paused = true)]
async fn twenty_tokens_allow_four_retries_and_five_clean_successes_buy_one_more() {
    #[retry(max = 2, base = 1ms, budget = (capacity = 20, cost = 5))]
    async fn f(r: &Record, fail: bool) -> Result<(), Fault> {
        r.attempt();
        if fail { Err(Fault::Final) } else { Ok(()) }
    }
    let r = Record::new();
    for _ in 0..8 {
        let _ = f(&r, true).await;
    }
    assert_eq!(r.count(), 8 + 4);
    for _ in 0..5 {
        f(&r, false).await.unwrap();
    }
    for _ in 0..3 {
        let _ = f(&r, true).await;
    }
    assert_eq!(r.count(), 12 + 5 + 3 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_success_after_retries_gives_the_last_cost_back() {
    #[retry(max = 3, base = 1ms, budget = (capacity = 10, cost = 5))]
    async fn f(r: &Record, succeed_at: u32) -> Result<(), Fault> {
        if r.attempt() < succeed_at {
            Err(Fault::Final)
        } else {
            Ok(())
        }
    }
    // Two retries take 10, the success gives 5 back: one retry is left, as often as asked.
    f(&Record::new(), 3).await.unwrap();
    for _ in 0..5 {
        f(&Record::new(), 2).await.unwrap();
    }
    let r = Record::new();
    assert_eq!(f(&r, 9).await, Err(Fault::Final));
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_named_budget_is_shared_and_off_is_off() {
    #[retry(max = 2, base = 1ms, budget = "shared")]
    async fn a(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 1ms, budget = "shared")]
    async fn b(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, base = 1ms, budget = off)]
    async fn off(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    for _ in 0..60 {
        let _ = a(&r).await;
        let _ = b(&r).await;
    }
    // 500 tokens at 5 each: 100 retries, whoever makes them.
    assert_eq!(r.count(), 120 + 100);
    let r = Record::new();
    for _ in 0..200 {
        let _ = off(&r).await;
    }
    assert_eq!(r.count(), 400);
}

#[tokio::test(start_paused = true)]
async fn in_a_generic_function_all_instances_share_one_budget() {
    #[retry(max = 2, base = 1ms, budget = (capacity = 10, cost = 5))]
    async fn f<T: Send + Sync>(r: &Record, _t: T) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    let _ = f(&r, 1_u8).await;
    let _ = f(&r, "x").await;
    let _ = f(&r, 1_u64).await;
    assert_eq!(r.count(), 3 + 2);
}

// What resil raises below.

#[tokio::test(start_paused = true)]
async fn a_timeout_below_is_transient_and_an_inner_one_bounds_each_attempt() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[timeout(1s)]
    async fn f(r: &Record, hang: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        if n <= hang {
            std::future::pending::<()>().await;
        }
        Ok(n)
    }
    let r = Record::new();
    assert_eq!(f(&r, 2).await, Ok(3));
    assert_eq!(r.times(), [0, 1_100, 2_200]);
    let r = Record::new();
    let e = f(&r, 9).await.unwrap_err();
    assert!(
        matches!(e, Fault::Resil(resil::Error::Timeout { limit, .. }) if limit == Duration::from_secs(1)),
        "{e:?}"
    );
    assert_eq!(r.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn patterns_see_what_resil_raised() {
    #[retry(max = 3, base = 1ms, on(Fault::Network(_)))]
    #[timeout(1s)]
    async fn only_network(r: &Record) -> Result<(), Fault> {
        r.attempt();
        std::future::pending().await
    }
    #[retry(max = 3, base = 1ms, unless(Fault::Resil(resil::Error::Timeout { .. })))]
    #[timeout(1s)]
    async fn no_timeouts(r: &Record) -> Result<(), Fault> {
        r.attempt();
        std::future::pending().await
    }
    for which in [true, false] {
        let r = Record::new();
        let out = if which {
            only_network(&r).await
        } else {
            no_timeouts(&r).await
        };
        assert!(matches!(
            out,
            Err(Fault::Resil(resil::Error::Timeout { .. }))
        ));
        assert_eq!(r.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_never_retried() {
    #[retry(max = 3, base = 1ms)]
    async fn f(r: Record) -> Result<(), Fault> {
        r.attempt();
        panic!("the body's own");
    }
    let r = Record::new();
    assert!(tokio::spawn(f(r.clone())).await.unwrap_err().is_panic());
    assert_eq!(r.count(), 1);
}

// A back-off of the user's own.

#[tokio::test(start_paused = true)]
async fn backoff_gives_the_delays() {
    struct Twice(u32, Vec<Option<Duration>>);
    impl resil::Backoff for Twice {
        fn delay(&mut self, retry: u32, previous: Option<Duration>) -> Option<Duration> {
            self.1.push(previous);
            assert_eq!(
                self.1.len(),
                retry as usize,
                "one per call, kept between its retries"
            );
            (retry <= self.0).then(|| previous.map_or(ms(10), |d| d * 3))
        }
    }
    #[retry(max = 9, backoff = Twice(allowed, Vec::new()), cap = 50ms)]
    async fn own(r: &Record, allowed: u32) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 3, backoff = |n| ms(u64::from(n) * u64::from(step)))]
    async fn closure(r: &Record, step: u32) -> Result<(), Fault> {
        fails(r).await
    }
    #[retry(max = 2, backoff = |_| ms(100), jitter = equal)]
    async fn jittered(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    let _ = own(&r, 3).await;
    // 10, 30, then 90 held to the cap of 50; the fourth is refused by the back-off.
    assert_eq!(r.times(), [0, 10, 40, 90]);
    let r = Record::new();
    let _ = closure(&r, 7).await;
    assert_eq!(r.times(), [0, 7, 21]);
    for _ in 0..20 {
        let r = Record::new();
        let _ = jittered(&r).await;
        assert!((50..=101).contains(&r.times()[1]), "{:?}", r.times());
    }
}

#[tokio::test(start_paused = true)]
async fn backoff_is_not_made_while_all_is_well() {
    #[retry(backoff = made(&count))]
    async fn f(count: std::rc::Rc<std::cell::Cell<u32>>, fail: bool) -> Result<(), Fault> {
        if fail { Err(Fault::Final) } else { Ok(()) }
    }
    fn made(count: &std::cell::Cell<u32>) -> impl Fn(u32) -> Duration + use<> {
        count.set(count.get() + 1);
        |_| ms(1)
    }
    let n = std::rc::Rc::default();
    f(std::rc::Rc::clone(&n), false).await.unwrap();
    assert_eq!(n.get(), 0);
    let _ = f(std::rc::Rc::clone(&n), true).await;
    assert_eq!(n.get(), 1);
}

// Nesting of retried functions.

#[retry(max = 2, base = 1ms, jitter = none)]
async fn inner(r: &Record) -> Result<(), Fault> {
    fails(r).await
}
#[retry(max = 2, base = 1ms, jitter = none, nested = outer)]
async fn leaves_it(r: &Record) -> Result<(), Fault> {
    fails(r).await
}
#[retry(max = 3, base = 1ms, jitter = none)]
async fn outer(r: &Record, leave: bool) -> Result<(), Fault> {
    tokio::task::yield_now().await;
    if leave {
        leaves_it(r).await
    } else {
        inner(r).await
    }
}

#[tokio::test(start_paused = true)]
async fn nested_retries_multiply_and_are_reported_or_leave_it_to_the_outer_one() {
    let events = Events::of("retry::inner");
    let r = Record::new();
    let _ = outer(&r, false).await;
    assert_eq!(r.count(), 6);
    assert!(
        events.all().iter().any(
            |e| matches!(e, Event::RetryNested { outer, .. } if outer.ends_with("retry::outer"))
        )
    );
    let r = Record::new();
    let _ = outer(&r, true).await;
    assert_eq!(r.count(), 3);
    let r = Record::new();
    let _ = leaves_it(&r).await;
    assert_eq!(r.count(), 2, "not nested: it retries itself");
}

// The body and its arguments.

#[tokio::test(start_paused = true)]
async fn clones_are_fresh_and_arguments_are_never_cloned_otherwise() {
    struct NoClone(u32);
    #[retry(max = 3, base = 1ms, clone(list))]
    async fn f(r: &Record, n: NoClone, mut list: Vec<u32>) -> Result<usize, Fault> {
        list.push(n.0);
        let len = list.len();
        drop(list);
        if r.attempt() < 3 {
            Err(Fault::Final)
        } else {
            Ok(len)
        }
    }
    assert_eq!(f(&Record::new(), NoClone(1), vec![0]).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_call_ends_it() {
    #[retry(constant, max = 9, base = 100ms, jitter = none)]
    async fn f(r: &Record) -> Result<(), Fault> {
        fails(r).await
    }
    let r = Record::new();
    assert!(tokio::time::timeout(ms(250), f(&r)).await.is_err());
    tokio::time::sleep(ms(10_000)).await;
    assert_eq!(r.times(), [0, 100, 200]);
}

#[tokio::test(start_paused = true)]
async fn two_calls_of_one_function_do_not_share_attempts() {
    // K08: attempt counts are per call.
    for _ in 0..2 {
        let r = Record::new();
        let _ = defaults(&r).await;
        assert_eq!(r.count(), 3);
    }
}

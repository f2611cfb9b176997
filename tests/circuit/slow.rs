//! LANGUAGE.md, section 5: slow calls, and a policy to start from. On paused time.

use std::time::Duration;

use crate::support::{Fault, Record, ms};
use resil::{
    BudgetPolicy, CircuitPolicy, CircuitState, Jitter, RetryPolicy, Strategy, Window, breaker,
    circuit, registry, retry, timeout,
};
use tokio::time::{advance, sleep};

/// `.` success, `F` an error of the body, `T` a timeout, `X` refused by the circuit.
fn letter(out: &Result<u32, Fault>) -> char {
    match out {
        Ok(_) => '.',
        Err(Fault::Resil(resil::Error::CircuitOpen { .. })) => 'X',
        Err(Fault::Resil(resil::Error::Timeout { .. })) => 'T',
        Err(_) => 'F',
    }
}

/// Calls that take so many ms and succeed, or fail where the number is below zero.
macro_rules! play {
    ($f:ident, $($ms:expr),+) => {{
        let mut seen = String::new();
        for ms in [$($ms),+] {
            seen.push(letter(&$f(ms).await));
        }
        seen
    }};
}

async fn act(t: i64) -> Result<u32, Fault> {
    sleep(ms(t.unsigned_abs())).await;
    if t < 0 { Err(Fault::Network(1)) } else { Ok(1) }
}

async fn pass(open_for: u64) {
    advance(ms(open_for + open_for / 5)).await;
}

fn state(name: &str) -> CircuitState {
    breaker(name).state()
}

#[tokio::test(start_paused = true)]
async fn a_call_at_least_that_long_is_slow_and_all_of_the_window_must_be_by_default() {
    #[circuit(name = "slow-all", slow = 2s, window = 3)]
    async fn all(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    // One of these three is a millisecond short of it.
    assert_eq!(play!(all, 2_000, 1_999, 2_000), "...");
    assert_eq!(breaker("slow-all").counts().slow, 2);
    assert_eq!(state("slow-all"), CircuitState::Closed);
    assert_eq!(play!(all, 5_000, 2_000, 0), "..X");
    assert_eq!(state("slow-all"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn whatever_its_outcome_it_is_slow() {
    #[circuit(name = "slow-mixed", slow = 1s, slow_rate = 50%, window = 4)]
    async fn mixed(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(play!(mixed, -1_000, 1, 1_000, -1, 1), "F..FX");
}

#[tokio::test(start_paused = true)]
async fn a_slow_ratio_is_over_the_same_window_and_min_calls_as_the_failures() {
    #[circuit(
        name = "slow-both",
        slow = 1s,
        slow_rate = 60%,
        failure_rate = 60%,
        window = 100,
        min_calls = 5
    )]
    async fn both(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    // Two of four failed, two of four were slow: not yet so many calls, and neither reaches 60 %.
    assert_eq!(play!(both, -1, -1, 1_000, 1_000), "FF..");
    assert_eq!(play!(both, 1_000, 1), ".X");
    breaker("slow-both").reset();
    assert_eq!(play!(both, 1_000, 1_000, -1, -1, -1, 1), "..FFFX");
}

#[tokio::test(start_paused = true)]
async fn the_success_that_fills_the_window_may_trip_it_by_slow_calls() {
    #[circuit(slow = 1s, slow_rate = 50%, window = 4)]
    async fn filled(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(play!(filled, 1_000, 1_000, 1, 1, 1), "....X");
}

#[tokio::test(start_paused = true)]
async fn f02_f03_slow_calls_leave_a_counted_window() {
    #[circuit(name = "slow-f02", slow = 1s, slow_rate = 100%, failure_rate = 100%, window = 5)]
    async fn five(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    let seen = |at: &str| {
        let c = breaker("slow-f02").counts();
        (at.to_owned(), c.calls, c.slow, c.failures)
    };
    assert_eq!(play!(five, 10_000, -10_000, 100, 100, 100), ".F...");
    assert_eq!(seen("full"), ("full".to_owned(), 5, 2, 1));
    assert_eq!(play!(five, 1), ".");
    assert_eq!(seen("one left"), ("one left".to_owned(), 5, 1, 1));
    assert_eq!(play!(five, 1, 1), "..");
    assert_eq!(seen("clean"), ("clean".to_owned(), 5, 0, 0));
    // Quiet again: and a slow success is written all the same.
    assert_eq!(play!(five, 1_000), ".");
    assert_eq!(seen("slow"), ("slow".to_owned(), 5, 1, 0));
    // From there on the quick ones are, too, until it has left.
    assert_eq!(play!(five, 1, 1, 1, 1, 1), ".....");
    assert_eq!(seen("left"), ("left".to_owned(), 5, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn slow_calls_leave_a_window_of_time() {
    #[circuit(name = "slow-time", slow = 1s, slow_rate = 50%, window = 10s, min_calls = 4)]
    async fn ten_seconds(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(play!(ten_seconds, 1_000, 1_000, 1_000), "...");
    advance(ms(10_000)).await;
    assert_eq!(play!(ten_seconds, 0, 0, 0, 0), "....");
    assert_eq!(breaker("slow-time").counts().slow, 0);
    assert_eq!(play!(ten_seconds, 1_000, 1_000, 1_000, 1_000, 0), "....X");
}

#[tokio::test(start_paused = true)]
async fn with_slow_five_failures_in_a_row_are_no_rule_of_their_own() {
    #[circuit(slow = 1s)]
    async fn only_slow(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    #[circuit(slow = 1s, failures = 3)]
    async fn and_in_a_row(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(play!(only_slow, -1, -1, -1, -1, -1, -1), "FFFFFF");
    assert_eq!(play!(and_in_a_row, -1, -1, -1, -1), "FFFX");
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_that_a_timeout_of_the_same_stack_cut_is_slow_and_failed() {
    // Above: it drops the call. Below: the call ends with its error.
    #[timeout(3s)]
    #[circuit(name = "slow-cut", slow = 2s, window = 10)]
    async fn above(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    #[circuit(name = "slow-cut-below", slow = 2s, window = 10)]
    #[timeout(3s)]
    async fn below(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(play!(above, 10_000, 1), "T.");
    assert_eq!(play!(below, 10_000, 1), "T.");
    for name in ["slow-cut", "slow-cut-below"] {
        let c = breaker(name).counts();
        assert_eq!((c.calls, c.slow, c.failures), (2, 1, 1), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_that_its_caller_drops_is_none() {
    #[circuit(name = "slow-dropped", slow = 1s, window = 1)]
    async fn dropped(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    let out = tokio::time::timeout(ms(5_000), dropped(60_000)).await;
    assert!(out.is_err());
    assert_eq!(breaker("slow-dropped").counts().calls, 0);
    assert_eq!(state("slow-dropped"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn half_open_a_slow_success_is_a_success() {
    #[circuit(name = "slow-probe", slow = 1s, window = 2, open_for = 10s, probes = 2)]
    async fn probed(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(play!(probed, 1_000, 1_000, 1), "..X");
    pass(10_000).await;
    assert_eq!(play!(probed, 1_000, 1_000), "..");
    assert_eq!(state("slow-probe"), CircuitState::Closed);
    // And counts for nothing in the window that begins.
    assert_eq!(breaker("slow-probe").counts().slow, 0);
    assert_eq!(play!(probed, 1_000, 1_000, 1), "..X");
}

#[tokio::test(start_paused = true)]
async fn a_name_alone_times_its_calls_once_another_one_says_so() {
    #[circuit(name = "slow-adopted")]
    async fn bare(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    #[circuit(name = "slow-adopted", slow = 1s, window = 2)]
    async fn with(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(play!(bare, 1_000, 1_000, 1_000), "...");
    assert_eq!(play!(with, 1), ".");
    assert_eq!(play!(bare, 1_000, 1_000, 1), "..X");
}

#[tokio::test(start_paused = true)]
async fn constants_say_what_is_slow() {
    const SLOW: Duration = Duration::from_micros(250);
    const RATE: f64 = 0.5;
    #[circuit(name = "slow-const", slow = SLOW, slow_rate = RATE, window = 2)]
    async fn constant(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(play!(constant, 0, 1, 1), "..X");
}

// A policy to start from.

const BASE: CircuitPolicy = CircuitPolicy::new()
    .failure_rate(1.0)
    .window(Window::Calls(4))
    .open_for(Duration::from_secs(7))
    .probes(2);

#[tokio::test(start_paused = true)]
async fn a_circuit_starts_from_a_policy_and_what_stands_beside_it_overrides() {
    #[circuit(name = "policy-as-is", policy = BASE)]
    async fn as_is(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    #[circuit(name = "policy-other", policy = BASE, window = 2, probes = 1)]
    async fn other(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(play!(as_is, -1, -1, -1, -1, 1), "FFFFX");
    assert_eq!(play!(other, -1, -1, 1), "FFX");
    advance(ms(6_990)).await;
    assert_eq!(play!(other, 1), "X");
    advance(ms(1_410)).await;
    assert_eq!((play!(as_is, 1), play!(other, 1)), (".".into(), ".".into()));
    assert_eq!(state("policy-as-is"), CircuitState::HalfOpen);
    assert_eq!(state("policy-other"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_any_const_expression() {
    struct Limits;
    impl Limits {
        const POLICY: CircuitPolicy = CircuitPolicy::new().failures(1);

        #[circuit(name = "policy-self", policy = Self::POLICY)]
        async fn own(&self, t: i64) -> Result<u32, Fault> {
            act(t).await
        }
    }
    #[circuit(name = "policy-inline", policy = CircuitPolicy::new().failures(9), failures = 2)]
    async fn inline(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!(letter(&Limits.own(-1).await), 'F');
    assert_eq!(letter(&Limits.own(1).await), 'X');
    assert_eq!(play!(inline, -1, -1, 1), "FFX");
}

#[tokio::test(start_paused = true)]
async fn the_same_policy_by_name_and_written_out_is_no_conflict() {
    #[circuit(name = "policy-same", policy = BASE)]
    async fn one(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    #[circuit(
        name = "policy-same",
        failure_rate = 100%,
        window = 4,
        open_for = 7s,
        probes = 2
    )]
    async fn two(t: i64) -> Result<u32, Fault> {
        act(t).await
    }
    assert_eq!((play!(one, 1), play!(two, 1)), (".".into(), ".".into()));
    let conflicts = registry().conflicts();
    assert!(conflicts.iter().all(|c| c.name != "policy-same"));
}

#[tokio::test(start_paused = true)]
async fn a_retry_starts_from_a_policy_and_what_stands_beside_it_overrides() {
    const STEADY: RetryPolicy = RetryPolicy::new()
        .strategy(Strategy::Linear)
        .max(4)
        .base(Duration::from_millis(100))
        .jitter(Jitter::None);
    #[retry(policy = STEADY)]
    async fn as_is(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[retry(exponential, policy = STEADY, max = 3, base = 200ms)]
    async fn other(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let r = Record::new();
    assert!(as_is(&r).await.is_err());
    assert_eq!(r.times(), [0, 100, 300, 600]);
    let r = Record::new();
    assert!(other(&r).await.is_err());
    assert_eq!(r.times(), [0, 200, 600]);
}

#[tokio::test(start_paused = true)]
async fn a_named_budget_beside_a_policy_is_one_whatever_the_policy_says() {
    const FREE: RetryPolicy = RetryPolicy::new()
        .max(200)
        .strategy(Strategy::Constant)
        .base(Duration::from_millis(1))
        .no_budget();
    const TIGHT: RetryPolicy = FREE.budget(BudgetPolicy::new(20, 10));
    #[retry(policy = FREE)]
    async fn unbound(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[retry(policy = FREE, budget = "policy-budget")]
    async fn bound(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[retry(policy = TIGHT, budget = "policy-tight")]
    async fn tight(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let r = Record::new();
    assert!(unbound(&r).await.is_err());
    assert_eq!(r.count(), 200);
    let r = Record::new();
    assert!(bound(&r).await.is_err());
    assert_eq!(r.count(), 101, "500 tokens at 5 each");
    let r = Record::new();
    assert!(tight(&r).await.is_err());
    assert_eq!(r.count(), 3, "20 tokens at 10 each");
}

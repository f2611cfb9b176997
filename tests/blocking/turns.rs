//! `#[rate_limit]`: turns, for which threads sleep.

use std::thread;

use super::*;

/// The time that a refusal names; `None` if it says that the call can never be let in.
fn refused(out: &Result<u32, Fault>) -> Option<Duration> {
    match out {
        Err(Fault::Resil(Error::RateLimited { retry_after, .. })) => *retry_after,
        other => panic!("{other:?}"),
    }
}

fn is_refused(out: &Result<u32, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::RateLimited { .. })))
}

/// Asserts that `call` takes at least so long.
fn takes<T>(at_least: Duration, call: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let out = call();
    let took = began.elapsed();
    assert!(took >= at_least, "{took:?}");
    out
}

#[test]
fn so_many_are_let_in_and_the_rest_is_refused_at_once() {
    #[rate_limit(name = "blocking-turns", max = 2, per = 1h)]
    fn call(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let flaky = Flaky::new(1);
    assert_eq!(call(&flaky), Err(Fault::Network(1)));
    assert_eq!(call(&flaky), Ok(2));
    let out = call(&flaky);
    let after = refused(&out).unwrap();
    assert!(after > ms(1_790_000) && after <= ms(1_800_000), "{after:?}");
    assert_eq!(flaky.count(), 2, "the body did not run");
}

#[test]
fn what_is_too_early_sleeps_until_its_turn() {
    #[rate_limit(max = 1, per = 20ms, wait = 1s)]
    fn call(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let flaky = Flaky::new(0);
    let began = Instant::now();
    for n in 1..=4 {
        assert_eq!(call(&flaky), Ok(n));
        // Each at its turn or later, and never sooner.
        assert!(began.elapsed() >= ms(20) * (n - 1), "{n}");
    }
}

#[test]
fn threads_that_come_together_have_a_turn_each() {
    #[rate_limit(max = 1, per = 30ms, wait = 5s)]
    fn call(began: Instant) -> Result<Duration, Fault> {
        Ok(began.elapsed())
    }
    let began = Instant::now();
    let calls: Vec<_> = (0..4).map(|_| thread::spawn(move || call(began))).collect();
    let mut at: Vec<_> = calls
        .into_iter()
        .map(|call| call.join().unwrap().unwrap())
        .collect();
    at.sort();
    for (turn, at) in (0..).zip(at) {
        assert!(at >= ms(30) * turn, "turn {turn}: {at:?}");
    }
}

#[test]
fn a_turn_that_comes_too_late_is_refused_at_once_and_takes_nothing() {
    #[rate_limit(name = "blocking-late", max = 1, per = 1h, wait = 1s)]
    fn call() -> Result<u32, Fault> {
        Ok(1)
    }
    #[rate_limit(max = 1, per = 40ms, wait = 1h)]
    fn patient() -> Result<u32, Fault> {
        Ok(1)
    }
    assert_eq!(call(), Ok(1));
    let began = Instant::now();
    let (one, two) = (refused(&call()).unwrap(), refused(&call()).unwrap());
    assert!(began.elapsed() < ms(900), "it does not wait");
    assert!(two <= one, "the first one has taken nothing");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    assert_eq!(patient(), Ok(1));
    let late = runtime.block_on(Deadline::after(ms(5)).scope(async { patient() }));
    assert!(is_refused(&late), "its turn comes after the deadline");
    let in_time = Deadline::after(Duration::from_secs(60)).scope(async { patient() });
    assert_eq!(runtime.block_on(in_time), Ok(1));
}

#[test]
fn a_call_weighs_what_its_cost_says() {
    #[rate_limit(max = 10, per = 1h, cost = weight)]
    fn call(weight: u32) -> Result<u32, Fault> {
        Ok(weight)
    }
    assert_eq!(refused(&call(11)), None, "never possible");
    assert_eq!(call(7), Ok(7));
    assert!(refused(&call(4)).is_some());
    assert_eq!(call(3), Ok(3));
    assert_eq!(call(0), Ok(0));
    assert!(is_refused(&call(1)));
}

#[test]
fn each_key_has_turns_of_its_own() {
    #[rate_limit(key = tenant, max = 1, per = 1h)]
    fn call(tenant: u32) -> Result<u32, Fault> {
        Ok(tenant)
    }
    assert_eq!(call(1), Ok(1));
    assert!(is_refused(&call(1)));
    assert_eq!(call(2), Ok(2));
}

#[tokio::test]
async fn a_name_that_a_function_and_an_async_one_share_is_one_rate_limit() {
    #[rate_limit(name = "blocking-shared-turns", max = 2, per = 1h)]
    fn plain() -> Result<u32, Fault> {
        Ok(1)
    }
    #[rate_limit(name = "blocking-shared-turns")]
    async fn awaited() -> Result<u32, Fault> {
        Ok(2)
    }
    assert_eq!(plain(), Ok(1));
    assert_eq!(awaited().await, Ok(2));
    assert!(is_refused(&plain()));
    assert!(is_refused(&awaited().await));
}

#[test]
fn around_a_retry_one_turn_is_for_all_attempts_and_below_one_for_each() {
    #[rate_limit(max = 1, per = 1h)]
    #[retry(max = 3, delays = [0s])]
    fn around(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[retry(max = 3, delays = [0s])]
    #[rate_limit(max = 1, per = 30ms)]
    fn below(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    assert_eq!(around(&Flaky::new(2)), Ok(3));
    assert!(is_refused(&around(&Flaky::new(0))));
    // The second attempt is too early, and the third comes when its turn is due.
    let flaky = Flaky::new(1);
    assert_eq!(takes(ms(30), || below(&flaky)), Ok(2));
}

#[test]
fn with_a_circuit_in_both_orders() {
    #[circuit(name = "blocking-over-turns", failures = 1)]
    #[rate_limit(max = 1, per = 1h)]
    fn below(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[rate_limit(max = 2, per = 1h)]
    #[circuit(name = "blocking-under-turns", failures = 1)]
    fn around(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let is_open = |out| matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. })));
    assert_eq!(below(&Flaky::new(0)), Ok(1));
    for _ in 0..2 {
        assert!(
            is_refused(&below(&Flaky::new(0))),
            "neutral for the circuit"
        );
    }
    assert_eq!(around(&Flaky::new(1)), Err(Fault::Network(1)));
    assert!(is_open(around(&Flaky::new(0))), "and it has taken a turn");
    assert!(is_refused(&around(&Flaky::new(0))));
}

#[test]
fn with_a_fallback_in_both_orders() {
    #[fallback(0)]
    #[rate_limit(max = 1, per = 1h)]
    fn below(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[rate_limit(max = 1, per = 1h)]
    #[fallback(0)]
    fn around(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let flaky = Flaky::new(0);
    assert_eq!(below(&flaky), Ok(1));
    assert_eq!(below(&flaky), Ok(0), "it answers the refusal");
    assert_eq!(around(&Flaky::new(1)), Ok(0));
    assert!(is_refused(&around(&Flaky::new(0))));
}

//! `#[circuit]`: the same breakers.

use resil::CircuitState;

use super::*;

#[test]
fn a_breaker_opens_and_refuses() {
    #[circuit(name = "blocking", failures = 2)]
    fn guarded(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let flaky = Flaky::new(9);
    for _ in 0..2 {
        assert!(matches!(guarded(&flaky), Err(Fault::Network(_))));
    }
    let refused = guarded(&flaky);
    assert!(matches!(
        refused,
        Err(Fault::Resil(Error::CircuitOpen {
            name: "blocking",
            ..
        }))
    ));
    assert_eq!(flaky.count(), 2);
}

#[tokio::test]
async fn a_name_that_a_function_and_an_async_one_share_is_one_breaker() {
    #[circuit(name = "blocking-shared", failures = 2)]
    fn plain(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[circuit(name = "blocking-shared")]
    async fn awaited(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let flaky = Flaky::new(9);
    assert!(plain(&flaky).is_err());
    assert!(awaited(&flaky).await.is_err());
    assert!(matches!(plain(&flaky), Err(Fault::Resil(_))));
    assert!(matches!(awaited(&flaky).await, Err(Fault::Resil(_))));
    assert_eq!(flaky.count(), 2);
}

#[test]
fn a_call_under_its_own_permit_is_never_refused_and_counted_once() {
    #[circuit(name = "blocking-inside-itself", failures = 1)]
    fn recursive(flaky: &Flaky, depth: u32) -> Result<u32, Fault> {
        if depth > 0 {
            recursive(flaky, depth - 1)
        } else {
            flaky.ask()
        }
    }
    assert_eq!(recursive(&Flaky::new(1), 3), Err(Fault::Network(1)));
    assert_eq!(
        breaker("blocking-inside-itself").state(),
        CircuitState::Open
    );
    // The permit was left behind.
    assert!(matches!(recursive(&Flaky::new(0), 0), Err(Fault::Resil(_))));
}

#[test]
fn a_panic_is_a_failure() {
    #[circuit(name = "blocking-panics", failures = 1)]
    fn panics(fails: bool) -> Result<u32, Fault> {
        assert!(!fails, "the body's own");
        Ok(1)
    }
    let caught = std::panic::catch_unwind(|| panics(true));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the body's own"));
    assert!(matches!(panics(false), Err(Fault::Resil(_))));
}

#[test]
fn the_waits_of_a_retry_below_are_left_out_and_keys_and_patterns_work() {
    #[circuit(name = "blocking-slow", slow = 15ms, slow_rate = 100%, window = 2, min_calls = 2)]
    #[retry(max = 3, constant, base = 10ms, jitter = none)]
    fn slow(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[circuit(key = host, failures = 1, on(Fault::Network(_)), on_ok(3))]
    fn keyed(host: &str, flaky: &Flaky) -> Result<u32, Fault> {
        let _ = host;
        flaky.ask()
    }
    for _ in 0..3 {
        assert_eq!(slow(&Flaky::new(2)), Ok(3));
    }
    let flaky = Flaky::new(1);
    assert!(keyed("a", &flaky).is_err());
    assert!(matches!(keyed("a", &flaky), Err(Fault::Resil(_))));
    assert_eq!(keyed("b", &flaky), Ok(2));
    assert_eq!(keyed("b", &flaky), Ok(3));
    assert!(matches!(keyed("b", &flaky), Err(Fault::Resil(_))));
}

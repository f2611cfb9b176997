//! `#[idempotent]`: keys in memory, and waiters that block their threads.

use std::sync::Arc;
use std::thread;

use resil::idempotency::IdempotencyError;

use super::*;

fn refusal<T: std::fmt::Debug>(out: Result<T, Fault>) -> IdempotencyError {
    match out {
        Err(Fault::Resil(Error::Idempotency(e))) => e,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_result_is_replayed_and_an_error_frees_the_key() {
    #[idempotent(key = id)]
    #[retry(max = 2, delays = [0s])]
    fn charge(id: u32, flaky: &Flaky) -> Result<u32, Fault> {
        let _ = id;
        flaky.ask()
    }
    let flaky = Flaky::new(3);
    assert_eq!(charge(1, &flaky), Err(Fault::Network(2)));
    assert_eq!(charge(1, &flaky), Ok(4));
    assert_eq!(charge(1, &flaky), Ok(4));
    assert_eq!(charge(2, &flaky), Ok(5));
}

#[test]
fn one_of_many_threads_runs_and_the_others_get_its_result() {
    #[idempotent(key = id)]
    fn slow(id: u32, flaky: &Flaky) -> Result<u32, Fault> {
        let _ = id;
        thread::sleep(ms(30));
        flaky.ask()
    }
    let flaky = Arc::new(Flaky::new(0));
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let flaky = Arc::clone(&flaky);
            thread::spawn(move || slow(1, &flaky))
        })
        .collect();
    for call in calls {
        assert_eq!(call.join().unwrap(), Ok(1));
    }
    assert_eq!(flaky.count(), 1);
}

#[test]
fn after_an_error_the_next_waiter_runs() {
    #[idempotent(key = id)]
    fn fails_once(id: u32, flaky: &Flaky) -> Result<u32, Fault> {
        let _ = id;
        thread::sleep(ms(20));
        flaky.ask()
    }
    let flaky = Arc::new(Flaky::new(1));
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let flaky = Arc::clone(&flaky);
            thread::spawn(move || fails_once(1, &flaky))
        })
        .collect();
    let outs: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
    assert_eq!(
        outs.iter().filter(|out| **out == Ok(2)).count(),
        3,
        "{outs:?}"
    );
    assert_eq!(flaky.count(), 2);
}

#[test]
fn conflict_reject_a_deadline_and_re_entrance_are_refused() {
    #[idempotent(key = id, conflict = reject, lease = 5s)]
    fn rejects(id: u32, release: Option<&std::sync::Barrier>) -> Result<u32, Fault> {
        if let Some(release) = release {
            release.wait();
            release.wait();
        }
        Ok(id)
    }
    #[idempotent(key = id)]
    fn reenters(id: u32) -> Result<u32, Fault> {
        reenters(id)
    }
    let barrier = Arc::new(std::sync::Barrier::new(2));
    let owner = thread::spawn({
        let barrier = Arc::clone(&barrier);
        move || rejects(7, Some(&barrier))
    });
    barrier.wait();
    let refused = refusal(rejects(7, None));
    // No longer than the lease, though the owner's claim holds until it ends.
    let left = |e: &IdempotencyError| match e {
        IdempotencyError::InProgress { retry_in, .. } => *retry_in,
        _ => None,
    };
    assert!(
        left(&refused).is_some_and(|left| left <= Duration::from_secs(5)),
        "{refused:?}"
    );
    barrier.wait();
    assert_eq!(owner.join().unwrap(), Ok(7));
    assert!(matches!(
        refusal(reenters(1)),
        IdempotencyError::Reentrant { .. }
    ));
}

#[test]
fn a_waiter_waits_to_its_deadline() {
    #[idempotent(key = id)]
    fn waited_for(id: u32, start: &std::sync::Barrier) -> Result<u32, Fault> {
        start.wait();
        thread::sleep(ms(300));
        Ok(id)
    }
    let start = Arc::new(std::sync::Barrier::new(2));
    let owner = thread::spawn({
        let start = Arc::clone(&start);
        move || waited_for(9, &start)
    });
    start.wait();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let begun = Instant::now();
    let call = Deadline::after(ms(30)).scope(async { waited_for(9, &start) });
    let refused = refusal(runtime.block_on(call));
    assert!(
        matches!(refused, IdempotencyError::InProgress { .. }),
        "{refused:?}"
    );
    assert!(begun.elapsed() >= ms(30) && begun.elapsed() < ms(250));
    assert_eq!(owner.join().unwrap(), Ok(9));
}

#[test]
fn a_panic_abandons_the_claim_and_options_mean_the_same() {
    #[idempotent(key = id)]
    fn panics(id: u32, first: bool) -> Result<u32, Fault> {
        assert!(!first, "the body's own");
        Ok(id)
    }
    #[idempotent(key = id, on_abandon = indeterminate)]
    fn at_most_once(id: u32) -> Result<u32, Fault> {
        assert!(id == 0, "the body's own");
        Ok(id)
    }
    assert!(std::panic::catch_unwind(|| panics(1, true)).is_err());
    assert_eq!(panics(1, false), Ok(1));
    assert!(std::panic::catch_unwind(|| at_most_once(1)).is_err());
    assert!(matches!(
        refusal(at_most_once(1)),
        IdempotencyError::Indeterminate { .. }
    ));
}

#[test]
fn a_fallback_that_panics_abandons_the_claim() {
    #[idempotent(key = id, on_abandon = indeterminate)]
    #[fallback(backup(panics))]
    #[circuit(name = "blocking-under-a-fallback")]
    fn charge(id: u32, panics: bool) -> Result<u32, Fault> {
        let _ = panics;
        Ok(id)
    }
    fn backup(panics: bool) -> u32 {
        assert!(!panics, "the fallback's own");
        0
    }
    breaker("blocking-under-a-fallback").force_open();
    assert!(std::panic::catch_unwind(|| charge(1, true)).is_err());
    assert_eq!(charge(2, false), Ok(0));
    breaker("blocking-under-a-fallback").reset();
    assert!(matches!(
        refusal(charge(1, false)),
        IdempotencyError::Indeterminate { .. }
    ));
    assert_eq!(charge(2, false), Ok(0));
}

#[test]
fn stored_errors_and_forgotten_values() {
    #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
    enum Weighed {
        Declined,
        Down,
        Refused(String),
    }
    impl From<Error> for Weighed {
        fn from(error: Error) -> Self {
            Self::Refused(error.to_string())
        }
    }
    #[idempotent(key = id, forget_ok(0), errors = store(Weighed::Declined))]
    fn weighed(id: u32, give: Result<u32, Weighed>) -> Result<u32, Weighed> {
        let _ = id;
        give
    }
    for forgotten in [Ok(0), Err(Weighed::Down)] {
        assert_eq!(weighed(1, forgotten.clone()), forgotten);
    }
    assert_eq!(weighed(1, Err(Weighed::Declined)), Err(Weighed::Declined));
    assert_eq!(weighed(1, Ok(7)), Err(Weighed::Declined));
}

#[tokio::test]
async fn async_and_blocking_functions_share_keys_by_name() {
    #[idempotent(key = id, name = "blocking-shared-keys")]
    fn plain(id: u32, flaky: &Flaky) -> Result<u32, Fault> {
        let _ = id;
        thread::sleep(ms(30));
        flaky.ask()
    }
    #[idempotent(key = id, name = "blocking-shared-keys")]
    async fn awaited(id: u32, flaky: &Flaky) -> Result<u32, Fault> {
        let _ = id;
        flaky.ask()
    }
    let flaky = Arc::new(Flaky::new(0));
    let blocking = tokio::task::spawn_blocking({
        let flaky = Arc::clone(&flaky);
        move || plain(1, &flaky)
    });
    tokio::time::sleep(ms(10)).await;
    assert_eq!(awaited(1, &flaky).await, Ok(1));
    assert_eq!(blocking.await.unwrap(), Ok(1));
    assert_eq!(awaited(2, &flaky).await, Ok(2));
    let replayed = tokio::task::spawn_blocking(move || plain(2, &flaky));
    assert_eq!(replayed.await.unwrap(), Ok(2));
}

#[test]
fn above_and_below_a_circuit() {
    #[idempotent(key = id)]
    #[circuit(name = "blocking-under-a-claim", failures = 1)]
    fn above(id: u32, flaky: &Flaky) -> Result<u32, Fault> {
        let _ = id;
        flaky.ask()
    }
    #[circuit(name = "blocking-over-a-claim", failures = 1)]
    #[idempotent(key = id)]
    fn below(id: u32, flaky: &Flaky) -> Result<u32, Fault> {
        let _ = id;
        flaky.ask()
    }
    let flaky = Flaky::new(1);
    assert_eq!(above(1, &flaky), Err(Fault::Network(1)));
    // The refusal releases the claim.
    assert!(matches!(
        above(1, &flaky),
        Err(Fault::Resil(Error::CircuitOpen { .. }))
    ));
    breaker("blocking-under-a-claim").reset();
    assert_eq!(above(1, &flaky), Ok(2));
    assert_eq!(below(1, &Flaky::new(0)), Ok(1));
    assert_eq!(below(1, &Flaky::new(9)), Ok(1), "a replay is neutral");
    assert!(below(2, &Flaky::new(9)).is_err());
    assert!(matches!(
        below(1, &Flaky::new(0)),
        Err(Fault::Resil(Error::CircuitOpen { .. }))
    ));
}

//! Under a paused clock: a thread that is blocked can't let it jump, so waits end by the system's clock.

use std::future::Future;
use std::sync::mpsc;

use super::*;

/// Runs `test` on a paused clock of its own, and panics if it does not end in time.
fn paused<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let (ended, end) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(test());
        ended.send(()).unwrap();
    });
    if let Err(mpsc::RecvTimeoutError::Timeout) = end.recv_timeout(Duration::from_secs(10)) {
        panic!("it waits for ever");
    }
    thread.join().unwrap();
}

fn is_full<T>(out: &Result<T, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::BulkheadFull { .. })))
}

/// Asserts that `call` blocks the thread for at least `wait`, and not for much longer.
fn takes<T>(wait: Duration, call: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let out = call();
    let took = began.elapsed();
    assert!(took >= wait && took < wait + ms(2_000), "{took:?}");
    out
}

#[test]
fn a_call_leaves_the_queue_when_its_wait_is_over() {
    #[bulkhead(max = 1, queue = 1, wait = 20ms)]
    fn inside_itself(depth: u32) -> Result<u32, Fault> {
        if depth > 0 {
            takes(ms(20), || inside_itself(depth - 1))
        } else {
            Ok(0)
        }
    }
    paused(async || {
        let clock = tokio::time::Instant::now();
        assert!(is_full(&inside_itself(1)));
        assert_eq!(inside_itself(0), Ok(0), "the place has come back");
        assert_eq!(clock.elapsed(), Duration::ZERO);
    });
}

#[test]
fn and_at_the_deadline_in_force() {
    #[bulkhead(name = "blocking-paused-deadline", max = 1, queue = 1)]
    fn waits() -> Result<u32, Fault> {
        Ok(0)
    }
    paused(async || {
        assert_eq!(waits(), Ok(0));
        let inside = resil::bulkhead("blocking-paused-deadline").try_acquire();
        let inside = inside.unwrap();
        let call = Deadline::after(ms(20)).scope(async { takes(ms(20), waits) });
        assert!(is_full(&call.await));
        drop(inside);
        assert_eq!(waits(), Ok(0));
    });
}

#[test]
fn by_hand_too() {
    paused(async || {
        let policy = BulkheadPolicy::new().max(1).queue(1).wait(ms(20));
        let bulkhead = resil::bulkhead("blocking-paused-by-hand");
        assert!(bulkhead.configure(policy));
        let _inside = bulkhead.try_acquire().unwrap();
        assert!(takes(ms(20), || bulkhead.acquire_blocking()).is_err());
    });
}

#[test]
fn a_key_is_waited_for_to_the_deadline_and_to_the_end_of_a_dead_lease() {
    #[idempotent(key = id, name = "blocking-paused-key", lease = 60ms)]
    async fn stands_still(id: u32) -> Result<u32, Fault> {
        std::future::pending().await
    }
    #[idempotent(key = id, name = "blocking-paused-key", lease = 60ms)]
    fn waits(id: u32) -> Result<u32, Fault> {
        Ok(id)
    }
    paused(async || {
        let mut owner = std::pin::pin!(stands_still(1));
        assert!(support::poll_once(owner.as_mut()).await.is_pending());
        let call = Deadline::after(ms(20)).scope(async { takes(ms(20), || waits(1)) });
        assert!(matches!(
            call.await,
            Err(Fault::Resil(Error::Idempotency(_)))
        ));
        // The owner's task is not polled, so nothing renews its lease.
        assert_eq!(takes(ms(60), || waits(1)), Ok(1));
    });
}

#[test]
fn turns_are_slept_for_while_the_clock_of_the_rate_limit_stands_still() {
    #[rate_limit(max = 1, per = 20ms, burst = 1, wait = 50ms)]
    fn in_turn() -> Result<u32, Fault> {
        Ok(0)
    }
    paused(async || {
        assert_eq!(in_turn(), Ok(0));
        // No time has passed for the rate limit after the first of these.
        assert_eq!(takes(ms(20), in_turn), Ok(0));
        assert_eq!(takes(ms(40), in_turn), Ok(0));
        assert!(matches!(
            in_turn(),
            Err(Fault::Resil(Error::RateLimited { retry_after: Some(after), .. })) if after == ms(60)
        ));
        tokio::time::advance(ms(60)).await;
        assert_eq!(in_turn(), Ok(0));
    });
}

//! Functions that are not async: their waits block a thread, and end as well. In real time: the waits would
//! take hours.

use std::thread;

use resil::{bulkhead, idempotent, rate_limit, retry};

use super::*;

/// Runs `call` on a thread in a scope, whose token is cancelled once the call waits.
fn on_a_thread<R: Send + 'static>(call: impl FnOnce() -> R + Send + 'static) -> R {
    let token = CancellationToken::new();
    let scoped = cancel_scope(token.clone(), async move { call() });
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(scoped)
    });
    thread::sleep(ms(30));
    assert!(!thread.is_finished(), "it waits");
    token.cancel();
    thread.join().unwrap()
}

#[test]
fn a_sleep_ends_with_the_last_error() {
    #[retry(constant, max = 9, base = 1h, cap = 1h, jitter = none)]
    fn f() -> Result<u32, Fault> {
        Err(Fault::Network(1))
    }
    assert_eq!(on_a_thread(f), Err(Fault::Network(1)));
}

#[test]
fn the_wait_in_a_queue_ends() {
    #[bulkhead(name = "cancel-block-queue", max = 1, queue = 9)]
    fn f() -> Result<u32, Fault> {
        Ok(1)
    }
    assert_eq!(f(), Ok(1));
    let place = resil::bulkhead("cancel-block-queue").try_acquire().unwrap();
    assert!(is_cancelled(&on_a_thread(f)));
    let by_hand = on_a_thread(|| {
        resil::bulkhead("cancel-block-queue")
            .acquire_blocking()
            .map(drop)
    });
    assert_eq!(by_hand, Err(Error::Cancelled));
    assert_eq!(resil::bulkhead("cancel-block-queue").waiting(), 0);
    drop(place);
    assert_eq!(f(), Ok(1));
}

#[test]
fn the_wait_for_a_turn_ends() {
    #[rate_limit(name = "cancel-block-turn", max = 1, per = 1h, burst = 1, wait = 10h)]
    fn f() -> Result<u32, Fault> {
        Ok(1)
    }
    assert_eq!(f(), Ok(1));
    assert!(is_cancelled(&on_a_thread(f)));
    let by_hand = on_a_thread(|| resil::rate_limit("cancel-block-turn").blocking_acquire(1));
    assert_eq!(by_hand, Err(Error::Cancelled));
}

#[test]
fn the_wait_for_a_key_ends() {
    #[idempotent(key = n)]
    fn f(n: u32, token: CancellationToken) -> Result<u32, Fault> {
        while !token.is_cancelled() {
            thread::sleep(ms(1));
        }
        Ok(1)
    }
    let ends = CancellationToken::new();
    let (owner, waiter) = (ends.clone(), ends.clone());
    let owner = thread::spawn(move || f(1, owner));
    thread::sleep(ms(30));
    assert!(is_cancelled(&on_a_thread(move || f(1, waiter))));
    ends.cancel();
    assert_eq!(owner.join().unwrap(), Ok(1));
}

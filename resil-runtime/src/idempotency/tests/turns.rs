//! Whose turn it is when the key is free again.

use std::cell::Cell;
use std::pin::pin;

use super::*;
use crate::clock::now;

#[tokio::test(start_paused = true)]
async fn a_forgotten_error_lets_the_next_waiter_run_and_the_others_wait() {
    let store = store();
    let runs = Cell::new(0);
    let one = async || {
        let nth = async {
            runs.set(runs.get() + 1);
            let nth = runs.get();
            sleep(Duration::from_secs(1)).await;
            if nth < 3 {
                Err(ShopError::Declined)
            } else {
                Ok(nth)
            }
        };
        call(store, &PLAIN, key("a"), nth).await
    };
    let t = now();
    let all = tokio::join!(one(), one(), one(), one(), one());
    let declined = Err(ShopError::Declined);
    let expected = (declined.clone(), declined, Ok(3), Ok(3), Ok(3));
    assert_eq!(all, expected);
    // One after the other, never two at a time.
    assert_eq!((now() - t).as_secs(), 3);
    assert_eq!(runs.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn d17_a_waiter_that_is_dropped_or_not_polled_holds_up_no_other() {
    for dropped in [true, false] {
        let store = store();
        let fails = async {
            sleep(Duration::from_secs(1)).await;
            Err(ShopError::Declined)
        };
        let mut owner = Box::pin(call::<u8>(store, &PLAIN, key("a"), fails));
        begin_to_run(owner.as_mut()).await;
        let mut idle = Vec::new();
        for _ in 0..3 {
            idle.push(Box::pin(call(store, &PLAIN, key("a"), async { Ok(1u8) })));
        }
        for waiter in &mut idle {
            begin_to_run(waiter.as_mut()).await;
        }
        let mut last = pin!(call(store, &PLAIN, key("a"), async { Ok(2u8) }));
        begin_to_run(last.as_mut()).await;
        let t = now();
        assert!(owner.await.is_err());
        // The first ones were called now, and are not polled any more.
        if dropped {
            idle.clear();
        }
        assert_eq!(last.await, Ok(2));
        assert!(now() - t < Duration::from_millis(1_050), "{:?}", now() - t);
        for waiter in idle {
            assert_eq!(waiter.await, Ok(2));
        }
        assert!(store.waiters.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn d17_waiters_are_called_in_their_order() {
    let store = store();
    let order = Cell::new(0u32);
    let one = async |n: u32| {
        let body = async {
            sleep(Duration::from_secs(1)).await;
            order.set(order.get() * 10 + n);
            Err(ShopError::Declined)
        };
        call::<u8>(store, &PLAIN, key("a"), body).await
    };
    let _ = tokio::join!(one(1), one(2), one(3), one(4));
    assert_eq!(order.get(), 1_234);
}

#[tokio::test(start_paused = true)]
async fn d17_waiters_that_are_not_polled_hold_up_none_of_many_turns() {
    let store = store();
    let runs = Cell::new(0u32);
    let one = || {
        let body = async {
            sleep(Duration::from_secs(1)).await;
            runs.set(runs.get() + 1);
            Err(ShopError::Declined)
        };
        Box::pin(call::<u32>(store, &PLAIN, key("a"), body))
    };
    let mut owner = one();
    begin_to_run(owner.as_mut()).await;
    // One that is polled stands behind each one that is not.
    let (mut idle, mut live) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let (mut a, mut b) = (one(), one());
        begin_to_run(a.as_mut()).await;
        begin_to_run(b.as_mut()).await;
        idle.push(a);
        live.push(b);
    }
    let t = now();
    assert!(owner.await.is_err());
    std::future::poll_fn(|cx| {
        live.retain_mut(|call| call.as_mut().poll(cx).is_pending());
        if live.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    assert_eq!(runs.get(), 9);
    assert!(now() - t < Duration::from_millis(9_100), "{:?}", now() - t);
    drop(idle);
    assert!(store.waiters.is_empty());
}
